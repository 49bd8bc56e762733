"""Which windows and sequences a program of a kernel has, and where their numbers lie in memory.

A program carries some lanes, the states of windows of time side by side, as the columns of a tile. Of few windows a program has
few, and a step is soonest done; of many it has many, and a step is cheapest. Arrays stay as a problem has them, (T, S, ·): a lane
is a stretch of consecutive rows in them, so that nothing is transposed or copied to cut time.
"""

import dataclasses
import math
from typing import Any, NamedTuple

import jax.numpy as jnp
from jax import lax

from methods.kernels import road
from methods.layout import cost
from methods.layout.windows import Windows


class Share(NamedTuple):
    """What of all windows and sequences one program has."""

    lanes: int  # that it carries, a power of two; some carry nothing where there are not enough
    warps: int  # groups of 32 threads that it is worked on by, for weights of 1024 numbers

    def programs(self, windows: Windows) -> int:
        """Programs that all lanes need."""
        return -(-windows.K * windows.S // self.lanes)


# H200, M = 16, L = 64, microseconds a step: one program of one lane takes 0.98 and of four lanes, three of them empty, 0.61, as
# products with one column are compiled otherwise. 1056 lanes take 0.69 by eights and 0.96 by fours, 8448 take 4.9 by eights, 2.8
# by sixteens and 2.1 by 32. Backwards, with totals to add up, 132 lanes take 0.63 one by one and 0.91 in pairs, 1056 take 1.7 in
# pairs and 2.0 by eights, and 8448 take 5.3 by eights in one warp, 11 in four.
def share_forwards(windows: Windows) -> Share:
    """The share of a kernel that runs forwards."""
    lanes = _lanes(windows, beside=1, fewest=4, most=32)
    return Share(lanes, warps=2 if lanes < 32 else 4)


def share_backwards(windows: Windows) -> Share:
    """The share of a kernel that runs backwards, and adds up cotangents of the weights."""
    lanes = _lanes(windows, beside=4, fewest=1, most=8)
    return Share(lanes, warps=2 if lanes <= 2 else 1)


def _lanes(windows: Windows, *, beside: int, fewest: int, most: int) -> int:
    """Lanes of a program, as many programs `beside` each other on a multiprocessor as there are lanes for."""
    programs = max(1.0, beside * cost.here().kernel_programs)
    return min(max(road.size(math.ceil(windows.K * windows.S / programs)), fewest), most)


@dataclasses.dataclass(frozen=True)
class Lanes:
    """The n lanes of one program: sequence `s` in window `k`, each (n,)."""

    windows: Windows
    k: Any
    s: Any

    @classmethod
    def of(cls, windows: Windows, share: Share) -> "Lanes":
        """Those of the program that runs."""
        lane = road.program() * share.lanes + lax.iota(jnp.int32, share.lanes)
        return cls(windows, lane // windows.S, lane % windows.S)

    def time(self, c):
        """Time of step c of every window: the row of arrays (T, S, ...)."""
        return self.k * self.windows.C + c

    def load(self, reference, row):
        """The tile (width, n) of the rows `row` (n,) of an array (rows, S, width); 0 outside of it and beyond its width."""
        return road.load(reference, *self._tile(reference, row, True))

    def data(self, x, c):
        """The data of step c of every window; None where the map reads none."""
        return None if x is None else self.load(x, self.time(c))

    def store(self, reference, row, tile, where=True) -> None:
        """Put a tile into the rows `row` (n,) of an array (rows, S, width), as far as it lies there."""
        index, mask = self._tile(reference, row, where)
        road.store(reference, index, tile, mask)

    def load_one(self, reference, row):
        """The numbers (n,) in the rows `row` of an array (rows, S); 0 outside of it."""
        return road.load(reference, (row, self.s), self._inside(reference, row))

    def store_one(self, reference, row, numbers, where=True) -> None:
        """Put numbers (n,) into the rows `row` of an array (rows, S), as far as they lie there."""
        road.store(reference, (row, self.s), numbers, where & self._inside(reference, row))

    def _inside(self, reference, row):
        return (row >= 0) & (row < reference.shape[0]) & (self.k < self.windows.K)

    def _tile(self, reference, row, where):
        width = reference.shape[-1]
        shape = road.size(width), row.shape[0]
        component = lax.broadcasted_iota(jnp.int32, shape, 0)
        mask = (component < width) & (where & self._inside(reference, row))[None]
        return (jnp.broadcast_to(row[None], shape), jnp.broadcast_to(self.s[None], shape), component), mask


def launched(kernel, given, made, windows: Windows, share: Share, interpret: bool, aliases=None):
    """What a kernel makes of `given`, its tiles first, in as many programs as the windows need; see `road.call`."""
    size = {"programs": share.programs(windows), "warps": given[0].warps(share.warps)}
    return road.call(kernel, given, made, **size, interpret=interpret, aliases=aliases)


def any_of(flags):
    """Whether any of the flags of a tile holds."""
    return jnp.sum(jnp.where(flags, 1, 0), dtype=jnp.int32) > 0


def all_finite(tile):
    """Whether each lane (n,) of a tile is finite. A maximum may pass over NaN, this does not."""
    return jnp.sum(jnp.where(jnp.abs(tile) < jnp.inf, 0, 1), axis=0, dtype=jnp.int32) == 0
