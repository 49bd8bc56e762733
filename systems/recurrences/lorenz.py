"""Lorenz's convection, and its observer."""

import dataclasses
from typing import ClassVar

import jax.numpy as jnp
from jaxtyping import Array, Float

from settings import Real
from systems.recurrences.euler import EulerFlow
from systems.recurrences.observer import Observer


@dataclasses.dataclass(frozen=True, kw_only=True)
class Lorenz(EulerFlow):
    """Chaotic convection, `x' = σ (y - x)`, `y' = x (ρ - z) - y`, `z' = x y - β z`.

    Fed y, its observer contracts by itself: x and z then decay at rates σ and β.
    """

    summary: ClassVar[str] = "chaotic convection in three variables, in Euler steps"
    start: ClassVar[tuple[float, ...]] = (-9.7869288, -15.03852, 20.533978)

    sigma: Real = 10.0
    rho: Real = 28.0
    beta: Real = 8 / 3

    def field(self, z: Float[Array, "3"]) -> Float[Array, "3"]:
        x, y, z = z
        return jnp.stack([self.sigma * (y - x), x * (self.rho - z) - y, x * y - self.beta * z])


@dataclasses.dataclass(frozen=True, kw_only=True)
class LorenzObserver(Observer, Lorenz):
    """Lorenz's convection observed: y fed in."""

    summary: ClassVar[str] = "observer of lorenz, y fed in"
    replaced: ClassVar[tuple[int, ...]] = (1,)


RECURRENCES = {"lorenz": Lorenz, "lorenz-observer": LorenzObserver}
