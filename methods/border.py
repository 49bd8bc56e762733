"""What a user hands over, as computations want it: of the right shape, and in the precision of the model's parameters."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float, Real


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
