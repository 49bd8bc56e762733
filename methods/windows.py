"""Time cut into windows that run side by side.

`(T, ...)` becomes `(C, K, ...)`: step c of K windows of C steps, so that one scan over C steps advances all windows together. The
last window is filled up by repeating the last row.
"""

import jax
from jax import lax

from methods import blocks

# (window, sequence) pairs that one scan advances together. CPU: from 64 on a step is bound by arithmetic and not by its overhead,
# and more lanes shorten the windows. Elsewhere the number is a guess that waits for a measurement.
LANES = {"cpu": 64}
LANES_ELSEWHERE = 4096
# Steps between two looks at whether a correction has died out.
BLOCK = 32


def window_length(T: int, batch: int, wanted: int = 0) -> int:
    """Steps per window: `wanted`, or as many as give every lane of the device one window; a whole number of blocks."""
    lanes = LANES.get(jax.default_backend(), LANES_ELSEWHERE)
    length = min(T, wanted or max(BLOCK, -(-T * batch // lanes)))
    return -(-length // block_length(length)) * block_length(length)


def block_length(window: int) -> int:
    return min(BLOCK, window)


def cut(values, C: int):
    """`(T, ...)` leaves as `(C, K, ...)`."""
    return jax.tree.map(lambda leaf: leaf.swapaxes(0, 1), blocks.cut(values, C))


def join(values, T: int):
    """`(C, K, ...)` leaves as `(T, ...)`."""
    return blocks.join(jax.tree.map(lambda leaf: leaf.swapaxes(0, 1), values), T)


def at(values, step: int, which):
    """One step of some of the windows."""
    return jax.tree.map(lambda leaf: leaf[step, which], values)


def block(values, start, length: int):
    """Steps start … start + length − 1 of every window."""
    return jax.tree.map(lambda leaf: lax.dynamic_slice_in_dim(leaf, start, length), values)


def put(values, part, start):
    """`values` with `part` in place of the steps from `start` on."""
    return jax.tree.map(lambda leaf, new: lax.dynamic_update_slice_in_dim(leaf, new, start, 0), values, part)
