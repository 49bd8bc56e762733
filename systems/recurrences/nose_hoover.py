"""The oscillator of Nosé and Hoover, and its observer."""

import dataclasses
from typing import ClassVar

import jax.numpy as jnp
from jaxtyping import Array, Float

from settings import Real
from systems.recurrences.euler import EulerFlow
from systems.recurrences.observer import Observer


@dataclasses.dataclass(frozen=True, kw_only=True)
class NoseHoover(EulerFlow):
    """An oscillator with a thermostat, `x' = y`, `y' = -x + y z`, `z' = a - y²`.

    It conserves volume on average, so that errors neither die out nor spread out of bounds.
    """

    summary: ClassVar[str] = "an oscillator in a heat bath, after Nosé and Hoover"
    start: ClassVar[tuple[float, ...]] = (-1.9758582, 0.24647527, 0.79024299)

    a: Real = 1.5  # temperature

    def field(self, z: Float[Array, "3"]) -> Float[Array, "3"]:
        x, y, z = z
        return jnp.stack([y, -x + y * z, self.a - y**2])


@dataclasses.dataclass(frozen=True, kw_only=True)
class NoseHooverObserver(Observer, NoseHoover):
    """The oscillator of Nosé and Hoover observed: x and z fed in."""

    summary: ClassVar[str] = "observer of nose-hoover, x and z fed in"
    replaced: ClassVar[tuple[int, ...]] = (0, 2)


RECURRENCES = {"nose-hoover": NoseHoover, "nose-hoover-observer": NoseHooverObserver}
