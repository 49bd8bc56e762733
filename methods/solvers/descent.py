"""Gradient descent on the merit: the plainest way to solve a recurrence as an optimisation problem, kept as a control.

A trajectory is where the merit 𝓜 = ½ Σ_t |r_t|², r_t = z_t − F_t(z_{t−1}), is zero. Newton goes there with all Jacobians at once,
which takes a scan. Descent goes down the gradient, for which a state needs its own residual and the next one alone:

    z'_t = z_t − η (r_t − J_{t+1}ᵀ r_{t+1}),      r_{T+1} = 0

Work O(T) pulls and memory O(T M) per iteration, depth 1. Gonzalez et al. 2025, arXiv:2508.16817, compare it with Newton.
"""

import dataclasses
from typing import ClassVar

import jax.numpy as jnp

from methods.forcing import Forcing
from methods.predictability import laws
from methods.predictability.outlook import Outlook
from methods.problem import Evaluation, Problem
from methods.solvers.base import Iterative
from references import Reference
from references.papers import PREDICTABILITY
from settings import Count, Positive


@dataclasses.dataclass(frozen=True)
class MeritDescent(Iterative):
    """One step down the gradient of the merit per iteration. Errors shrink by 1 − η μ at most, μ the smallest eigenvalue of 𝒥ᵀ𝒥.

    μ is small wherever the map forgets slowly (𝒥 = ∂r/∂z), so it takes many iterations where Newton takes a few, and no prefix
    ever becomes exact. It needs η < 2 / (1 + max ‖J‖)², or it diverges. A map may contract although ‖J‖ is large at single steps:
    contraction alone promises nothing.
    """

    references: ClassVar[tuple[Reference, ...]] = (PREDICTABILITY,)
    contraction_suffices: ClassVar[bool] = False

    # η. The paper takes 0.25 for its mean-field network, but 0.6 at gain 0.5 and 0.5 at gain 0.6, where ‖J‖ is smaller.
    step_size: Positive = 0.25
    max_iterations: Count = 10_000

    def expected(self, outlook: Outlook, accuracy) -> laws.Forecast:
        return laws.descending(outlook, accuracy, self.step_size)

    def update(self, problem: Problem, at: Evaluation):
        pulled = problem.step.pull(at.pattern, at.residual)  # row t: J_tᵀ r_t, which belongs to z_{t−1}
        return at.states - self.step_size * (at.residual - jnp.concatenate([pulled[1:], jnp.zeros_like(pulled[:1])]))


METHODS = {
    "merit-descent": dict(
        solver=MeritDescent(),
        forcing=Forcing("none"),
        summary="gradient descent on the merit, the sum of all squared residuals, without forcing",
    ),
    "gtf-merit-descent": dict(
        solver=MeritDescent(),
        forcing=Forcing("projected"),
        summary="gradient descent on the merit under generalised teacher forcing",
    ),
}
