"""Chua's circuit, and its observer."""

import dataclasses
from typing import ClassVar

import jax.numpy as jnp
from jaxtyping import Array, Float

from settings import Real
from systems.recurrences.euler import EulerFlow
from systems.recurrences.observer import Observer


@dataclasses.dataclass(frozen=True, kw_only=True)
class Chua(EulerFlow):
    """A circuit with a diode of three slopes, `x' = α (y - x - h(x))`, `y' = x - y + z`, `z' = -β y`.

    `h(x) = m1 x + (m0 - m1)/2 (|x + 1| - |x - 1|)`.
    """

    summary: ClassVar[str] = "Chua's electronic circuit"
    start: ClassVar[tuple[float, ...]] = (1.1262351, -0.11386474, -0.78324421)

    alpha: Real = 15.6
    beta: Real = 28.0
    m0: Real = -1.142857  # slope between -1 and 1
    m1: Real = -0.71429  # slope outside

    def field(self, z: Float[Array, "3"]) -> Float[Array, "3"]:
        x, y, z = z
        h = self.m1 * x + 0.5 * (self.m0 - self.m1) * (jnp.abs(x + 1) - jnp.abs(x - 1))
        return jnp.stack([self.alpha * (y - x - h), x - y + z, -self.beta * y])


@dataclasses.dataclass(frozen=True, kw_only=True)
class ChuaObserver(Observer, Chua):
    """Chua's circuit observed: y fed in."""

    summary: ClassVar[str] = "observer of chua, y fed in"
    replaced: ClassVar[tuple[int, ...]] = (1,)


RECURRENCES = {"chua": Chua, "chua-observer": ChuaObserver}
