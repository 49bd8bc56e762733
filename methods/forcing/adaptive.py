"""Forcing that is no stronger than a model needs: α follows an estimate of how much the free map expands.

Too weak, forcing lets errors and gradients grow; too strong, it hides from training what the model does by itself. With 𝒩 an
estimate of the norm of the Jacobians of the free map, α = max(0, 1 − 1/𝒩) makes (1 − α) 𝒩 ≤ 1, just enough not to expand:

    bound        max |A| + ‖W1‖ ‖W2‖
    batch_max    max_t ‖J(z̄_t)‖ over the batch               z̄_t = B⁺ x_t
    product      max over sequences of exp(mean_t log ‖J(z̄_t)‖)
    arithmetic   max over sequences of ‖mean_t J(z̄_t)‖

Every few updates α is compared with the estimate: it rises to it at once, but sinks to it slowly. Hess et al. 2023,
arXiv:2306.04406.
"""

from typing import Any, NamedTuple

import jax.numpy as jnp
from jax import lax

from methods.forcing import missing
from methods.layout import blocks, cost

EVERY = 5  # updates
SLOWNESS = 0.999  # of sinking


def adapts(forcing) -> bool:
    """Whether α follows an estimate, not a number that the user has set."""
    return getattr(forcing, "alpha_from", "constant") != "constant"


def following(forcing, state, x):
    """α for the next update. It stays as it was where 𝒩 is not finite, and between the updates at which it is estimated.

    state  the training state after this update
    x      (S, T+1, N), the segments of this update
    """
    if not adapts(forcing):
        return state.alpha

    def adapted(carry):
        _, alpha = carry
        estimated = estimate(forcing, state.weights.from_unconstrained(), x)
        moved = jnp.where(estimated > alpha, estimated, SLOWNESS * alpha + (1 - SLOWNESS) * estimated)
        return False, jnp.where(jnp.isfinite(estimated), moved, alpha).astype(alpha.dtype)

    # A loop of at most one turn, not `cond`, which under `vmap` would estimate at every update.
    return lax.while_loop(lambda carry: carry[0], adapted, (state.done % EVERY == 0, state.alpha))[1]


def estimate(forcing, params, x):
    """α = max(0, 1 − 1/𝒩) for data x `(S, T+1, N)`; NaN where 𝒩 is not finite."""
    if forcing.alpha_from == "bound":
        norm = largest_norm(params)
    else:
        norm = _norm(
            forcing.alpha_from, params.autonomous(), forcing.operators(params.B, 1.0).teacher(missing.split(forcing, x)[0])
        )
    return jnp.where(jnp.isfinite(norm), jnp.maximum(0, 1 - 1 / norm), jnp.nan)


def largest_norm(params):
    """max |A| + ‖W1‖ ‖W2‖, which no Jacobian of the free map of a shPLRNN exceeds, as no slope of a unit exceeds 1."""
    full = params.full()
    return jnp.abs(full.A).max() + jnp.linalg.norm(full.W1, 2) * jnp.linalg.norm(full.W2, 2)


class _Sums(NamedTuple):
    """What is added up over the time steps of each sequence."""

    largest: Any  # (S,) norm of a Jacobian
    log: Any  # (S,) Σ log norm
    jacobian: Any  # (S, M, M) Σ J


def _norm(kind: str, free, states):
    """𝒩 at states `(S, T, M)`, from some Jacobians at a time, as all of them would be T M² numbers for each sequence."""
    S, T, M = states.shape
    length = cost.size(cost.here().jacobians / S, T)

    def add(sums, block):
        states, real = block
        J = free.jacobian(states, None)
        norms = jnp.linalg.norm(J, 2, axis=(-2, -1)) if kind != "arithmetic" else jnp.zeros(J.shape[:2], J.dtype)
        logs = jnp.where(real[:, None], jnp.log(norms), 0)
        J = jnp.where(real[:, None, None, None], J, 0)
        return _Sums(jnp.maximum(sums.largest, norms.max(0)), sums.log + logs.sum(0), sums.jacobian + J.sum(0)), None

    in_blocks = blocks.cut(states.swapaxes(0, 1), length)  # filled up with the last state again
    real = (jnp.arange(in_blocks.shape[0] * length) < T).reshape(-1, length)
    nothing = _Sums(jnp.zeros(S, states.dtype), jnp.zeros(S, states.dtype), jnp.zeros((S, M, M), states.dtype))
    sums = lax.scan(add, nothing, (in_blocks, real))[0]
    if kind == "batch_max":
        return sums.largest.max()
    return jnp.exp(sums.log.max() / T) if kind == "product" else jnp.linalg.norm(sums.jacobian / T, 2, axis=(-2, -1)).max()
