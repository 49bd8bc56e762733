"""Lorenz-96 with a slow periodic drive that is not observed."""

import dataclasses
from typing import Annotated, ClassVar

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from pydantic import Field

from references import Reference
from references.papers import HESS2026
from settings import Count, Natural, NonNegative, Positive, Real
from systems.checks import SPLITS
from systems.flow import Flow

LORENZ1996 = Reference(
    key="lorenz1996",
    kind="inproceedings",
    author=("Edward N. Lorenz",),
    title="Predictability: a problem partly solved",
    booktitle="Proceedings of the Seminar on Predictability",
    publisher="European Centre for Medium-Range Weather Forecasts",
    year=1996,
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class ForcedLorenz96(Flow):
    """A ring of N variables, `x_i' = (x_{i+1} - x_{i-2}) x_{i-1} - x_i + F + A sin(ω t)`, ω = 2π / (period · dt).

    Dimensionless. With the defaults the drive leads the ring through chaos and regular cycles within each period of 1000 steps:
    the mean of the largest exponent is 0.58 per unit time, a Lyapunov time 34 steps, and negative for a third of the period.
    To predict, a model must remember the phase of a drive that it does not see. Every orbit starts at F + N(0, 1). The drive
    starts at phase 0 in the training orbit of seed 0, at a phase of its own in every other. Lorenz 1996; driven and unobserved as
    in arXiv:2605.12683, whose constants are not readable: these are free choices.
    """

    name: ClassVar[str] = "forced-lorenz96"
    summary: ClassVar[str] = "a ring of chaotic variables with a slow periodic drive that is not observed"
    references: ClassVar[tuple[Reference, ...]] = (LORENZ1996, HESS2026)

    dt: Positive = 0.05
    transient: Natural = 2000
    noise: NonNegative = 0.05
    sites: Annotated[int, Field(ge=4)] = 5  # N; each needs three others
    force: Real = 8.0  # F
    amplitude: Real = 4.0  # A
    period: Count = 1000  # steps of dt

    @property
    def variables(self) -> tuple[str, ...]:
        return tuple(f"x{i + 1}" for i in range(self.sites))

    @property
    def omega(self) -> float:
        """Angular frequency of the drive."""
        return 2 * np.pi / (self.period * self.dt)

    def field(self, t: Float[Array, ""], y: Float[Array, "dim"]) -> Float[Array, "dim"]:
        advection = (jnp.roll(y, -1) - jnp.roll(y, 2)) * jnp.roll(y, 1)
        return advection - y + self.force + self.amplitude * jnp.sin(self.omega * t)

    def initial_state(self, seed: int, split: str) -> Float[np.ndarray, "dim"]:
        return self.force + _draws(seed, split).standard_normal(self.sites)

    def initial_time(self, seed: int, split: str) -> float:
        """The time within its period at which the drive is at the start of the orbit, before the transient."""
        if (seed, split) == (0, "train"):
            return 0.0
        draws = _draws(seed, split)
        draws.standard_normal(self.sites)
        return float(draws.uniform(0, self.period * self.dt))

    def drive(self, T: int, seed: int = 0, split: str = "train") -> Float[np.ndarray, "T"]:
        """`F + A sin(ω t)` along the first T rows of the orbit of this seed and split."""
        t = self.initial_time(seed, split) + (self.transient + np.arange(T)) * self.dt
        return self.force + self.amplitude * np.sin(self.omega * t)


def _draws(seed: int, split: str) -> np.random.Generator:
    return np.random.default_rng([seed, SPLITS.index(split)])


SYSTEMS = {"forced-lorenz96": ForcedLorenz96}
