"""State-space duality: the selective recurrence of Mamba-2 for all T steps at once, by chunks.

    S_t = exp(Δ_t Λ) S_{t-1} + Δ_t X_t ⊗ B_t,      y_t = S_t C_t

Step by step this would be T small products. The recurrence is linear, so the output at step i is a sum over earlier steps j, with
weights C_i · B_j that decay with the time between: an attention. Over all T steps that would be T² weights, so it is done within
chunks of Q steps only, and from chunk to chunk S is handed on. Depth O(Q + T/Q), work O(T (Q n + Q p + p n)) and memory O(T Q)
per head, whatever T. Dao and Gu 2024, arXiv:2405.21060.

On a CPU a few chunks at a time, which stay in its cache, run one piece after the other. Gradients then keep S between pieces
alone, and compute each piece once more.
"""

import math

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from methods.layout import blocks, cost


def cut(x: Float[Array, "T ... r"], Q: int) -> Float[Array, "c ... Q r"]:
    """x in c chunks of Q steps. The last one is filled up with zeros, which leave S alone, as their step length Δ is 0."""
    return jnp.moveaxis(blocks.cut(blocks.without_more(x, Q), Q), 1, -2)


def join(x: Float[Array, "c ... Q r"], T: int) -> Float[Array, "T ... r"]:
    """The T steps that `cut` has cut into chunks."""
    return blocks.join(jnp.moveaxis(x, -2, 1), T)


def scan(
    X: Float[Array, "c ... Q H p"],
    dt: Float[Array, "c ... Q H"],
    rate: Float[Array, "H"],
    B: Float[Array, "c ... n"],
    C: Float[Array, "c ... n"],
    start: Float[Array, "... H p n"],
) -> tuple[Float[Array, "c ... Q H p"], Float[Array, "... H p n"]]:
    """y_1 … y_T, in chunks, and S_T.

    X      (c, ..., Q, H, p)
    dt     (c, ..., Q, H), Δ
    rate   (H,), Λ
    B, C   (c, ..., Q, n), which heads share, or (c, ..., Q, H, n), where each has its own
    start  (..., H, p, n), S_0
    """
    h = "h" if B.ndim == X.ndim else ""
    decay = jnp.cumsum(dt * rate, axis=-2)  # exponents, which are subtracted: exponentials would underflow before a division
    moved = dt[..., None] * X
    left = jnp.exp(decay[..., -1:, :] - decay)
    added = jnp.einsum(f"...jhp,...j{h}n->...hpn", left[..., None] * moved, B)

    arriving, end = _handed_on(decay[..., -1, :], added, start)
    within = jnp.moveaxis(decay, -1, -2)  # (c, ..., H, Q)
    causal = jnp.tril(jnp.ones((X.shape[-3],) * 2, bool))
    fade = jnp.exp(jnp.where(causal, within[..., :, None] - within[..., None, :], -jnp.inf))
    overlap = jnp.einsum(f"...i{h}n,...j{h}n->...{h}ij", C, B)
    y = jnp.einsum("...hij,...jhp->...ihp", (overlap if h else overlap[..., None, :, :]) * fade, moved)
    return y + jnp.exp(decay)[..., None] * jnp.einsum(f"...i{h}n,...hpn->...ihp", C, arriving), end


def _handed_on(wholes, added, start):
    """S before each chunk `(c, ..., H, p, n)`, and S after the last: `S' = exp(whole) S + added` from chunk to chunk.

    wholes  (c, ..., H), the exponents of the decay over a whole chunk
    Chunk after chunk; or, where each of them would be a launch, all in a tree.
    """
    if cost.here().scans:
        added = added.at[0].add(jnp.exp(wholes[0])[..., None, None] * start)
        after = lax.associative_scan(_joined, (wholes, added))[1]
        return jnp.concatenate([start[None], after[:-1]]), after[-1]

    def hand_on(S, chunk):
        whole, added = chunk
        return jnp.exp(whole)[..., None, None] * S + added, S

    end, arriving = lax.scan(hand_on, start, (wholes, added))
    return arriving, end


def _joined(first, then):
    """Two stretches of time as one; `first` comes first."""
    (whole, added), (whole_then, added_then) = first, then
    return whole + whole_then, jnp.exp(whole_then)[..., None, None] * added + added_then


def by_pieces(function, S, chunks: Float[Array, "c ... Q r"]):
    """`S, y = function(S, chunks)` for pieces of consecutive chunks, as many chunks in a piece as suit the device.

    Returns the last S, and all y.
    """
    c, rows = chunks.shape[0], math.prod(chunks.shape[1:-1])
    count = blocks.of_rows(c, c * rows, cost.here().ssd_rows)
    if count == c:
        return function(S, chunks)
    pieces = blocks.cut(blocks.without_more(chunks, count), count)
    S, y = lax.scan(jax.checkpoint(function, prevent_cse=False), S, pieces)
    return S, blocks.join(y, c)
