"""Checks of what a user hands over: arrays come out in the right shape, finite, and in the precision of the parameters.

All public calls pass their data through here, so that a wrong shape, a NaN or a seed that is no number ends in an error that
names it, and the code behind need not look again.
"""

import dataclasses
import operator

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float, Int, Real

from settings import Count, checked

SEEDS = 2**31  # a seed is less: more bits would not reach every generator


@dataclasses.dataclass(frozen=True)
class Sizes:
    """Sizes of a training, as settings to be checked."""

    T: Count
    batch: Count
    block: Count


def sizes(**given) -> None:
    """Raise an error that names it for a size that is no whole number from 1 on."""
    for key, value in given.items():
        checked(Sizes, key, value, label="fit")


def dtype_of(params) -> jnp.dtype:
    """The precision of the parameters: the widest where they differ, jax's default where all are whole numbers."""
    dtype = jnp.result_type(*jax.tree.leaves(params))
    return dtype if jnp.issubdtype(dtype, jnp.floating) else jnp.result_type(float)


def sequences(params, x: Real[ArrayLike, "... T_plus_1 N"]) -> Float[Array, "... T_plus_1 N"]:
    """Data x_0 … x_T of one sequence or a batch, of any kind of numbers, in the precision of the parameters."""
    x, N = jnp.asarray(x, dtype_of(params)), params.observed_dim
    if x.ndim not in (2, 3) or x.shape[-2] < 2 or x.shape[-1] != N or x.shape[0] == 0:
        raise ValueError(f"x has shape {x.shape}; wanted (S, T+1, N) with S >= 1, T >= 1 and N = {N} as the model.")
    return x


def history(params, x: Real[ArrayLike, "... rows N"]) -> Float[Array, "... rows N"]:
    """The rows of data before a free run, in the precision of the parameters."""
    x, N = jnp.asarray(x, dtype_of(params)), params.observed_dim
    if x.ndim < 2 or x.shape[-2] == 0 or x.shape[-1] != N:
        raise ValueError(f"history has shape {x.shape}; wanted (..., rows, N) with a row at least and N = {N} as the model.")
    return x


def series(values: Real[ArrayLike, "..."], *, T: int, dtype, missing: str | None) -> Float[Array, "rows N"]:
    """The series that a model is trained on, with at least T + 1 rows. All values must be finite.

    missing  "mask": NaN is allowed, and marks a missing value; None for a method without this setting
    """
    values = jnp.asarray(values, dtype)
    if values.ndim != 2 or values.shape[0] < T + 1:
        raise ValueError(f"series has shape {values.shape}; wanted (rows, N) with at least T + 1 = {T + 1} rows.")
    bad = ~np.isfinite(values)
    if missing == "mask" and not np.isnan(values).all():
        bad &= ~np.isnan(values)
    if bad.any():
        row = int(bad.any(1).argmax())
        mask = ', or set missing = "mask" to train on what is there around NaN' if missing == "refuse" else ""
        raise ValueError(
            f"series: row {row} (from 0) is {values[row].tolist()} in {values.dtype}, the first of {int(bad.any(1).sum())} "
            f"that are not finite. Leave them out or fill them in{mask}."
        )
    return values


def seeds(given) -> Int[Array, "seeds"]:
    """The seeds as an array; an error unless they are one or more whole numbers from 0 to 2³¹ − 1, all different."""
    try:
        numbers = [operator.index(seed) for seed in given]
    except TypeError:
        raise ValueError(f"seeds = {given!r}: wanted a sequence of whole numbers, seeds = (0, 1, 2).") from None
    wrong = [seed for seed in numbers if not 0 <= seed < SEEDS]
    if wrong or not numbers or len(set(numbers)) < len(numbers):
        raise ValueError(f"seeds = {given!r}: wanted one or more whole numbers from 0 to {SEEDS - 1}, none of them twice.")
    return jnp.asarray(numbers)
