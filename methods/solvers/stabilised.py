"""Newton with smaller Jacobians or shorter steps, where the plain update overshoots: scaled, clipped, relaxed.

A Newton correction is carried along the sequence by products of Jacobians. Where these expand, it grows until the next iterate is
useless. Three remedies, which can be combined, with `Newton.reset` too:

    scaled    G = (1 − k) J
    clipped   G = J min(1, c/‖J‖) for full Jacobians, every entry cut to [−c, c] for diagonal ones
    relaxed   z + ω (z' − z) in place of z'

None of them changes the fixed point; convergence is linear in place of quadratic. Without relaxation the first i states are still
exact after i iterations. Scaling and clipping of quasi-DEER: Gonzalez et al. 2024, arXiv:2407.19115.
"""

import dataclasses
import math
from typing import Any

import jax
import jax.numpy as jnp

from methods.forcing import Forcing
from methods.predictability import laws
from methods.predictability.outlook import Outlook
from methods.problem import Evaluation, Map, Problem
from methods.solvers.newton import Newton
from references import Reference
from references.papers import GONZALEZ2024, HESS2026
from settings import Fraction, Limit, RelaxationFactor


@dataclasses.dataclass(frozen=True)
class Stabilised(Newton):
    """Newton with bounded corrections. Work and memory are Newton's, but clipping builds full Jacobians whatever the scan."""

    scale_down: Fraction = 0.0  # k, 0 … 1
    clip: Limit = math.inf  # c
    relaxation: RelaxationFactor = 1.0  # ω

    @property
    def references(self) -> tuple[Reference, ...]:
        return (GONZALEZ2024, *super().references)

    @property
    def prefix_exact(self) -> bool:
        return self.relaxation == 1

    def expected(self, outlook: Outlook, accuracy) -> laws.Forecast:
        return laws.linear(outlook, outlook.left(self.first), accuracy)

    def update(self, problem: Problem, at: Evaluation):
        factor = jnp.full(at.states.shape[:-1], 1 - self.scale_down, at.states.dtype)
        if self.jacobian == "full" and self.clip < math.inf:
            norm = norm_bound(problem.step.dense(at.pattern))
            factor = factor * jnp.where(norm > self.clip, self.clip / norm, 1)
        step = _Scaled(problem.step, self.clip)
        states = super().update(problem._replace(step=step), at._replace(pattern=(at.pattern, factor)))
        return states if self.relaxation == 1 else at.states + self.relaxation * (states - at.states)


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class _Scaled(Map):
    """A map whose Jacobians are scaled down: its pattern is that of the map and a factor per time step."""

    step: Any  # a Map
    clip: float = dataclasses.field(metadata={"static": True})  # of the diagonal

    def push(self, pattern, v):
        inner, factor = pattern
        return factor[..., None] * self.step.push(inner, v)

    def dense(self, pattern):
        inner, factor = pattern
        return factor[..., None, None] * self.step.dense(inner)

    def diagonal(self, pattern):
        inner, factor = pattern
        return factor[..., None] * jnp.clip(self.step.diagonal(inner), -self.clip, self.clip)


def norm_bound(J):
    """An upper bound of the spectral norm, at most √M times too large: the smaller of the Frobenius norm and √(‖J‖₁ ‖J‖_∞).

    O(M²). The first is sharp for rank one, the second for diagonal matrices and permutations, and so near the identity.
    """
    size = jnp.abs(J)
    mixed = jnp.sqrt(size.sum(-1).max(-1) * size.sum(-2).max(-1))
    return jnp.minimum(jnp.sqrt((size**2).sum((-1, -2))), mixed)


METHODS = {
    "gtf-deer-damped": dict(
        solver=Stabilised(scale_down=0.1),
        forcing=Forcing("projected"),
        source=(HESS2026,),
        summary="gtf-deer with Jacobians scaled down, against updates that overshoot",
    ),
    "gtf-deer-clipped": dict(
        solver=Stabilised(clip=1.0),
        forcing=Forcing("projected"),
        source=(HESS2026,),
        summary="gtf-deer with Jacobians cut to a largest norm, against updates that overshoot",
    ),
    "gtf-quasi-deer-clipped": dict(
        solver=Stabilised(jacobian="diagonal", clip=1.0),
        forcing=Forcing("projected"),
        source=(HESS2026,),
        summary="gtf-quasi-deer with the entries of the diagonals cut to a largest size",
    ),
}
