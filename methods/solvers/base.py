"""What all solvers share: one loop, one stopping rule, one honest status.

A solver of the iterative kind is a frozen dataclass with one method,

    update(problem, at) -> states          the next iterate, from an `Evaluation` of the present one

and nothing else: `iterate` owns counting, stopping, freezing finished sequences and spotting divergence.
"""

import dataclasses
from typing import Literal

import jax.numpy as jnp
from jax import lax

from methods.maps import Evaluation, Problem
from methods.solution import CONVERGED, DIVERGED, NOT_CONVERGED, History, Solution, largest


@dataclasses.dataclass(frozen=True)
class Solver:
    """Solves a `Problem` from a first guess `(T, ..., M)`."""

    def solve(self, problem: Problem, guess) -> Solution:
        raise TypeError(f"{type(self).__name__} must define solve(problem, guess), or be an Iterative with update(problem, at).")


@dataclasses.dataclass(frozen=True)
class Iterative(Solver):
    """A solver that repeats `update` until the residual `r_t = z_t - F_t(z_{t-1})` is small.

    rule        converged when every state is finite and, with e = max |r_t|,
      residual  e <= tolerance (1 + max |z_t|)
      absolute  e <= tolerance
      merit     ½ Σ r² / T <= tolerance                              (Gonzalez et al. 2025, arXiv:2508.16817)
      increment all |z' - z| <= atol + rtol |z'|, then `residual` decides the status. The update that shows no change is
                counted, as in the front end of Lim et al. 2024, arXiv:2309.12252.
    """

    tolerance: float | None = None  # None: 1e-6 in float32, 1e-10 in float64
    max_iterations: int = 100
    rule: Literal["residual", "absolute", "merit", "increment"] = "residual"
    increment_tolerance: tuple[float, float] | None = None  # (atol, rtol); None: (1e-4, 1e-3) in float32, (1e-6, 1e-4) in float64
    history: bool = False  # keep the residual and the size of every update

    def update(self, problem: Problem, at: Evaluation):
        """The next iterate `(T, ..., M)`."""
        raise TypeError(f"{type(self).__name__} must define update(problem, at).")

    def solve(self, problem: Problem, guess) -> Solution:
        return iterate(self, problem, guess)

    def meets(self, at: Evaluation):
        """Whether each sequence satisfies the rule; NaN compares false, so it never does."""
        if self.rule == "merit":
            allowed = 1e-10 if self.tolerance is None else self.tolerance
            return 0.5 * (at.residual**2).sum((0, -1)) / at.states.shape[0] <= allowed
        scale = 1 if self.rule == "absolute" else 1 + largest(at.states)
        return largest(at.residual) <= default_tolerance(self.tolerance, at.states.dtype) * scale

    def stalls(self, before, after):
        """Whether an update changed each sequence by no more than the increment tolerance."""
        double = after.dtype == jnp.float64
        atol, rtol = self.increment_tolerance or ((1e-6, 1e-4) if double else (1e-4, 1e-3))
        return (jnp.abs(after - before) <= atol + rtol * jnp.abs(after)).all((0, -1))


def default_tolerance(tolerance: float | None, dtype) -> float:
    """`tolerance`, or what the precision allows."""
    return tolerance if tolerance is not None else 1e-10 if dtype == jnp.float64 else 1e-6


def finite(at: Evaluation):
    return jnp.isfinite(at.residual).all((0, -1))


def iterate(solver: Iterative, problem: Problem, guess) -> Solution:
    """Update until every sequence has stopped; a sequence that has stopped keeps its states and its count."""
    increments = solver.rule == "increment"

    def going(carry):
        _, running, updates, _ = carry
        return running.any() & (updates.max() < solver.max_iterations)

    def body(carry):
        at, running, updates, history = carry
        before = at.states
        after = solver.update(problem, at)
        stalled = solver.stalls(before, after)
        after = jnp.where(running[..., None], after, before)
        at = problem.evaluate(after)
        updates = updates + running
        done = stalled if increments else solver.meets(at)
        if history is not None:
            history = history.record(updates.max(), running, at, after - before)
        return at, running & ~done & finite(at), updates, history

    at = problem.evaluate(guess)
    batch = guess.shape[1:-1]
    history = History.start(solver.max_iterations, at) if solver.history else None
    done = jnp.zeros(batch, bool) if increments else solver.meets(at)
    at, _, updates, history = lax.while_loop(going, body, (at, ~done & finite(at), jnp.zeros(batch, jnp.int32), history))
    code = jnp.where(finite(at), jnp.where(solver.meets(at), CONVERGED, NOT_CONVERGED), DIVERGED)
    return Solution(at.states, updates, updates + 1, largest(at.residual), code, history)
