"""Free runs: what a model makes once the data end."""

from functools import partial

import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from methods.forcing import Forcing


@partial(jax.jit, static_argnums=(0, 3))
def free_run(forcing: Forcing, params, history: Float[ArrayLike, "... T_w N"], length: int) -> Float[Array, "... length N"]:
    """The read-out of `length` free steps after `history`.

    The state starts at B⁺x of the first row, runs forced through the history, is forced with its last row once more, and then
    sees no data. Step by step: without forcing there is nothing for a parallel solver to win. Depends on no solver, so that all
    methods of one forcing share one compiled program.
    """
    x = jnp.moveaxis(history, -2, 0)
    operators = forcing.operators(params.B, forcing.alpha)
    forced, free = params.forced(operators.E, operators.D), params.autonomous()
    z, _ = jax.lax.scan(lambda z, x: (forced(z, x), None), operators.teacher(x[0]), x[:-1])

    def step(z, _):
        z = free(z)
        return z, params.readout(z)

    _, generated = jax.lax.scan(step, operators.apply(z, x[-1]), length=length)
    return jnp.moveaxis(generated, 0, -2)
