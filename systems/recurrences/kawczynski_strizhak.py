"""The oscillator of Kawczyński and Strizhak, and its observer."""

import dataclasses
from typing import ClassVar

import jax.numpy as jnp
from jaxtyping import Array, Float

from settings import Real
from systems.recurrences.euler import EulerFlow
from systems.recurrences.observer import Observer


@dataclasses.dataclass(frozen=True, kw_only=True)
class KawczynskiStrizhak(EulerFlow):
    """An oscillating reaction, `x' = γ (y - x³ + 3 μ x)`, `y' = -2 μ x - y - z + β`, `z' = κ (x - z)`."""

    summary: ClassVar[str] = "a chemical oscillator with mixed modes, by Kawczyński and Strizhak"
    start: ClassVar[tuple[float, ...]] = (-1.160501, 5.8636902, -1.2031947)

    beta: Real = -0.4
    gamma: Real = 0.49
    kappa: Real = 0.2
    mu: Real = 2.1

    def field(self, z: Float[Array, "3"]) -> Float[Array, "3"]:
        x, y, z = z
        return jnp.stack(
            [
                self.gamma * (y - x**3 + 3 * self.mu * x),
                -2 * self.mu * x - y - z + self.beta,
                self.kappa * (x - z),
            ]
        )


@dataclasses.dataclass(frozen=True, kw_only=True)
class KawczynskiStrizhakObserver(Observer, KawczynskiStrizhak):
    """The oscillator of Kawczyński and Strizhak observed: x and y fed in."""

    summary: ClassVar[str] = "observer of kawczynski-strizhak, x and y fed in"
    replaced: ClassVar[tuple[int, ...]] = (0, 1)


RECURRENCES = {"kawczynski-strizhak": KawczynskiStrizhak, "kawczynski-strizhak-observer": KawczynskiStrizhakObserver}
