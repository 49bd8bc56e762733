"""How strongly forcing must pull for the forced map to contract: Proposition 1 of arXiv:2605.12683.

Let σ̃ be the largest norm of a Jacobian of the free map. Forcing acts before the step by a matrix E, so that a Jacobian of the
forced map is J E, of norm ρ = ‖E‖ σ̃ at most. Products of T of them have a norm of ρ^T at most: no Lyapunov exponent of the forced
map is above log ρ. Where data determine the whole state, M ≤ N and B of full rank, ‖E‖ = 1 − α: the map contracts for every α
above α* = 1 − 1/σ̃. Where they do not, a projecting forcing leaves the other directions as they are, ‖E‖ = 1 for any α, and the
proposition promises nothing that the free map does not keep by itself.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from methods.forcing import adaptive
from methods.layout.precision import precise
from methods.predictability import lanczos
from methods.problem import Map, Problem

KINDS = ("gtf", "projected", "none")  # of forcing that act alike at every step


class Contraction(NamedTuple):
    """By which factor the forced map contracts in a step, whatever the states and the data are."""

    rate: float  # ρ = ‖E‖ σ̃, per step; below 1 the map contracts
    onset: float  # α*, the strength from which on it must; NaN where no strength is promised to do
    dt: float = 1.0  # time between steps

    @property
    def exponent(self) -> float:
        """log ρ, which no forced Lyapunov exponent exceeds, in nats per step."""
        with np.errstate(divide="ignore"):
            return float(np.log(self.rate))

    @property
    def exponent_per_time(self) -> float:
        """The same per unit of time."""
        return self.exponent / self.dt


def contraction(forcing, params, *, alpha=None, sigma: float | None = None, dt: float = 1.0) -> Contraction:
    """The contraction that Proposition 1 promises for a model under a forcing, with no trajectory at hand.

    alpha  forcing strength in place of the forcing's own
    sigma  σ̃, a bound on the norms of all Jacobians of the free map; by default that of a shPLRNN, max |A| + ‖W1‖ ‖W2‖
    dt     time between steps

    It is a bound, exact up to rounding and mostly far from tight; `jacobian_norms` says what norms there are along a trajectory.
    Raises ValueError for a forcing that acts at some steps only, or through the input of the model.
    """
    if forcing.forcing not in KINDS:
        raise ValueError(
            f"forcing = {forcing.forcing!r}: Proposition 1 is about {', '.join(KINDS)}, which act alike at every step."
        )
    if sigma is None:
        if not hasattr(params, "full"):
            raise ValueError(f"no bound on the Jacobians of {type(params).__name__} is known; give one as sigma = ….")
        sigma = adaptive.largest_norm(params)
    sigma, alpha = float(sigma), forcing.alpha if alpha is None else alpha
    E = np.asarray(forcing.operators(params.B, alpha).E, np.float64)
    determined = forcing.forcing == "gtf" or np.linalg.matrix_rank(np.asarray(params.B, np.float64)) == E.shape[0]
    onset = max(0.0, 1 - 1 / sigma) if determined and forcing.forcing != "none" else np.nan
    return Contraction(float(np.linalg.norm(E, 2)) * sigma, onset, dt)


class Norms(NamedTuple):
    """The spectral norms of J_2 … J_T of each sequence, `(T-1, ...)`; NaN where a sequence is not finite."""

    norms: Float[np.ndarray, "T_minus_1 ..."]  # factor per step
    error: Float[np.ndarray, "..."]  # the largest relative error of the norms of a sequence, which are too small if anything


def jacobian_norms(problem: Problem, states: Float[Array, "T ... M"], *, tolerance: float = 0.01, max_turns: int = 100) -> Norms:
    """The spectral norms of J_2 … J_T along the states, by Lanczos bidiagonalisation of all of them side by side.

    Their largest is the contraction rate that holds along this trajectory, and the mean of their logarithms bounds its largest
    exponent more tightly: λ ≤ mean log ‖J_t‖ ≤ log max ‖J_t‖.

    tolerance  on `error`, which says what was reached where `max_turns` came first; the error of a norm is of second order in it

    A turn is one `push` and one `pull` at all steps at once: memory O(T M), and no Jacobian is formed. Not under `jit`.
    """
    if len(states) == 1:  # there is no Jacobian, and XLA cannot compile programs for none
        return Norms(np.zeros(states.shape[:-1])[1:], np.zeros(states.shape[1:-1]))
    found = lanczos.largest(*_each_jacobian(problem, states), tolerance=tolerance, max_turns=max_turns)
    norms, finite = np.exp(found.log), np.isfinite(states).all((0, -1))
    error = np.expm1(found.error).max(axis=0, initial=0.0)
    return Norms(np.where(finite, norms, np.nan), np.where(finite, error, np.nan))


@jax.jit
@precise()
def _each_jacobian(problem, states):
    patterns = jax.tree.map(lambda leaf: leaf[1:], problem.evaluate(states).pattern)
    return Each(problem.step, patterns), states[None, 1:]


class Each(NamedTuple):
    """J_2 … J_T as operators side by side, on vectors `(1, T-1, ..., M)`."""

    step: Map
    patterns: Any

    def forwards(self, v):
        return self._plain(self.step.push(self.patterns, v[0]))

    def backwards(self, u):
        return self._plain(self.step.pull(self.patterns, u[0]))

    @staticmethod
    def _plain(w):
        return w[None], jnp.zeros_like(w[..., 0])
