"""How strongly forcing must pull for the forced map to contract: Proposition 1 of arXiv:2605.12683.

Let σ̃ be the largest norm of a Jacobian of the free map. Forcing acts before the step by a matrix E, so that a Jacobian of the
forced map is J E, of norm ρ = ‖E‖ σ̃ at most. Products of T of them have a norm of ρ^T at most: no Lyapunov exponent of the forced
map is above log ρ. Where data determine the whole state, M ≤ N and B of full rank, ‖E‖ = 1 − α: the map contracts for every α
above α* = 1 − 1/σ̃. Where they do not, a projecting forcing leaves the other directions as they are, ‖E‖ = 1 for any α, and the
proposition promises nothing that the free map does not keep by itself.
"""

import math
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float

from methods.forcing import adaptive
from methods.layout import blocks, cost
from methods.layout.precision import precise
from methods.problem import Problem

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


def jacobian_norms(problem: Problem, states: Float[Array, "T ... M"]) -> Float[np.ndarray, "T_minus_1 ..."]:
    """The spectral norms of J_2 … J_T along the states, a factor per step; NaN for a sequence that is not finite.

    Their largest is the contraction rate that holds along this trajectory, and the mean of their logarithms bounds its largest
    exponent more tightly: λ ≤ mean log ‖J_t‖ ≤ log max ‖J_t‖. Exact up to rounding. From some Jacobians at a time, O(T M³).
    """
    return np.asarray(_norms(problem, states), np.float64)


@jax.jit
@precise()
def _norms(problem, states):
    patterns = jax.tree.map(lambda leaf: leaf[1:], problem.evaluate(states).pattern)
    sequences = math.prod(states.shape[1:-1])
    steps = cost.size(cost.here().jacobians / sequences, max(1, len(states) - 1))
    norms = lax.map(partial(_norms_of, problem.step), blocks.cut(patterns, steps))
    norms = blocks.join(norms, len(states) - 1)
    return jnp.where(jnp.isfinite(states).all((0, -1)), norms, jnp.nan)


def _norms_of(step, patterns):
    return jnp.linalg.norm(step.dense(patterns), 2, axis=(-2, -1))
