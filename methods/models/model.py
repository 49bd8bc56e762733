"""What a model must give to be trained by any method: the base classes of its parameters and of its sizes."""

import dataclasses
from typing import Any, ClassVar

import jax.numpy as jnp
from jaxtyping import Array, Float


class Model:
    """Parameters of a model: a pytree that can say what problem data pose to it, read states out, and run freely.

    Arrays are time first: data x_0 … x_T `(T+1, ..., N)`, states `(T, ..., M)`.
    """

    forcings: ClassVar[tuple[str, ...]]  # kinds of forcing that it can be trained with

    @property
    def observed_dim(self) -> int:
        """N, the number of variables of the data."""
        raise TypeError(f"{type(self).__name__} must define observed_dim.")

    def pose(self, forcing, x: Float[Array, "T_plus_1 ... N"], *, alpha, parts: bool = False, key=None, progress=None):
        """The problem that the data pose under `forcing`, and the teacher signal `(T, ..., M)`.

        The teacher signal is the state that the data of a step suggest, B⁺x for a read-out B z. First guesses are made of it.

        x         (T+1, ..., N), data x_0 … x_T
        alpha     forcing strength, may be traced
        parts     whether `Problem.coarse` is wanted
        key       for a forcing that draws; None: one fixed draw
        progress  share of the training that is over, for a forcing with a schedule; None: all of it
        """
        raise TypeError(f"{type(self).__name__} must define pose(forcing, x, ...).")

    def readout(self, z: Float[Array, "... M"]) -> Float[Array, "... N"]:
        """x̂, the prediction of the data."""
        raise TypeError(f"{type(self).__name__} must define readout(z).")

    def warmed_up(self, forcing, x: Float[Array, "rows ... N"], alpha=None) -> Any:
        """The state after a history, a pytree, whose read-out predicts the row after the last.

        x      (rows, ..., N), the history
        alpha  strength with which the history forces, for a model that is forced; None: what `forcing` says
        """
        raise TypeError(f"{type(self).__name__} must define warmed_up(forcing, x, alpha).")

    def free(self) -> Any:
        """The function `state ↦ next state` without data."""
        raise TypeError(f"{type(self).__name__} must define free().")

    def visible(self, state) -> Float[Array, "... M"]:
        """The part of a state of a free run that goes into the read-out."""
        return state

    def slow_part(self, slow: int) -> list:
        """The parameters that keep the last `slow` units from standing still; a penalty pulls them to 0 (`Regularisation`).

        A list of (values, their standard deviation at initialisation or 1).
        """
        raise TypeError(f"{type(self).__name__} has no slow units to regularise; set mar_weight = 0.")

    def to_unconstrained(self) -> "Model":
        """These parameters in the unbounded coordinates that training moves in."""
        return self

    def from_unconstrained(self) -> "Model":
        """The parameters, from the unbounded coordinates of training."""
        return self


class Shape:
    """Sizes of a model, as a frozen dataclass: what the `MODELS` of a file hold, and what makes first parameters."""

    forcings: ClassVar[tuple[str, ...]]  # of the model that it makes

    def init(self, key, observed_dim: int, dtype=jnp.float32) -> Model:
        """First parameters for data of `observed_dim` variables."""
        raise TypeError(f"{type(self).__name__} must define init(key, observed_dim, dtype).")


class Diagonal(Model):
    """A model with a diagonal A that training keeps below 1, by A = tanh(a), and a free map `autonomous()` of its states."""

    def free(self):
        return self.autonomous()

    def to_unconstrained(self) -> "Diagonal":
        """These parameters with a in place of A, where A = tanh(a). Infinite or NaN where |A| >= 1."""
        return dataclasses.replace(self, A=jnp.arctanh(self.A))

    def from_unconstrained(self) -> "Diagonal":
        """A = tanh(a), kept below 1 in size where rounding would make it 1, so that a trained model can be trained further."""
        limit = 1 - jnp.finfo(self.A.dtype).epsneg
        return dataclasses.replace(self, A=jnp.clip(jnp.tanh(self.A), -limit, limit))
