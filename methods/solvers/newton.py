"""Newton's method on the whole trajectory: DEER, quasi-DEER and their forced forms.

A non-linear recurrence has to be computed step by step; a linear one need not (`linear.recurrence`). So Newton linearises all T
steps at the present iterate z, and solves the linear recurrence that results for the next iterate z':

    z'_t = F_t(z_{t−1}) + G_t (z'_{t−1} − z_{t−1}),      z'_0 = z_0

G_t = J_t, the full Jacobian of F_t at z_{t−1}, is Newton (DEER, Lim et al. 2024, arXiv:2309.12252); its diagonal is quasi-DEER
(Gonzalez et al. 2024, arXiv:2407.19115). Under generalised teacher forcing F is the forced map (GTF-DEER, Hess et al. 2026,
arXiv:2605.12683). After i iterations the first i states are exact, so T iterations always suffice in exact arithmetic.
"""

import dataclasses
from typing import ClassVar, Literal

import jax.numpy as jnp
from jax import lax

from methods.forcing import Forcing
from methods.linear import across, recurrence
from methods.models.low_rank import LowRankShape
from methods.predictability import laws
from methods.predictability.outlook import Outlook
from methods.problem import Evaluation, Problem
from methods.solvers.stretched import Stretched
from references import Reference
from references.papers import GONZALEZ2024, HESS2026, LIM2024

LARGEST_POWER = 4  # of a state that a map may take without leaving the range of numbers


@dataclasses.dataclass(frozen=True)
class Newton(Stretched):
    """One parallel scan per iteration. With full Jacobians work O(T M³) and memory O(T M²), depth O(log T); diagonal O(T M).

    With a sequential scan the full form never builds a Jacobian: it pushes one vector through the linearised map. On several
    devices each has its share of work and memory; see `Stretched` for what they exchange, beside one all-gather of M² + M
    numbers per iteration (full) or 2 M (diagonal).
    """

    prefix_exact: ClassVar[bool] = True

    jacobian: Literal["full", "diagonal"] = "full"
    scan: recurrence.Scan = "auto"
    # A state that is not finite, or so large that powers of it would not be, starts again from the guess. Where a recurrence
    # expands, the end of a long iterate leaves the range of numbers; without this that is `diverged`, however good its beginning.
    # Not for maps that saturate: these return from any state at once, and to start anew costs them updates (9 become 45 once).
    reset: bool = False

    @property
    def references(self) -> tuple[Reference, ...]:
        """The paper of DEER, or that of quasi-DEER."""
        return (GONZALEZ2024,) if self.jacobian == "diagonal" else (LIM2024,)

    def expected(self, outlook: Outlook, accuracy) -> laws.Forecast:
        law = laws.quadratic if self.jacobian == "full" else laws.diagonal
        return law(outlook, outlook.left(self.first), accuracy)

    def begin(self, problem: Problem, at: Evaluation):
        return jnp.moveaxis(at.states, 0, -2) if self.reset else ()

    def advance(self, problem: Problem, at: Evaluation, carried):
        if not self.reset:
            return super().advance(problem, at, carried)
        states = self.update(problem, at)
        fits = jnp.abs(states) <= jnp.finfo(states.dtype).max ** (1 / LARGEST_POWER)  # which NaN does not
        return problem.evaluate(jnp.where(fits, states, jnp.moveaxis(carried, -2, 0))), carried

    def update(self, problem: Problem, at: Evaluation):
        diagonal, step = self.jacobian == "diagonal", problem.step
        if problem.stretch.shared:
            devices, form = problem.stretch.devices, step.diagonal if diagonal else step.dense
            act = recurrence.apply if diagonal else step.push
            return at.states + across.solve(form, act, at.pattern, -at.residual, self.scan, devices)[0]
        scan = recurrence.choose(self.scan, at.states, diagonal=diagonal)
        if scan == "sequential" and not diagonal:
            return _pushed_through(problem, at)
        if scan in recurrence.CHUNKED and not diagonal:
            return at.states + recurrence.chunked(step.dense, at.pattern, -at.residual, scan)
        G = step.diagonal(at.pattern) if diagonal else step.dense(at.pattern)
        return at.states + recurrence.solve(G, -at.residual, scan=scan)


def _pushed_through(problem: Problem, at: Evaluation):
    """The next iterate step by step: the correction z' − z is pushed through the linearised map."""

    def step(correction, element):
        states, image, pattern = element
        after = image + problem.step.push(pattern, correction)
        return after - states, after

    return lax.scan(step, jnp.zeros_like(problem.z0), at)[1]


METHODS = {
    "low-rank": dict(
        solver=Newton(),
        forcing=Forcing("projected"),
        model=LowRankShape(),
        summary="gtf-deer for a shPLRNN of rank N + extra_rank",
    ),
    "deer": dict(
        solver=Newton(),
        forcing=Forcing("none"),
        summary="Newton on all time steps at once with full Jacobians, without forcing",
    ),
    "gtf-deer": dict(
        solver=Newton(),
        forcing=Forcing("projected"),
        source=(HESS2026,),
        summary="Newton with full Jacobians under generalised teacher forcing: a few updates are enough",
    ),
    "quasi-deer": dict(
        solver=Newton(jacobian="diagonal"),
        forcing=Forcing("none"),
        summary="Newton with the diagonals of the Jacobians alone, cheaper by the update, without forcing",
    ),
    "gtf-quasi-deer": dict(
        solver=Newton(jacobian="diagonal"),
        forcing=Forcing("projected"),
        source=(HESS2026,),
        summary="Newton with the diagonals of the Jacobians alone, under generalised teacher forcing",
    ),
}
