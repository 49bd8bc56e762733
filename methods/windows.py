"""Time cut into windows that run side by side.

`(T, ...)` becomes `(C, K, ...)`: step c of K windows of C steps, so that one scan over C steps advances all windows together. The
last window is filled up by repeating the last row.
"""

import jax
import jax.numpy as jnp


def cut(values, C: int):
    """`(T, ...)` leaves as `(C, K, ...)`."""

    def one(leaf):
        missing = -leaf.shape[0] % C
        if missing:
            leaf = jnp.concatenate([leaf, jnp.broadcast_to(leaf[-1:], (missing, *leaf.shape[1:]))])
        return leaf.reshape(-1, C, *leaf.shape[1:]).swapaxes(0, 1)

    return jax.tree.map(one, values)


def join(values, T: int):
    """`(C, K, ...)` leaves as `(T, ...)`."""
    return jax.tree.map(lambda leaf: leaf.swapaxes(0, 1).reshape(-1, *leaf.shape[2:])[:T], values)


def at(values, c):
    """Step c of every window."""
    return jax.tree.map(lambda leaf: jax.lax.dynamic_index_in_dim(leaf, c, keepdims=False), values)
