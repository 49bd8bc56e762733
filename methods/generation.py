"""Free runs: what a model makes once the data end."""

from functools import partial

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from methods import host
from methods.precision import precise


def free_run(forcing, params, history: Float[Array, "... T_w N"], length: int) -> Float[Array, "... length N"]:
    """The read-out of `length` free steps after `history`.

    A shPLRNN starts at B⁺x of the first row and runs forced through the history; a model that reads data reads all of it. The
    last row is the last datum used. Step by step, on the CPU: without data there is nothing for a parallel solver to win. Depends
    on no solver, so that all methods of one forcing share one compiled program.
    """
    return host.run(lambda *given: _free_run(forcing, *given, length), params, jnp.asarray(history))


@partial(jax.jit, static_argnums=(0, 3))
@precise()
def _free_run(forcing, params, history, length):
    state, free = params.warmed_up(forcing, jnp.moveaxis(history, -2, 0)), params.free()
    seen = lambda state: params.readout(params.visible(state))  # noqa: E731
    _, generated = jax.lax.scan(lambda state, _: (free(state), seen(state)), state, length=length)
    return jnp.moveaxis(generated, 0, -2)
