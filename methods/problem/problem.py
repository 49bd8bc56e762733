"""The problem every solver solves: `z[t] = F(z[t-1], u[t])` for all t at once.

Arrays are time first, then any batch axes, then components: states `(T, ..., M)`, inputs `(T, ..., ·)`, `z0 (..., M)`.
"""

from typing import Any, NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from methods.layout import blocks
from methods.problem.map import Map


class Evaluation(NamedTuple):
    """An iterate and what one sweep of the step tells about it."""

    states: Float[Array, "T ... M"]
    image: Float[Array, "T ... M"]  # F_t(z_{t-1})
    pattern: Any  # the linearisation at z_{t-1}

    @property
    def residual(self) -> Float[Array, "T ... M"]:
        return self.states - self.image


class Problem(NamedTuple):
    """A map, a first state and one input per time step. z0 is never part of the unknowns and never changes."""

    step: Map
    z0: Float[Array, "... M"]
    inputs: Any  # leading axis T
    coarse: Any = None  # `coarse.Parts`, what the map is made of, where a solver asks for it; never differentiated

    def previous(self, states: Float[Array, "T ... M"]) -> Float[Array, "T ... M"]:
        """z_0 … z_{T-1} for z_1 … z_T."""
        return jnp.concatenate([self.z0[None], states[:-1]])

    def evaluate(self, states: Float[Array, "T ... M"]) -> Evaluation:
        return Evaluation(states, *blocks.over(self.step.linearise, (self.previous(states), self.inputs)))
