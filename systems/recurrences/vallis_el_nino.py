"""Vallis's model of El Niño, and its observer."""

import dataclasses
from typing import ClassVar

import jax.numpy as jnp
from jaxtyping import Array, Float

from settings import Real
from systems.recurrences.euler import EulerFlow
from systems.recurrences.observer import Observer


@dataclasses.dataclass(frozen=True, kw_only=True)
class VallisElNino(EulerFlow):
    """Wind and sea temperatures in the Pacific, `x' = b y - c (x + p)`, `y' = x z - y`, `z' = 1 - z - x y`."""

    summary: ClassVar[str] = "Vallis's model of El Niño"
    start: ClassVar[tuple[float, ...]] = (-6.99286331487343, 0.023254276622294345, -0.1658177563067799)

    b: Real = 102.0
    c: Real = 3.0
    p: Real = 0.0  # trade wind

    def field(self, z: Float[Array, "3"]) -> Float[Array, "3"]:
        x, y, z = z
        return jnp.stack([self.b * y - self.c * (x + self.p), x * z - y, 1 - z - x * y])


@dataclasses.dataclass(frozen=True, kw_only=True)
class VallisElNinoObserver(Observer, VallisElNino):
    """Vallis's model of El Niño observed: y fed in."""

    summary: ClassVar[str] = "observer of vallis-el-nino, y fed in"
    replaced: ClassVar[tuple[int, ...]] = (1,)


RECURRENCES = {"vallis-el-nino": VallisElNino, "vallis-el-nino-observer": VallisElNinoObserver}
