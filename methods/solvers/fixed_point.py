"""Fixed-point iterations: Newton's iteration with 0 (Jacobi) or the identity (Picard) in place of the Jacobian.

They take more iterations than Newton, but each costs little more than one evaluation of the map at all steps:

    Jacobi   z'_t = F_t(z_{t−1})
    Picard   z'_t = z_0 + Σ_{j≤t} [F_j(z_{j−1}) − z_{j−1}]

Work and memory O(T M) beside that evaluation; depth 1, and O(log T) for Picard's prefix sum. After i iterations the first i
states are exact. Gonzalez et al. 2025, arXiv:2509.21716, write these and Newton as one template.
"""

import dataclasses
from typing import ClassVar

import jax.numpy as jnp

from methods.forcing import Forcing
from methods.linear import across
from methods.predictability import laws
from methods.predictability.outlook import Outlook
from methods.problem import Evaluation, Problem
from methods.solvers.stretched import Stretched
from references import Reference
from settings import Count

GONZALEZ2025 = Reference(
    key="gonzalez2025",
    kind="misc",
    author=(
        *("Xavier Gonzalez", "E. Kelly Buchanan", "Hyun Dong Lee", "Jerry Weihong Liu", "Ke Alexander Wang"),
        *("David M. Zoltowski", "Leo Kozachkov", "Christopher Ré", "Scott W. Linderman"),
    ),
    title="A Unifying Framework for Parallelizing Sequential Models with Linear Dynamical Systems",
    year=2025,
    eprint="2509.21716",
)


@dataclasses.dataclass(frozen=True)
class Jacobi(Stretched):
    """Each state becomes the image of the one before. Errors shrink like Jacobian products: log(tolerance) / λ_f iterations."""

    references: ClassVar[tuple[Reference, ...]] = (GONZALEZ2025,)
    prefix_exact: ClassVar[bool] = True

    looks_at: ClassVar[float] = 0.25  # an update is no more than the map at each step

    max_iterations: Count = 1000

    def expected(self, outlook: Outlook, accuracy) -> laws.Forecast:
        return laws.forgetting(outlook, accuracy)

    def update(self, problem: Problem, at: Evaluation):
        return at.image


@dataclasses.dataclass(frozen=True)
class Picard(Stretched):
    """The sum of all increments: fast where F is close to the identity, as in a finely sampled flow.

    Where it is not, errors grow like T^i ‖J − I‖^i / i! before the exact prefix overtakes them: on a long sequence they can leave
    the range of numbers, which is reported as `diverged`, although the map contracts. On several devices an iteration takes one
    all-gather of M numbers a device, and one collective-permute more than other solvers.
    """

    references: ClassVar[tuple[Reference, ...]] = (GONZALEZ2025,)
    prefix_exact: ClassVar[bool] = True
    contraction_suffices: ClassVar[bool] = False
    looks_at: ClassVar[float] = 0.25

    max_iterations: Count = 1000

    def expected(self, outlook: Outlook, accuracy) -> laws.Forecast:
        return laws.summing(outlook, accuracy)

    def update(self, problem: Problem, at: Evaluation):
        # Not `states − cumsum(residual)`, though equal on paper: rounding errors of wrong, large states would stay in the sum.
        sums = jnp.cumsum(at.image - problem.previous(at.states), axis=0)
        if problem.stretch.shared:
            sums = sums + across.sum_before(problem.stretch.devices, sums[-1])
        return problem.z0 + sums


METHODS = {
    "jacobi": dict(
        solver=Jacobi(),
        forcing=Forcing("projected"),
        summary="each state becomes the image of the one before: no Jacobians, and many cheap updates",
    ),
    "picard": dict(
        solver=Picard(),
        forcing=Forcing("projected"),
        summary="each state becomes the sum of the increments before it, for maps close to the identity",
    ),
}
