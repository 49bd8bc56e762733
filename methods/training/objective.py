"""The loss that every training minimises: the mean squared error of the read-out, and penalties."""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from methods.forcing import missing


class Aux(NamedTuple):
    """What comes beside the value of a loss: how each sequence `(S,)` was solved."""

    iterations: Int[Array, "..."]
    residual: Float[Array, "..."]
    code: Int[Array, "..."]  # index into `methods.problem.solution.STATUSES`


class Squares(NamedTuple):
    """The sum and the number of squared errors, kept apart so that parts of a sequence can be added before the mean is taken."""

    total: Float[Array, "..."]
    count: Float[Array, "..."]

    @property
    def mean(self):
        return self.total / jnp.maximum(self.count, 1)


def squares(params, states: Float[Array, "... steps M"], x: Float[Array, "... steps N"], seen=None) -> Squares:
    """Squared errors of the read-out of states against the data of the same steps.

    seen  (..., steps, N), 1 for values that count, else 0; None: all count

    A state that is not finite makes the sum not finite, even where it does not count.
    """
    error = params.readout(states) - x
    if seen is None:
        return Squares(jnp.sum(error**2), jnp.full((), error.size, error.dtype))
    return Squares(jnp.sum((seen * error) ** 2), jnp.sum(seen))


def loss(method, params, states: Float[Array, "... T M"], x: Float[Array, "... T_plus_1 N"]) -> Float[Array, ""]:
    """The loss of states z_1 … z_T, as they are before forcing, against x_1 … x_T; the first `warmup` steps do not count."""
    T, warmup = x.shape[-2] - 1, method.training.warmup
    if warmup >= T:
        raise ValueError(f"warmup = {warmup}: must be less than the T = {T} steps of the sequence.")
    x, gone = missing.split(method.forcing, x[..., warmup + 1 :, :])
    errors = squares(params, states[..., warmup:, :], x, None if gone is None else 1 - gone)
    return errors.mean + method.regularisation.penalty(params)
