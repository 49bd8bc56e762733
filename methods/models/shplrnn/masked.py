"""A forced step of a shPLRNN in whose data values are missing."""

import dataclasses
from typing import Any

import jax

from methods.models.shplrnn.map import SparselyForced


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class MaskedForced(SparselyForced):
    """`F(E z + D x')` at the steps whose flag is 1, `F(z)` at the others; x' is x with the read-out B z for missing values.

    Its inputs are three arrays:

    data     (..., N), 0 where a value is missing
    missing  (..., N), 1 where a value is missing, else 0
    flag     (..., 1), 1 at steps that are forced, else 0

    Where no value is missing this is the forced map of `shplrnn.map`, up to rounding.
    """

    B: Any  # (N, M)

    def push(self, pattern, v):
        pattern, missing, flag = pattern
        return self.free.push(pattern, v + flag * (v @ self.E.T + (missing * (v @ self.B.T)) @ self.D.T - v))

    def pull(self, pattern, w):
        pattern, missing, flag = pattern
        w = self.free.pull(pattern, w)
        return w + flag * (w @ self.E + (missing * (w @ self.D)) @ self.B - w)

    def dense(self, pattern):
        pattern, missing, flag = pattern
        J = self.free.dense(pattern)
        return J + flag[..., None] * (J @ self.E + (missing[..., None, :] * (J @ self.D)) @ self.B - J)

    def _forced(self, z, u):
        x, missing, flag = u
        return z + flag * (z @ self.E.T + (x + missing * (z @ self.B.T)) @ self.D.T - z)
