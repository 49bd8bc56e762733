"""Flows in Euler steps, as in Table 1 of Gonzalez et al. 2025: a subclass adds `start`, its parameters and `field`."""

import dataclasses
from typing import ClassVar, NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Float

from references import Reference
from references.papers import PREDICTABILITY
from settings import Positive
from systems.recurrences.family import ByValue, Family, direction
from systems.recurrences.recurrence import Recurrence

GILPIN2021 = Reference(
    key="gilpin2021",
    kind="inproceedings",
    author=("William Gilpin",),
    title="Chaos as an interpretable benchmark for forecasting and data-driven modelling",
    booktitle="Advances in Neural Information Processing Systems",
    year=2021,
    eprint="2110.05266",
)


class Draws(NamedTuple):
    """What is drawn for a flow and for its observer, from one generator and in this order."""

    guess: Float[np.ndarray, "T dim"]
    perturbation: Float[np.ndarray, "dim"]  # by which an observer starts beside the flow
    tangent: Float[np.ndarray, "dim"]
    feedback: Float[np.ndarray, "dim"]  # c of an observer


@dataclasses.dataclass(frozen=True, kw_only=True)
class EulerFlow(Family):
    """`z_t = z_{t-1} + dt field(z_{t-1})`, autonomous: the input of a step means nothing.

    Parameters and first states are those of Gonzalez et al. 2025, arXiv:2508.16817, Table 1, which has them from dysts (Gilpin
    2021). The orbit starts on the attractor and is the same for all seeds, which differ in the guess alone.
    """

    references: ClassVar[tuple[Reference, ...]] = (PREDICTABILITY, GILPIN2021)

    dt: Positive = 0.01

    def field(self, z: Float[Array, "dim"]) -> Float[Array, "dim"]:
        """The time derivative of z, traceable by JAX."""
        raise TypeError(f"{type(self).__name__} must define field(z).")

    def step(self, z: Float[Array, "dim"], u) -> Float[Array, "dim"]:
        return z + self.dt * self.field(z)

    def draw(self, T: int, seed: int = 0) -> Recurrence:
        """The flow, with a guess and a tangent. They depend on T as well: it is one generator that draws the guess first."""
        draws, z0 = self.draws(T, seed), np.asarray(self.start, np.float64)
        inputs = self.inputs(T, np.random.default_rng(seed))
        return Recurrence(jax.tree_util.Partial(ByValue(self)), z0, inputs, draws.guess, draws.tangent, self.dt)

    def draws(self, T: int, seed: int) -> Draws:
        """All that is random, the same for the flow and its observer."""
        self.check(T, seed)
        rng, dim = np.random.default_rng(seed), len(self.start)
        return Draws(rng.standard_normal((T, dim)), rng.standard_normal(dim), direction(rng, dim), rng.standard_normal(dim))
