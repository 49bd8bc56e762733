"""One long sequence cut into overlapping windows, for training decomposed in time: their data, and the states of one of them.

T = K C + δ steps. Window k covers steps kC + 1 … kC + C + δ. Its first δ steps are the overlap with window k − 1.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from methods.forcing import missing
from methods.problem import rollout


class Windowed(NamedTuple):
    """The data of one exchange, cut into windows."""

    whole: Float[Array, "T_plus_1 N"]
    x: Float[Array, "K rows N"]  # rows kC … kC + C + δ
    C: int
    overlap: int
    seen: Float[Array, "K C N"] | None  # 1 for values of a window's own part that count in its loss, else 0; None: all count


def windows(decomposition, x: Float[Array, "T_plus_1 N"], forcing=None) -> Windowed:
    """The data x_0 … x_T of all windows; values may be missing where `forcing` masks them."""
    C, overlap = decomposition.length(x.shape[0] - 1), decomposition.overlap
    first = jnp.arange(decomposition.windows)[:, None] * C
    filled, gone = missing.split(forcing, x)
    seen = None
    if decomposition.warmup > overlap or gone is not None:
        own = first + jnp.arange(overlap + 1, overlap + 1 + C)
        seen = jnp.broadcast_to((own > decomposition.warmup)[..., None], (*own.shape, x.shape[1])).astype(x.dtype)
        seen = seen if gone is None else seen * (1 - gone[own])
    return Windowed(x, filled[first + jnp.arange(C + overlap + 1)], C, overlap, seen)


def states(method, data: Windowed, drawn, params, z0: Float[Array, "M"], k) -> Float[Array, "steps M"]:
    """States of the C + δ steps of window k, step by step from z0.

    Its inputs are cut out of the problem of the whole sequence, so that a forcing that depends on time counts from one start.
    """
    problem, _ = method.problem(params, data.whole, **drawn)
    inputs = jax.tree.map(lambda leaf: lax.dynamic_slice_in_dim(leaf, k * data.C, data.C + data.overlap), problem.inputs)
    return rollout(problem._replace(z0=z0, inputs=inputs), getattr(method.solver, "unroll", 1))
