"""State-space duality: the selective recurrence of Mamba-2 for all T steps at once, by chunks.

    S_t = exp(Δ_t Λ) S_{t-1} + Δ_t X_t ⊗ B_t,      y_t = S_t C_t

Within a chunk the outputs are a masked, decaying attention of C on B; between chunks only S is handed on. Depth O(Q + T/Q), work
O(T (Q n + Q p + p n)) per head, memory O(T Q) per head for chunks of Q steps, whatever T. Dao and Gu 2024, arXiv:2405.21060.
"""

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

CHUNK = 64


def scan(
    X: Float[Array, "T ... H p"],
    dt: Float[Array, "T ... H"],
    rate: Float[Array, "H"],
    B: Float[Array, "T ..."],
    C: Float[Array, "T ..."],
    start: Float[Array, "... H p n"],
    *,
    chunk: int = CHUNK,
) -> tuple[Float[Array, "T ... H p"], Float[Array, "... H p n"]]:
    """y_1 … y_T and S_T; B and C are shared by the heads, or `(T, ..., H, n)`."""
    T, Q = X.shape[0], min(chunk, X.shape[0])
    h = "h" if B.ndim > dt.ndim else ""

    def cut(leaf):
        # A step of length 0 leaves S alone, so the last chunk may be filled up.
        leaf = jnp.concatenate([leaf, jnp.zeros_like(leaf, shape=(-T % Q, *leaf.shape[1:]))])
        return leaf.reshape(-1, Q, *leaf.shape[1:])

    X, dt, B, C = cut(X), cut(dt), cut(B), cut(C)
    decay = jnp.cumsum(dt * rate, axis=1)  # (c, Q, ..., H) its exponents; never divide exponentials, which underflow
    moved = dt[..., None] * X
    left = jnp.exp(decay[:, -1:] - decay)
    added = jnp.einsum(f"cj...hp,cj...{h}n->c...hpn", left[..., None] * moved, B)

    def hand_on(S, now):
        whole, added = now
        return jnp.exp(whole)[..., None, None] * S + added, S

    end, arriving = lax.scan(hand_on, start, (decay[:, -1], added))
    within = jnp.moveaxis(decay, 1, -1)  # (c, ..., H, Q)
    causal = jnp.tril(jnp.ones((Q, Q), bool))
    fade = jnp.exp(jnp.where(causal, within[..., :, None] - within[..., None, :], -jnp.inf))
    overlap = jnp.einsum(f"ci...{h}n,cj...{h}n->c...{h}ij", C, B)
    y = jnp.einsum("c...hij,cj...hp->ci...hp", (overlap if h else overlap[..., None, :, :]) * fade, moved)
    y = y + jnp.exp(decay)[..., None] * jnp.einsum(f"ci...{h}n,c...hpn->ci...hp", C, arriving)
    return y.reshape(-1, *y.shape[2:])[:T], end
