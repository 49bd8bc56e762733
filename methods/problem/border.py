"""What a user hands over, as computations want it: of the right shape, finite, and in the precision of the parameters."""

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
    """Of a training."""

    T: Count
    batch: Count
    block: Count


def sizes(**given) -> None:
    """Refuses what is no size."""
    for key, value in given.items():
        checked(Sizes, key, value, label="fit")


def dtype_of(params) -> jnp.dtype:
    """That of the parameters: the widest where they differ, jax's own where none has a fractional part."""
    dtype = jnp.result_type(*jax.tree.leaves(params))
    return dtype if jnp.issubdtype(dtype, jnp.floating) else jnp.result_type(float)


def sequences(params, x: Real[ArrayLike, "... T_plus_1 N"]) -> Float[Array, "... T_plus_1 N"]:
    """Data x_0 … x_T of one sequence or a batch, whatever kind of numbers they came as."""
    x, N = jnp.asarray(x, dtype_of(params)), params.observed_dim
    if x.ndim not in (2, 3) or x.shape[-2] < 2 or x.shape[-1] != N or x.shape[0] == 0:
        raise ValueError(f"x has shape {x.shape}; wanted (S, T+1, N) with S >= 1, T >= 1 and N = {N} as the model.")
    return x


def history(params, x: Real[ArrayLike, "... rows N"]) -> Float[Array, "... rows N"]:
    """The rows before a free run."""
    x, N = jnp.asarray(x, dtype_of(params)), params.observed_dim
    if x.ndim < 2 or x.shape[-2] == 0 or x.shape[-1] != N:
        raise ValueError(f"history has shape {x.shape}; wanted (..., rows, N) with a row at least and N = {N} as the model.")
    return x


def series(values: Real[ArrayLike, "..."], *, T: int, dtype, missing: str | None) -> Float[Array, "rows N"]:
    """What a model is trained on: T + 1 rows at least, finite but for NaN where a setting `missing` of its method says "mask"."""
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
    """Whole numbers that differ, one at least, each from 0 to 2³¹ − 1."""
    try:
        found = [operator.index(seed) for seed in given]
    except TypeError:
        raise ValueError(f"seeds = {given!r}: wanted a sequence of whole numbers, seeds = (0, 1, 2).") from None
    wrong = [seed for seed in found if not 0 <= seed < SEEDS]
    if wrong or not found or len(set(found)) < len(found):
        raise ValueError(f"seeds = {given!r}: wanted one or more whole numbers from 0 to {SEEDS - 1}, none of them twice.")
    return jnp.asarray(found)
