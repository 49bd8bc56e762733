"""Sprott's case B, and its observer."""

import dataclasses
from typing import ClassVar

import jax.numpy as jnp
from jaxtyping import Array, Float

from systems.recurrences.euler import EulerFlow
from systems.recurrences.observer import Observer


@dataclasses.dataclass(frozen=True, kw_only=True)
class SprottB(EulerFlow):
    """Chaos from five terms, `x' = y z`, `y' = x - y`, `z' = 1 - x y`."""

    summary: ClassVar[str] = "Sprott's case B, chaos from two products"
    start: ClassVar[tuple[float, ...]] = (1.6878282, 1.4848132, -0.53706628)

    def field(self, z: Float[Array, "3"]) -> Float[Array, "3"]:
        x, y, z = z
        return jnp.stack([y * z, x - y, 1 - x * y])


@dataclasses.dataclass(frozen=True, kw_only=True)
class SprottBObserver(Observer, SprottB):
    """Sprott's case B observed: y fed in."""

    summary: ClassVar[str] = "observer of sprott-b, y fed in"
    replaced: ClassVar[tuple[int, ...]] = (1,)


RECURRENCES = {"sprott-b": SprottB, "sprott-b-observer": SprottBObserver}
