"""Forcing that is no stronger than a model needs: α follows an estimate of how much the free map expands.

With 𝒩 an estimate of the norm of its Jacobians, α = max(0, 1 − 1/𝒩) makes (1 − α) 𝒩 ≤ 1:

    bound        max |A| + ‖W1‖ ‖W2‖
    batch_max    max_t ‖J(z̄_t)‖ over the batch               z̄_t = B⁺ x_t
    product      max over sequences of exp(mean_t log ‖J(z̄_t)‖)
    arithmetic   max over sequences of ‖mean_t J(z̄_t)‖

Every few updates α rises to the estimate at once, or else sinks towards it slowly. Hess et al. 2023, arXiv:2306.04406.
"""

import jax
import jax.numpy as jnp

EVERY = 5  # updates
SLOWNESS = 0.999  # of sinking


def adapts(forcing) -> bool:
    """Whether α is not what the user says."""
    return getattr(forcing, "alpha_from", "constant") != "constant"


def following(forcing, state, x):
    """α for the update after the one on windows x `(S, T+1, N)` that led to `state`."""
    if not adapts(forcing):
        return state.alpha

    def adapted(carry):
        _, alpha = carry
        wanted = estimate(forcing, state.free.from_free(), x)
        return False, jnp.where(wanted > alpha, wanted, SLOWNESS * alpha + (1 - SLOWNESS) * wanted).astype(alpha.dtype)

    # A loop of at most one turn: under `vmap` a `cond` would estimate at every update.
    return jax.lax.while_loop(lambda carry: carry[0], adapted, (state.done % EVERY == 0, state.alpha))[1]


def estimate(forcing, params, x):
    """max(0, 1 − 1/𝒩), between 0 and 1."""
    if forcing.alpha_from == "bound":
        full = params.full()
        norm = jnp.abs(full.A).max() + jnp.linalg.norm(full.W1, 2) * jnp.linalg.norm(full.W2, 2)
    else:
        J = params.autonomous().jacobian(forcing.operators(params.B, 1.0).teacher(x), None)
        if forcing.alpha_from == "arithmetic":
            norm = jnp.linalg.norm(J.mean(-3), 2, axis=(-2, -1)).max()
        else:
            norms = jnp.linalg.norm(J, 2, axis=(-2, -1))
            norm = norms.max() if forcing.alpha_from == "batch_max" else jnp.exp(jnp.log(norms).mean(-1).max())
    return jnp.maximum(0, 1 - 1 / norm)
