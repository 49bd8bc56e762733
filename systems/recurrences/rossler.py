"""Rössler's band, and its observer."""

import dataclasses
from typing import ClassVar

import jax.numpy as jnp
from jaxtyping import Array, Float

from settings import Real
from systems.recurrences.euler import EulerFlow
from systems.recurrences.observer import Observer


@dataclasses.dataclass(frozen=True, kw_only=True)
class Rossler(EulerFlow):
    """The simplest chaotic band, `x' = -y - z`, `y' = x + a y`, `z' = b + z (x - c)`."""

    summary: ClassVar[str] = "Rössler's band of chaos"
    start: ClassVar[tuple[float, ...]] = (6.5134412, 0.4772013, 0.34164294)

    a: Real = 0.2
    b: Real = 0.2
    c: Real = 5.7

    def field(self, z: Float[Array, "3"]) -> Float[Array, "3"]:
        x, y, z = z
        return jnp.stack([-y - z, x + self.a * y, self.b + z * (x - self.c)])


@dataclasses.dataclass(frozen=True, kw_only=True)
class RosslerObserver(Observer, Rossler):
    """Rössler's band observed: feedback of one measured sum alone.

    It follows the flow from nearby alone. From some starts, as those of seeds 2 and 3, it leaves the range of numbers after a few
    thousand steps, step by step as well.
    """

    summary: ClassVar[str] = "observer of rossler, feedback of one measured sum alone"
    replaced: ClassVar[tuple[int, ...]] = ()


RECURRENCES = {"rossler": Rossler, "rossler-observer": RosslerObserver}
