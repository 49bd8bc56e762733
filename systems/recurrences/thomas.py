"""Thomas's ring, and its observer."""

import dataclasses
from typing import ClassVar

import jax.numpy as jnp
from jaxtyping import Array, Float

from settings import Real
from systems.recurrences.euler import EulerFlow
from systems.recurrences.observer import Observer


@dataclasses.dataclass(frozen=True, kw_only=True)
class Thomas(EulerFlow):
    """Three variables that drive each other in a ring, `x' = -a x + b sin y`, and so on around."""

    summary: ClassVar[str] = "Thomas's ring of three sines"
    start: ClassVar[tuple[float, ...]] = (2.199442, 2.3634225, 3.220197)

    a: Real = 1.85
    b: Real = 10.0

    def field(self, z: Float[Array, "3"]) -> Float[Array, "3"]:
        return -self.a * z + self.b * jnp.sin(jnp.roll(z, -1))


@dataclasses.dataclass(frozen=True, kw_only=True)
class ThomasObserver(Observer, Thomas):
    """Thomas's ring observed: y fed in."""

    summary: ClassVar[str] = "observer of thomas, y fed in"
    replaced: ClassVar[tuple[int, ...]] = (1,)


RECURRENCES = {"thomas": Thomas, "thomas-observer": ThomasObserver}
