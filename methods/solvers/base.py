"""What all solvers share: one loop, one stopping rule, one honest status.

Solvers can only be compared if they stop by one rule and report by one status, so neither is theirs to choose. An iterative
solver is a frozen dataclass of settings with one method,

    update(problem, at) -> states          the next iterate, from an `Evaluation` of the present one

and nothing else. `iterate` does the rest: it counts, stops, leaves sequences that have stopped as they are, and spots divergence.
A solver that carries something from iteration to iteration (a damping, a key) gives `begin` and `advance` in place of `update`.
"""

import dataclasses
from typing import Any, ClassVar, Literal, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Int

from methods import adjoint
from methods.layout import compaction
from methods.predictability import laws
from methods.predictability.laws import Forecast
from methods.predictability.outlook import Outlook
from methods.problem import Evaluation, Map, Problem, merit
from methods.problem.solution import (
    CONVERGED,
    DIVERGED,
    NOT_CONVERGED,
    History,
    Solution,
    always,
    by_size,
    from_where_it_broke,
    largest,
    over_time,
    own_size,
)
from methods.problem.solution import default_tolerance as default_tolerance
from methods.problem.stretch import ALL, Stretch
from methods.solvers.foresight import Foresees
from references import Reference
from settings import Count, NonNegative, Positive


@dataclasses.dataclass(frozen=True)
class Solver(Foresees):
    """Solves a `Problem` from a first guess `(T, ..., M)`."""

    # The papers that the algorithm is from; going step by step needs none.
    references: ClassVar[tuple[Reference, ...]] = ()

    # What theory promises; the laws in `bench.conformance` hold a solver to it.
    prefix_exact: ClassVar[bool] = False  # after i iterations the first i states are exact, so that T iterations suffice
    contraction_suffices: ClassVar[bool] = True  # it converges wherever the map contracts, however long the sequence
    # What it needs.
    uses_guess: ClassVar[bool] = True  # it starts from a first guess
    uses_coarse: ClassVar[bool] = False  # it wants `Problem.coarse`, what the map is made of

    solves: ClassVar[type] = Map  # the kind of map it can solve; most take any
    stepwise_adjoint: ClassVar[bool] = False  # `adjoint_scan` "auto" means step by step, whatever suits the device
    uses_adjoint: ClassVar[bool] = True  # its gradient is that of `methods.adjoint`, else plain autodiff

    @property
    def counts_prefixes(self) -> bool:
        """Whether its first t states never depend on later steps, so that `predictability.prefix_updates` counts for each t."""
        return False

    @property
    def stepwise(self) -> "Solver | None":
        """The solver that goes step by step, with which this one must agree; None: the sequential scan."""
        return None

    def evaluate(self, backwards: adjoint.Adjoint, problem: Problem, guess) -> Solution:
        """`solve`, differentiable in the problem by the adjoint that is asked for."""
        return adjoint.solve(self, backwards, problem, guess) if self.uses_adjoint else self.solve(problem, guess)

    def cotangents(self, pull_back, adjoint, problem, choice):
        """The cotangents of a solved problem, by the adjoint that goes with this solver.

        pull_back  `pull_back(adjoint)` gives them
        adjoint    the settings that the user has asked for
        problem    that has been solved
        choice     `Solution.choice`
        """
        if adjoint.adjoint_scan == "auto" and self.stepwise_adjoint:
            adjoint = dataclasses.replace(adjoint, adjoint_scan="sequential", devices=1)
        return pull_back(adjoint)

    def phases(self, method) -> dict:
        """What is timed, by the name of the phase: a function of (params, x), for "update" of (state, x).

        Functions that do not run in jax are `methods.torch_mamba.foreign.Foreign`.
        """
        return {"forward": method.solve, "gradient": jax.value_and_grad(method.loss, has_aux=True), "update": method.update}

    def solve(self, problem: Problem, guess) -> Solution:
        """The trajectory of the problem, found from the first guess."""
        raise TypeError(f"{type(self).__name__} must define solve(problem, guess), or be an Iterative with update(problem, at).")


@dataclasses.dataclass(frozen=True)
class Iterative(Solver):
    """A solver that repeats `update` until the residual `r_t = z_t - F_t(z_{t-1})` is small.

    A sequence has converged when all its states are finite and the rule is met, with z' the next iterate:

    residual   |r_t| <= tolerance max(1, |z_t|) at every step
    absolute   max |r_t| <= tolerance
    merit      𝓜 / T <= tolerance, `methods.problem.merit`           (Gonzalez et al. 2025, arXiv:2508.16817)
    increment  stop once all |z' - z| <= atol + rtol |z'|, then `residual` decides the status. The iteration that shows no
               change is counted, as in the front end of Lim et al. 2024, arXiv:2309.12252.
    """

    # The map once to look ahead and once for the update, each with a product: twice what an update takes at each step.
    looks_at: ClassVar[float] = 0.5

    tolerance: Positive | None = None  # None: 1e-6 in float32, 1e-10 in float64
    max_iterations: Count = 100
    rule: Literal["residual", "absolute", "merit", "increment"] = "residual"
    # (atol, rtol) of `increment`. None: (1e-4, 1e-3) in float32, (1e-6, 1e-4) in float64.
    increment_tolerance: tuple[NonNegative, NonNegative] | None = None
    history: bool = False  # keep the residual after every iteration, and by how much it changed the states

    @property
    def counts_prefixes(self) -> bool:
        return self.prefix_exact

    def sees(self, problem: Problem) -> Problem:
        """The problem in the form that `update` is given."""
        return problem

    def update(self, problem: Problem, at: Evaluation):
        """The next iterate `(T, ..., M)`."""
        raise TypeError(f"{type(self).__name__} must define update(problem, at).")

    def begin(self, problem: Problem, at: Evaluation) -> Any:
        """What is carried into the first `advance`: a pytree with the batch axes, if any, in front of every leaf."""
        return ()

    def advance(self, problem: Problem, at: Evaluation, carried) -> tuple[Evaluation, Any]:
        """The next iterate, evaluated, and what is carried into the next `advance`."""
        return problem.evaluate(self.update(problem, at)), carried

    def foresee(self, problem: Problem, guess) -> Forecast:
        forecast = super().foresee(problem, guess)
        if self.rule == "increment":  # which makes one update more, to see that nothing changes
            forecast = Forecast(*(each + 1 for each in forecast))
        return forecast

    def expected(self, outlook: Outlook, accuracy) -> Forecast:
        return laws.linear(outlook, outlook.left(self.first), accuracy)

    def first(self, problem: Problem, at: Evaluation):
        """The first iterate `(T, ..., M)` after a guess."""
        if type(self).update is not Iterative.update:
            return self.update(problem, at)
        return self.advance(problem, at, self.begin(problem, at))[0].states

    def accuracy(self, dtype) -> float:
        if self.rule == "merit":
            return (2 * (1e-10 if self.tolerance is None else self.tolerance)) ** 0.5
        return super().accuracy(dtype)

    def solve(self, problem: Problem, guess) -> Solution:
        return iterate(self, problem, guess)

    def meets(self, at: Evaluation, stretch: Stretch = ALL):
        """Whether each sequence meets the rule at the steps at hand. One with NaN never does, as NaN compares false."""
        if self.rule == "merit":
            return stretch.mean(merit(at.residual), at.states) <= self._merit_tolerance
        error = largest(at.residual) if self.rule == "absolute" else by_size(at.residual, at.states)
        return error <= default_tolerance(self.tolerance, at.states.dtype)

    def meets_each(self, at: Evaluation):
        """Whether the first t steps alone meet the rule, for each t, `(T, ...)`. From the first NaN on none does."""
        size = jnp.abs(at.residual).max(-1)
        if self.rule == "merit":
            steps = jnp.arange(1, len(size) + 1, dtype=size.dtype).reshape(-1, *[1] * (size.ndim - 1))
            return jnp.cumsum(0.5 * (at.residual**2).sum(-1), axis=0) / steps <= self._merit_tolerance
        error = size if self.rule == "absolute" else size / own_size(at.states)
        whole = jnp.isfinite(at.residual).all(-1)  # XLA's own maximum may pass over NaN
        return always(whole & (error <= default_tolerance(self.tolerance, at.states.dtype)))

    @property
    def _merit_tolerance(self) -> float:
        return 1e-10 if self.tolerance is None else self.tolerance

    def status(self, at: Evaluation, stretch: Stretch = ALL):
        """The status of each sequence, as a code, if `at` is where it stops."""
        whole, met = stretch.all(finite(at), self.meets(at, stretch))
        return jnp.where(whole, jnp.where(met, CONVERGED, NOT_CONVERGED), DIVERGED)

    def stalls(self, before, after):
        """Whether an iteration changed each sequence by no more than the increment tolerance."""
        return self._unchanged(before, after).all((0, -1))

    def stalls_each(self, before, after):
        """Whether an iteration changed the first t states by no more than that, for each t, `(T, ...)`."""
        return always(self._unchanged(before, after).all(-1))

    def _unchanged(self, before, after):
        double = after.dtype == jnp.float64
        atol, rtol = self.increment_tolerance or ((1e-6, 1e-4) if double else (1e-4, 1e-3))
        return jnp.abs(after - before) <= atol + rtol * jnp.abs(after)


def finite(at: Evaluation):
    """Whether all residuals of each sequence are finite."""
    return jnp.isfinite(at.residual).all((0, -1))


class _Progress(NamedTuple):
    """What the loop carries. `carried` has the batch axis in front, an `Evaluation` and a `History` have it second."""

    at: Evaluation
    carried: Any
    running: Bool[Array, "..."]
    updates: Int[Array, "..."]  # iterations of each sequence
    history: History | None


_AXES = Problem(step=None, z0=0, inputs=1, stretch=None), _Progress(at=1, carried=0, running=0, updates=0, history=1)


def iterate(solver: Iterative, problem: Problem, guess) -> Solution:
    """Iterate until every sequence has stopped, by the rule, by divergence or at the cap.

    A sequence that has stopped keeps its states and its count, and is soon left behind, so that it costs nothing more.
    """
    increments, stretch = solver.rule == "increment", problem.stretch

    def going(progress: _Progress):
        return progress.running.any() & (progress.updates.max() < solver.max_iterations)

    def advance(problem: Problem, progress: _Progress):
        before, running = progress.at, progress.running
        at, carried = solver.advance(problem, before, progress.carried)
        stalled = solver.stalls(before.states, at.states)
        if running.size > 1:  # a single sequence still runs, or the loop would have ended
            at = jax.tree.map(lambda new, old: jnp.where(over_time(running, new), new, old), at, before)
        updates = progress.updates + running
        done = stalled if increments else solver.meets(at, stretch)
        goes_on = stretch.goes_on(running & ~done, finite(at))
        history = progress.history
        if history is not None:
            history = history.record(updates.max(), running, at, at.states - before.states, stretch)
        return _Progress(at, carried, goes_on, updates, history)

    at = problem.evaluate(guess)
    batch = guess.shape[1:-1]
    history = History.start(solver.max_iterations, at, stretch) if solver.history else None
    done = jnp.zeros(batch, bool) if increments else solver.meets(at, stretch)
    carried, running = solver.begin(problem, at), stretch.goes_on(~done, finite(at))
    start = _Progress(at, carried, running, jnp.zeros(batch, jnp.int32), history)
    at, _, _, updates, history = compaction.loop(going, advance, problem, start, _AXES)
    code = solver.status(at, stretch)
    states = from_where_it_broke(at.states, at.residual, code, stretch)
    return Solution(states, updates, updates + 1, stretch.largest(largest(at.residual)), code, history)
