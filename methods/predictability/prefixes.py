"""How many updates every shorter recurrence would have taken, counted while the longest of them is solved.

A solver that works its way forward in time, such as Newton, never looks ahead: the first t states of an iterate depend on the
first t steps alone. So the iterates of a recurrence that is cut off after t steps are the first t states of the iterates of the
whole one. One solve then holds the number of updates for every length: a curve of updates against length costs one point of it.

Only the stopping rule looks at all steps. It is asked for each length by itself, and the iteration goes on until every length has
its answer: under the rule `merit` a mean over many good steps may be met while that over the first few is not.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float, Int

from methods.problem import Evaluation, Problem
from methods.problem.solution import History, Solution, always, from_where_it_broke, largest, over_time

NEVER = -1  # in place of a number of updates: the rule is not met within the cap, or a state is not finite


class _Progress(NamedTuple):
    """What the loop carries: the iterate, and where each length, and the whole sequence, has stopped."""

    at: Evaluation
    carried: Any  # of the solver
    update: Int[Array, ""]
    open: Array  # (T, ...), lengths that have not stopped
    counts: Int[Array, "T ..."]
    solved: Evaluation  # the iterate at which the whole sequence stopped
    updates: Int[Array, "..."]
    history: History | None


def prefix_updates(solver, problem: Problem, guess: Float[Array, "T ... M"]) -> tuple[Solution, Int[Array, "T ..."]]:
    """What `solver.solve` gives, and the updates that the first t steps alone take, for t = 1 … T; -1 if they are not solved.

    solver  an `Iterative` with `counts_prefixes`; steps are not shared out among devices, whatever its `devices`

    A length is not solved if it has not met the rule within the solver's cap, or is not finite; NaN at later steps does not touch
    it. Beside what the solver needs, memory is O(T M) for the iterate at which the whole sequence stopped, and O(T) for the
    counts. The time of a call is longer than that of a solve.
    """
    if not solver.counts_prefixes:
        raise ValueError(f"{type(solver).__name__} does not count prefixes: its first states depend on later steps.")
    problem = solver.sees(problem)
    at = problem.evaluate(guess)
    met = jnp.zeros(guess.shape[:-1], bool) if solver.rule == "increment" else solver.meets_each(at)
    start = _Progress(
        at=at,
        carried=solver.begin(problem, at),
        update=jnp.int32(0),
        open=~met & finite_up_to(at),
        counts=jnp.where(met, 0, NEVER).astype(jnp.int32),
        solved=_alone(at),
        updates=jnp.zeros(guess.shape[1:-1], jnp.int32),
        history=History.start(solver.max_iterations, at) if solver.history else None,
    )
    end = lax.while_loop(
        lambda progress: progress.open.any() & (progress.update < solver.max_iterations),
        lambda progress: _advanced(solver, problem, progress),
        start,
    )
    return _solution(solver, end), end.counts


def finite_up_to(at: Evaluation):
    """Whether all residuals of the first t steps are finite, for each t, `(T, ...)`."""
    return always(jnp.isfinite(at.residual).all(-1))


def _advanced(solver, problem: Problem, progress: _Progress) -> _Progress:
    before, running = progress.at, progress.open[-1]
    at, carried = solver.advance(problem, before, progress.carried)
    update = progress.update + 1
    if solver.rule == "increment":
        stopped = solver.stalls_each(before.states, at.states)
        met = stopped & solver.meets_each(at)
    else:
        stopped = met = solver.meets_each(at)
    history = progress.history
    if history is not None:
        history = history.record(update, running, at, at.states - before.states)
    return _Progress(
        at,
        carried,
        update,
        open=progress.open & ~stopped & finite_up_to(at),
        counts=jnp.where(progress.open & met, update, progress.counts),
        solved=jax.tree.map(lambda new, old: jnp.where(over_time(running, new), new, old), _alone(at), progress.solved),
        updates=progress.updates + running,
        history=history,
    )


def _alone(at: Evaluation) -> Evaluation:
    """An iterate without what its linearisation remembers, which nobody asks for once a sequence has stopped."""
    return at._replace(pattern=None)


def _solution(solver, end: _Progress) -> Solution:
    at, code = end.solved, solver.status(end.solved)
    states = from_where_it_broke(at.states, at.residual, code)
    return Solution(states, end.updates, end.updates + 1, largest(at.residual), code, end.history)
