"""The flow of Arnold, Beltrami and Childress, and its observer."""

import dataclasses
from typing import ClassVar

import jax.numpy as jnp
from jaxtyping import Array, Float

from settings import Real
from systems.recurrences.euler import EulerFlow
from systems.recurrences.observer import Observer


@dataclasses.dataclass(frozen=True, kw_only=True)
class ABCFlow(EulerFlow):
    """Streamlines of a steady fluid, `x' = A sin z + C cos y`, `y' = B sin x + A cos z`, `z' = C sin y + B cos x`."""

    summary: ClassVar[str] = "chaotic streamlines of the Arnold–Beltrami–Childress flow"
    start: ClassVar[tuple[float, ...]] = (-0.78450179, -0.62887672, -0.17620268)

    A: Real = 1.73205
    B: Real = 1.41421
    C: Real = 1.0

    def field(self, z: Float[Array, "3"]) -> Float[Array, "3"]:
        x, y, z = z
        return jnp.stack(
            [
                self.A * jnp.sin(z) + self.C * jnp.cos(y),
                self.B * jnp.sin(x) + self.A * jnp.cos(z),
                self.C * jnp.sin(y) + self.B * jnp.cos(x),
            ]
        )


@dataclasses.dataclass(frozen=True, kw_only=True)
class ABCFlowObserver(Observer, ABCFlow):
    """The flow of Arnold, Beltrami and Childress observed: x and z fed in."""

    summary: ClassVar[str] = "observer of abc, x and z fed in"
    replaced: ClassVar[tuple[int, ...]] = (0, 2)


RECURRENCES = {"abc": ABCFlow, "abc-observer": ABCFlowObserver}
