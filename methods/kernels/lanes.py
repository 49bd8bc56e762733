"""Which windows and sequences a program of a kernel has, and where their numbers lie in memory.

A program carries some lanes, the states of windows of time side by side, as the columns of a tile. Few windows get a program
each, where a step is soonest done; of many, eight share one, where it is cheapest. Arrays stay as a problem has them, (T, S, ·):
a lane is a stretch of consecutive rows in them, so that nothing is transposed or copied to cut time.
"""

import dataclasses
from typing import Any

import jax.numpy as jnp
from jax import lax

from methods.kernels import road
from methods.layout import cost
from methods.layout.windows import Windows

SHARED = 8


def of_a_program(windows: Windows) -> int:
    """Lanes that a program carries."""
    return 1 if windows.K * windows.S <= cost.here().kernel_programs else SHARED


def programs(windows: Windows) -> int:
    """Programs that all lanes need."""
    return -(-windows.K * windows.S // of_a_program(windows))


@dataclasses.dataclass(frozen=True)
class Lanes:
    """The n lanes of one program: sequence `s` in window `k`, each (n,)."""

    windows: Windows
    k: Any
    s: Any

    @classmethod
    def of(cls, windows: Windows) -> "Lanes":
        """Those of the program that runs."""
        n = of_a_program(windows)
        lane = road.program() * n + lax.iota(jnp.int32, n)
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


def launched(kernel, given, made, windows: Windows, interpret: bool, aliases=None):
    """What a kernel makes of `given`, its tiles first, in as many programs as the windows need; see `road.call`."""
    size = {"programs": programs(windows), "warps": given[0].warps(of_a_program(windows))}
    return road.call(kernel, given, made, **size, interpret=interpret, aliases=aliases)


def any_of(flags):
    """Whether any of the flags of a tile holds."""
    return jnp.sum(jnp.where(flags, 1, 0), dtype=jnp.int32) > 0


def all_finite(tile):
    """Whether each lane (n,) of a tile is finite. A maximum may pass over NaN, this does not."""
    return jnp.sum(jnp.where(jnp.abs(tile) < jnp.inf, 0, 1), axis=0, dtype=jnp.int32) == 0
