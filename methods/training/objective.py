"""What every training minimises: the mean squared error of the read-out where it is looked at, and penalties."""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from methods.forcing import missing


class Aux(NamedTuple):
    """What a loss reports beside its value: how each sequence `(S,)` was solved."""

    iterations: Int[Array, "..."]
    residual: Float[Array, "..."]
    code: Int[Array, "..."]  # index into `methods.problem.solution.STATUSES`


class Squares(NamedTuple):
    """Squared errors added up, and how many they are: sums of both over the parts of a sequence make its mean."""

    total: Float[Array, "..."]
    count: Float[Array, "..."]

    @property
    def mean(self):
        return self.total / jnp.maximum(self.count, 1)


def squares(params, states: Float[Array, "... steps M"], x: Float[Array, "... steps N"], seen=None) -> Squares:
    """Of the read-out of states beside the data of the same steps; `seen` is 1 where they count, else 0.

    A state that is not finite makes the sum so, even where nobody sees it.
    """
    error = params.readout(states) - x
    if seen is None:
        return Squares(jnp.sum(error**2), jnp.full((), error.size, error.dtype))
    return Squares(jnp.sum((seen * error) ** 2), jnp.sum(seen))


def loss(method, params, states: Float[Array, "... T M"], x: Float[Array, "... T_plus_1 N"]) -> Float[Array, ""]:
    """That of un-forced states z_1 … z_T under data x_0 … x_T; the first `warmup` steps are not looked at."""
    T, warmup = x.shape[-2] - 1, method.training.warmup
    if warmup >= T:
        raise ValueError(f"warmup = {warmup}: must be less than the T = {T} steps of the sequence.")
    x, gone = missing.split(method.forcing, x[..., warmup + 1 :, :])
    found = squares(params, states[..., warmup:, :], x, None if gone is None else 1 - gone)
    return found.mean + method.regularisation.penalty(params)
