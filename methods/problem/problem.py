"""The problem that every solver solves: `z[t] = F(z[t-1], u[t])` for all t at once.

A model poses it from data (`Model.pose`), a solver finds the states, and the adjoint differentiates them; none of the three knows
the other two.

Arrays are time first, then any batch axes, then components: states `(T, ..., M)`, inputs `(T, ..., ·)`, `z0 (..., M)`.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from methods.layout import blocks
from methods.problem.map import Map
from methods.problem.stretch import ALL, Stretch


class Evaluation(NamedTuple):
    """An iterate, with its images and the linearisation there: what one sweep of the map gives, and all that a solver may use."""

    states: Float[Array, "T ... M"]
    image: Float[Array, "T ... M"]  # F_t(z_{t-1})
    pattern: Any  # what the linearisation at z_{t-1} needs to remember

    @property
    def residual(self) -> Float[Array, "T ... M"]:
        """How far each state is from the image of the state before it: 0 for a trajectory."""
        return self.states - self.image


class Problem(NamedTuple):
    """A map, a first state and one input per time step. z_0 is given: the unknowns are z_1 … z_T."""

    step: Map
    z0: Float[Array, "... M"]
    inputs: Any  # leaves with a leading axis T
    coarse: Any = None  # `coarse.Parts`, what the map is made of, if the solver asks for it; never differentiated
    stretch: Stretch = ALL  # which steps are at hand, where time is dealt out over devices (`problem.spread`)

    @property
    def shape(self) -> jax.ShapeDtypeStruct:
        """Shape `(T, ..., M)` and type of its states."""
        T = jax.tree.leaves(self.inputs)[0].shape[0]
        return jax.ShapeDtypeStruct((T, *self.z0.shape), self.z0.dtype)

    def previous(self, states: Float[Array, "T ... M"]) -> Float[Array, "T ... M"]:
        """z_0 … z_{T-1} for z_1 … z_T."""
        first = self.stretch.devices.before(self.z0, states[-1]) if self.stretch.shared else self.z0
        return jnp.concatenate([first[None], states[:-1]])

    def evaluate(self, states: Float[Array, "T ... M"]) -> Evaluation:
        """One sweep: the images and patterns at all T steps, block by block where that suits the device."""
        return Evaluation(states, *blocks.over(self.step.linearise, (self.previous(states), self.inputs)))
