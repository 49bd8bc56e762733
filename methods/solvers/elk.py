"""ELK: Levenberg–Marquardt on the whole trajectory, for guesses from which Newton overshoots out of range.

Where a map expands, a Newton correction grows along the sequence and can leave the range of numbers. Levenberg–Marquardt keeps
corrections small by a price λ on their size. With r_t = z_t − F_t(z_{t−1}) and 𝒥 = ∂r/∂z an iteration adds

    Δ = argmin ½‖r + 𝒥Δ‖² + ½λ‖Δ‖² = −(𝒥ᵀ𝒥 + λ I)⁻¹ 𝒥ᵀ r

which `linear.kalman` finds as the mean of a Kalman smoother; λ → 0 is Newton. Gonzalez et al. 2024, arXiv:2407.19115, whose
released code ends at the mean of the Kalman filter: a different method with the same fixed point, named `filter` here.
"""

import dataclasses
from typing import ClassVar, Literal

import jax
import jax.numpy as jnp

from methods.forcing import Forcing
from methods.linear import kalman, recurrence
from methods.predictability import laws
from methods.predictability.outlook import Outlook
from methods.problem import Evaluation, Problem
from methods.problem.solution import over_time
from methods.solvers.base import Iterative, finite
from methods.solvers.newton import Newton
from references import Reference
from references.papers import GONZALEZ2024
from settings import Count, NonNegative

SARKKA2021 = Reference(  # the parallel smoother
    key="sarkka2021",
    kind="article",
    author=("Simo Särkkä", "Ángel F. García-Fernández"),
    title="Temporal Parallelization of Bayesian Smoothers",
    journal="IEEE Transactions on Automatic Control",
    volume="66",
    number="1",
    year=2021,
    eprint="1905.13002",
)

SMALLEST, LARGEST = 1e-12, 1e12  # λ


@dataclasses.dataclass(frozen=True)
class Elk(Iterative):
    """One parallel Kalman smoother per iteration. Full Jacobians: work O(T M³), memory O(T M²); diagonal (quasi-ELK): O(T M).

    With fixed damping λ it converges linearly, by about λ / (λ + μ) per iteration with μ the smallest eigenvalue of 𝒥ᵀ𝒥, and no
    prefix ever becomes exact. Adaptive damping follows ρ, the fall of the merit 𝓜 = ½ Σ r² divided by the fall that the linear
    model promised. Where ρ < 1e-4, or the new states are not finite, they are refused, λ ← 10 λ, and the iteration counts; where
    ρ > 0.75, λ ← λ/10.

    The merit then never rises, which has a price: where the guess lies in another basin of attraction than the trajectory, 𝒥 is
    nearly singular and the iterates creep, while Newton, if it stays in range, leaps over.
    """

    references: ClassVar[tuple[Reference, ...]] = (GONZALEZ2024, SARKKA2021)

    damping: NonNegative = 1.0  # λ, or the first one
    adaptive: bool = True
    jacobian: Literal["full", "diagonal"] = "full"
    kind: Literal["smoother", "filter"] = "smoother"
    scan: kalman.Scan = "auto"
    max_iterations: Count = 200
    # no `increment`: it would stop at the first iteration whose states are refused, as that changes nothing
    rule: Literal["residual", "absolute", "merit"] = "residual"

    def expected(self, outlook: Outlook, accuracy) -> laws.Forecast:
        if not self.adaptive:
            return laws.linear(outlook, outlook.left(self.first), accuracy)
        undamped = Newton(jacobian=self.jacobian, scan="sequential").expected(outlook, accuracy)
        return laws.later(undamped, laws.to_lose(outlook, accuracy))

    def update(self, problem: Problem, at: Evaluation):
        return at.states + self._correction(self._linear(problem, at), at, self.begin(problem, at))

    def begin(self, problem: Problem, at: Evaluation):
        return jnp.full(at.states.shape[1:-1], self.damping, at.states.dtype)

    def advance(self, problem: Problem, at: Evaluation, damping):
        G = self._linear(problem, at)
        delta = self._correction(G, at, damping)
        tried = problem.evaluate(at.states + delta)
        if not self.adaptive:
            return tried, damping
        fall, foreseen = _falls(G, delta, at, tried)
        accepted = finite(tried) & (fall >= 1e-4 * foreseen)
        good = accepted & (fall > 0.75 * foreseen)
        damping = jnp.where(accepted, jnp.where(good, damping / 10, damping), damping * 10).clip(SMALLEST, LARGEST)
        return jax.tree.map(lambda new, old: jnp.where(over_time(accepted, new), new, old), tried, at), damping

    def _linear(self, problem, at):
        return (problem.step.diagonal if self.jacobian == "diagonal" else problem.step.dense)(at.pattern)

    def _correction(self, G, at, damping):
        filtered = kalman.filtered(G, at.residual, damping, self.scan)
        if self.kind == "filter":
            return filtered.mean
        # undamped, filter and smoother have one mean, but the smoother's w may overflow where the mean does not
        return jnp.where(damping[..., None] > 0, kalman.smoothed(G, filtered, self.scan), filtered.mean)


def _falls(G, delta, at, tried):
    """By how much the merit fell, and by how much the linear model said it would.

    Both are divided by (max |r|)², which cancels in their ratio: squares of large residuals would overflow.
    """
    unit = jnp.abs(at.residual).max((0, -1), keepdims=True)
    before, after = at.residual / unit, tried.residual / unit
    change = (delta - recurrence.apply(G, jnp.concatenate([jnp.zeros_like(delta[:1]), delta[:-1]]))) / unit  # of r
    foreseen = jnp.abs((change * (before + 0.5 * change)).sum((0, -1)))
    return 0.5 * (before**2 - after**2).sum((0, -1)), foreseen


_ELK = "Levenberg–Marquardt on all time steps, by a parallel Kalman smoother, {}"
METHODS = {
    name: dict(solver=Elk(jacobian=jacobian, kind=kind), forcing=Forcing(forcing), summary=summary)
    for name, jacobian, kind, forcing, summary in [
        ("elk", "full", "smoother", "none", _ELK.format("without forcing")),
        ("quasi-elk", "diagonal", "smoother", "none", "elk with the diagonals of the Jacobians alone, without forcing"),
        ("gtf-elk", "full", "smoother", "projected", _ELK.format("forced by data")),
        ("gtf-quasi-elk", "diagonal", "smoother", "projected", "gtf-elk with the diagonals of the Jacobians alone"),
        ("gtf-elk-filter", "full", "filter", "projected", "gtf-elk that ends at the filtered mean, as the released code does"),
        ("gtf-quasi-elk-filter", "diagonal", "filter", "projected", "gtf-quasi-elk that ends at the filtered mean"),
    ]
}
