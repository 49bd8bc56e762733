"""Time cut into windows that run side by side.

`(T, S, M)` becomes rows `(K, C, S, M)`, K windows of C steps, which is what devices share. Each turns its own into `(C, M, k·S)`,
step c of k windows for each of S sequences, so that one scan over C steps advances all windows together, as the lanes of
`methods.problem.lanes`. Steps after T repeat the last row.
"""

import dataclasses
import math

import jax
import jax.numpy as jnp
from jax import lax

from methods.layout import cost


def number(T: int, S: int, M: int, memory: int = cost.MEMORY, devices: int = 1, *, fused: bool = False) -> int:
    """Windows that take least time, of K S / devices lanes each.

    fused  by kernels

    A power of two of lanes, the only numbers at which products of small matrices are fast. Windows much shorter than the memory
    are left out.
    """

    def time(K):
        lanes = max(1, K * S // devices)
        if fused:
            return cost.by_kernels(T / K, memory if K > 1 else 0, lanes)
        return T * cost.step(lanes, M) if K == 1 else cost.windowed(T / K, memory, lanes, M)

    numbers = {max(1, 2**i // S) for i in range(int(math.log2(T * S)) + 1)}
    return min((K for K in sorted(numbers) if K == 1 or T / K >= cost.here().shortest_window * memory), key=time)


@dataclasses.dataclass(frozen=True)
class Windows:
    """K windows of C steps of T steps of a batch of sequences; K is a multiple of the number of devices."""

    T: int
    C: int
    K: int
    batch: tuple[int, ...]

    @classmethod
    def of(cls, states, wanted: int = 0, *, memory: int = cost.MEMORY, devices: int = 1, fused: bool = False) -> "Windows":
        """Windows for states `(T, ..., M)`: `wanted` steps each, or as many as take least time.

        C is rounded up to whole blocks between two looks at whether a correction has died out. Then fewer than K windows may be
        enough for T steps. A few empty ones are kept all the same where K was chosen, since it makes a round number of lanes.
        """
        T, batch = states.shape[0], states.shape[1:-1]
        K = number(T, math.prod(batch), states.shape[-1], memory, devices, fused=fused)
        C = min(T, wanted) or -(-T // K)
        look = cost.size(cost.here().look, C)
        C = _round_up(C, look)
        enough = -(-T // C)
        if wanted or enough < cost.here().full_windows * K:
            K = enough
        return cls(T, C, _round_up(K, devices), batch)

    @classmethod
    def whole(cls, states) -> "Windows":
        """All time in one window."""
        return cls(states.shape[0], states.shape[0], 1, states.shape[1:-1])

    @property
    def S(self) -> int:
        """Sequences."""
        return math.prod(self.batch)

    @property
    def block(self) -> int:
        """Steps between two looks; divides C."""
        return cost.size(cost.here().look, self.C)

    def rows(self, values, fill=None):
        """`(T, *batch, ...)` leaves as `(K, C, *batch, ...)`; after T the last row again, or `fill`."""

        def one(leaf):
            missing = self.K * self.C - self.T
            if missing:
                last = leaf[-1:] if fill is None else jnp.full_like(leaf[-1:], fill)
                leaf = jnp.concatenate([leaf, jnp.broadcast_to(last, (missing, *leaf.shape[1:]))])
            return leaf.reshape(self.K, self.C, *leaf.shape[1:])

        return jax.tree.map(one, values)

    def join(self, rows):
        """`(K, C, *batch, ...)` leaves as `(T, *batch, ...)`."""
        return jax.tree.map(lambda leaf: leaf.reshape(-1, *leaf.shape[2:])[: self.T], rows)

    def lanes(self, rows):
        """Leaves `(k, C, *batch, ...)`, of some of the windows, as `(C, ..., k·S)`."""

        def one(leaf):
            leaf = leaf.reshape(*leaf.shape[:2], self.S, *leaf.shape[2 + len(self.batch) :])
            leaf = jnp.moveaxis(leaf, (0, 2), (-2, -1))
            return leaf.reshape(*leaf.shape[:-2], -1)

        return jax.tree.map(one, rows)

    def apart(self, lanes):
        """`(C, ..., k·S)` leaves as `(k, C, *batch, ...)`."""

        def one(leaf):
            leaf = leaf.reshape(*leaf.shape[:-1], -1, self.S)
            leaf = jnp.moveaxis(leaf, (-2, -1), (0, 2))
            return leaf.reshape(*leaf.shape[:2], *self.batch, *leaf.shape[3:])

        return jax.tree.map(one, lanes)

    def columns(self, z):
        """`(..., *batch, M)` as `(M, lanes)`: one lane for each leading index and sequence."""
        return z.reshape(-1, z.shape[-1]).T

    def starts(self, z0, guess):
        """Where windows start `(K, *batch, M)`: z_0, and what the guess `(T, *batch, M)` says at the end of the one before."""
        ends = jnp.minimum(jnp.arange(1, self.K) * self.C, self.T) - 1
        return jnp.concatenate([z0[None], guess[ends]])

    def one_by_one(self, lanes):
        """`(..., K·S)` as `(K, ..., S)`."""
        return jnp.moveaxis(lanes.reshape(*lanes.shape[:-1], self.K, self.S), -2, 0)

    def side_by_side(self, values):
        """`(K, ..., S)` as `(..., K·S)`."""
        values = jnp.moveaxis(values, 0, -2)
        return values.reshape(*values.shape[:-2], -1)

    def merged(self, leaf):
        """`(rows, *batch, width)` as `(rows, S, width)`."""
        return leaf.reshape(leaf.shape[0], self.S, -1)

    def unmerged(self, leaf):
        """`(rows, S, width)` as `(rows, *batch, width)`."""
        return leaf.reshape(leaf.shape[0], *self.batch, -1)

    @property
    def filled_up(self) -> bool:
        """Whether there are steps after T."""
        return self.K * self.C > self.T

    @property
    def steps_before(self):
        """Time steps before each window, of each sequence `(K, S)`."""
        return jnp.repeat(jnp.arange(self.K)[:, None] * self.C, self.S, axis=1)


def _round_up(count: int, unit: int) -> int:
    """`count`, or the next larger multiple of `unit`."""
    return -(-count // unit) * unit


def block(values, start, length: int):
    """Steps start … start + length − 1 of every lane."""
    return jax.tree.map(lambda leaf: lax.dynamic_slice_in_dim(leaf, start, length), values)


def put(values, part, start):
    """`values` with `part` in place of the steps from `start` on."""
    return jax.tree.map(lambda leaf, new: lax.dynamic_update_slice_in_dim(leaf, new, start, 0), values, part)
