"""One step of the forced shPLRNN on tiles, forwards and backwards: the columns of a tile are states of different windows.

The formulas are those of `methods.models.shplrnn.lanes`, with the products that [a; b] come from kept apart, because tiles cannot
be put together or cut. Weights are filled up with zeros to powers of two; units that are not there have no effect.
"""

import dataclasses
import math
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from methods.kernels import road

# M, N and L up to which the weights, and the cotangents of them, fit into the registers of a program.
LARGEST_STATE, LARGEST_HIDDEN = 64, 128


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class Tiles:
    """Weights of `F = onto_a z + data_a x + W1 φ(onto_b z + data_b x + h2) + h1`, or the cotangents of them, as tiles.

    Cotangents of h1 and h2 have one column per lane.
    """

    onto_a: Any  # (M, M)
    onto_b: Any  # (L, M)
    W1: Any  # (M, L)
    h1: Any  # (M,)
    h2: Any  # (L,)
    data_a: Any = None  # (M, N); None without data
    data_b: Any = None  # (L, N)
    clipped: bool = dataclasses.field(default=False, metadata={"static": True})

    @classmethod
    def of(cls, step) -> "Tiles":
        """Those of a `ForcedShallowPLRNN`, filled up."""
        M, onto, data = step.W1.shape[0], step.onto, step.data
        parts = onto[:M], onto[M:], step.W1, step.h1, step.h2
        parts += () if data is None else (data[:M], data[M:])
        return cls(*[jnp.pad(part, [(0, road.size(n) - n) for n in part.shape]) for part in parts], clipped=step.clipped)

    def read(self, x):
        """What of the data x the map reads: all, or nothing."""
        return None if self.data_a is None else x

    def warps(self, of_few: int) -> int:
        """Groups of threads for a program that has `of_few` for weights of 1024 numbers: as many numbers for each thread."""
        return min(8, of_few * max(1, self.W1.size // 1024))

    @property
    def words(self) -> int:
        """Numbers of a total."""
        return sum(math.prod(part.shape) for part in jax.tree.leaves(self))

    def nothing(self, lanes: int) -> "Tiles":
        """Cotangents of 0, before any step of so many lanes."""
        M, L = self.W1.shape
        zeros = jax.tree.map(lambda part: jnp.zeros(part.shape, part.dtype), self)
        return dataclasses.replace(zeros, h1=jnp.zeros((M, lanes), self.h1.dtype), h2=jnp.zeros((L, lanes), self.h2.dtype))

    def image(self, z, x):
        """F(z, x) for tiles z (M, n) and x (N, n), or None."""
        return self._affine(self.onto_a, self.data_a, z, x) + self.h1[:, None] + road.dot(self.W1, self._active(z, x)[1])

    def back(self, z, x, w, total: "Tiles"):
        """Jᵀ w at (z, x), and the total of cotangents with those of this step."""
        b, active = self._active(z, x)
        inner = road.dot(self.W1, w, transpose_a=True)
        d_h2 = jnp.where(b + self.h2[:, None] > 0, inner, 0.0)
        d_b = d_h2 - jnp.where(b > 0, inner, 0.0) if self.clipped else d_h2
        total = dataclasses.replace(
            total,
            onto_a=total.onto_a + road.dot(w, z, transpose_b=True),
            onto_b=total.onto_b + road.dot(d_b, z, transpose_b=True),
            W1=total.W1 + road.dot(w, active, transpose_b=True),
            h1=total.h1 + w,
            h2=total.h2 + d_h2,
        )
        if self.data_a is not None:
            data_a, data_b = road.dot(w, x, transpose_b=True), road.dot(d_b, x, transpose_b=True)
            total = dataclasses.replace(total, data_a=total.data_a + data_a, data_b=total.data_b + data_b)
        return road.dot(self.onto_a, w, transpose_a=True) + road.dot(self.onto_b, d_b, transpose_a=True), total

    def add(self, totals, total: "Tiles", *, before: bool) -> None:
        """Put the total of this program in its row of `totals` (programs, words), beside what is there before or in its place."""
        total = dataclasses.replace(total, h1=jnp.sum(total.h1, axis=1), h2=jnp.sum(total.h2, axis=1))
        offset = 0
        for part in jax.tree.leaves(total):
            index = offset + sum(lax.broadcasted_iota(jnp.int32, part.shape, axis) * stride for axis, stride in _strides(part))
            place, everywhere = (jnp.full(part.shape, road.program()), index), jnp.full(part.shape, True)
            road.store(totals, place, part + road.load(totals, place, everywhere) if before else part, everywhere)
            offset += math.prod(part.shape)

    def cotangent(self, step, totals):
        """The cotangent of the `ForcedShallowPLRNN` that these weights are of, from the totals (programs, words)."""
        shapes, structure = jax.tree.flatten(self)
        ends = [0]
        for part in shapes:
            ends.append(ends[-1] + math.prod(part.shape))
        total = totals.sum(0)
        parts = [total[begin:end].reshape(part.shape) for begin, end, part in zip(ends, ends[1:], shapes, strict=False)]
        d, (M, L) = structure.unflatten(parts), step.W1.shape
        data = None
        if step.data is not None:
            N = step.data.shape[1]
            data = jnp.concatenate([d.data_a[:M, :N], d.data_b[:L, :N]])
        onto = jnp.concatenate([d.onto_a[:M, :M], d.onto_b[:L, :M]])
        return dataclasses.replace(step, onto=onto, data=data, W1=d.W1[:M, :L], h1=d.h1[:M], h2=d.h2[:L])

    def _active(self, z, x):
        """b and φ(b + h2)."""
        b = self._affine(self.onto_b, self.data_b, z, x)
        active = jnp.maximum(b + self.h2[:, None], 0.0)
        return b, active - jnp.maximum(b, 0.0) if self.clipped else active

    def _affine(self, onto, data, z, x):
        image = road.dot(onto, z)
        return image if data is None else image + road.dot(data, x)


def _strides(part):
    """(axis, stride) of an array that lies row by row."""
    return [(axis, math.prod(part.shape[axis + 1 :])) for axis in range(part.ndim)]
