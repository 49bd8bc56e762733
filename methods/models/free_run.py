"""Free runs: what a model does once the data end, which is what it is trained for and judged by."""

from functools import partial

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree
from jax.tree_util import Partial
from jaxtyping import Array, ArrayLike, Float

from methods.layout import host
from methods.layout.precision import precise


def free_run(forcing, params, history: Float[Array, "... rows N"], length: int, alpha=None) -> Float[Array, "... length N"]:
    """The read-out of `length` free steps after `history`, whose last row is the last datum used.

    A free run needs a state to start from, and data may show only part of it; the history is there to find the rest. A shPLRNN
    starts at B⁺x of the first row and runs through the history, forced by every row of it, with strength

        alpha            where it is given: what a training with an adaptive strength ended with, `Fit.alpha`
        forcing.alpha    for gtf and projected forcing; where the strength adapts, the estimate on the history
        1, projected     where training had no forcing: the observed part of the state is then the last datum, and the rest
                         follows from the rows before
        1, sparsely      for sparse forcing, as in training: at the last row and at every τ-th before it

    A model that reads data reads the whole history. The run goes step by step, on the CPU, as without data to force it a parallel
    solver has nothing to gain. It depends on no solver, so that all methods of one forcing share one compiled program.
    """
    return host.run(lambda *given: _free_run(forcing, *given, length), params, jnp.asarray(history), alpha)


def warmed_up(forcing, params, history: Float[ArrayLike, "... rows N"], alpha=None):
    """The state after `history` from which a free run starts; a pytree, whose form is the model's own."""
    more = {} if alpha is None else {"alpha": alpha}
    return params.warmed_up(forcing, jnp.moveaxis(history, -2, 0), **more)


def free_map(forcing, params, history: Float[ArrayLike, "rows N"], alpha=None):
    """The free-running map on flat states, one program for all parameters, and the flat state that follows a history."""
    state = warmed_up(forcing, params, history, alpha)
    return Partial(_flat_step, params, state), ravel_pytree(state)[0]


def _flat_step(params, like, z):
    """A free step of the flat state z of a state that is structured like `like`."""
    return ravel_pytree(params.free()(ravel_pytree(like)[1](z)))[0]


@partial(jax.jit, static_argnums=(0, 4))
@precise()
def _free_run(forcing, params, history, alpha, length):
    state, free = warmed_up(forcing, params, history, alpha), params.free()
    seen = lambda state: params.readout(params.visible(state))  # noqa: E731
    _, generated = jax.lax.scan(lambda state, _: (free(state), seen(state)), state, length=length)
    return jnp.moveaxis(generated, 0, -2)
