"""Quasi-DEER with the diagonal of J estimated by products with random signs, for maps that do not give it cheaply.

By autodiff the exact diagonal takes M products with J. The estimate takes q, the number of probes v:

    diag J ≈ mean over q probes of v ⊙ (J v),   v uniform in {−1, 1}^M, drawn anew for every time step and iteration

Hutchinson 1989; in quasi-DEER: Zoltowski et al. 2025, arXiv:2508.18413.
"""

import dataclasses
from typing import ClassVar

import jax
import jax.numpy as jnp
import jax.random as jr

from methods.forcing import Forcing
from methods.linear import across, recurrence
from methods.problem import Evaluation, Problem
from methods.solvers.stretched import Stretched
from references import Reference
from references.papers import GONZALEZ2024, HESS2026
from settings import Count, Natural

ZOLTOWSKI2025 = Reference(
    key="zoltowski2025",
    kind="misc",
    author=("David M. Zoltowski", "Skyler Wu", "Xavier Gonzalez", "Leo Kozachkov", "Scott W. Linderman"),
    title="Parallelizing MCMC Across the Sequence Length",
    year=2025,
    eprint="2508.18413",
)
HUTCHINSON1989 = Reference(
    key="hutchinson1989",
    kind="article",
    author=("M. F. Hutchinson",),
    title="A stochastic estimator of the trace of the influence matrix for Laplacian smoothing splines",
    journal="Communications in Statistics – Simulation and Computation",
    volume="18",
    number="3",
    year=1989,
)


@dataclasses.dataclass(frozen=True)
class Hutchinson(Stretched):
    """One `push` per probe and one diagonal scan per iteration: work O(T q c) with c the work of J v, memory O(T M).

    The variance of an entry is Σ_{j≠i} J_ij² / q. Probes are drawn anew in every iteration, so that a bad draw spoils only one.
    The sequences of a batch share their probes, so that each is solved as if it were alone. Repeating a call repeats its bits.
    Each of several devices draws for its own stretch of time, so that other draws are made than on one.
    """

    references: ClassVar[tuple[Reference, ...]] = (ZOLTOWSKI2025, GONZALEZ2024, HUTCHINSON1989)
    prefix_exact: ClassVar[bool] = True

    max_iterations: Count = 1000
    probes: Count = 1  # q
    probe_seed: Natural = 0
    scan: recurrence.Scan = "auto"

    def begin(self, problem: Problem, at: Evaluation):
        return jnp.zeros(at.states.shape[1:-1], jnp.int32)  # iterations done, which number the draws

    def advance(self, problem: Problem, at: Evaluation, carried):
        key = jr.fold_in(jr.key(self.probe_seed), carried.max())
        if problem.stretch.shared:
            key = jr.fold_in(key, problem.stretch.devices.place())
        G = self.diagonal(problem, at, key)
        states = at.states + self._correction(problem, G, at)
        return problem.evaluate(states), carried + 1

    def _correction(self, problem: Problem, G, at: Evaluation):
        if problem.stretch.shared:
            return across.solve(lambda G: G, recurrence.apply, G, -at.residual, self.scan, problem.stretch.devices)[0]
        return recurrence.solve(G, -at.residual, scan=self.scan)

    def diagonal(self, problem: Problem, at: Evaluation, key):
        """The estimated diagonals `(T, ..., M)`."""
        T, M = at.states.shape[0], at.states.shape[-1]
        shared = (T, *[1] * (at.states.ndim - 2), M)

        def add(total, key):
            v = jnp.broadcast_to(jr.rademacher(key, shared, at.states.dtype), at.states.shape)
            return total + v * problem.step.push(at.pattern, v), None

        return jax.lax.scan(add, jnp.zeros_like(at.states), jr.split(key, self.probes))[0] / self.probes


METHODS = {
    "gtf-quasi-deer-hutchinson": dict(
        solver=Hutchinson(),
        forcing=Forcing("projected"),
        source=(HESS2026,),
        summary="gtf-quasi-deer with diagonals estimated from products with random signs",
    )
}
