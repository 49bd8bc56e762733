"""The exact adjoint by windows that run side by side, in O(T M) memory and without a Jacobian.

The adjoint is linear, so it is summed in parts: every window runs backwards as if nothing came from later times, adding up its
parameter cotangents as it goes; then what arrives from the window behind runs on alone, until it has died out. Under forcing that
takes ℓ steps, not T. Nothing is dropped but what is below rounding, and K sweeps are exact whatever the map.
"""

import jax
import jax.numpy as jnp
from jax import lax

from methods import windows
from methods.maps import Problem


def cotangents(problem: Problem, states, g, window: int) -> Problem:
    """Cotangents of the problem for cotangents g `(T, ..., M)` of the states."""
    T = states.shape[0]
    C = windows.window_length(T, max(1, states[0, ..., 0].size), window)
    length = windows.block_length(C)
    given = windows.cut((problem.previous(states), problem.inputs), C)
    arriving_at_end = jnp.zeros_like(given[0][0])
    K = arriving_at_end.shape[0]
    sources = windows.cut(jnp.concatenate([g, jnp.zeros((K * C - T, *g.shape[1:]), g.dtype)]), C)

    def pull(carry, now):
        arriving, total, largest = carry
        (previous, u), source = now
        multiplier = arriving if source is None else arriving + source
        _, pull = jax.vjp(lambda step, z, u: step(z, u), problem.step, previous, u)
        d_step, arriving, d_u = pull(multiplier)
        total = jax.tree.map(jnp.add, total, d_step)
        return (arriving, total, jnp.maximum(largest, jnp.abs(multiplier).max())), d_u

    nothing = jax.tree.map(jnp.zeros_like, problem.step)
    start = (arriving_at_end, nothing, jnp.zeros((), g.dtype))
    (arriving, total, largest), d_inputs = lax.scan(pull, start, (given, sources), reverse=True)
    negligible = jnp.finfo(g.dtype).eps * largest

    def alive(arriving):
        return ~(jnp.abs(arriving).max() <= negligible)

    def block(carry):
        at, arriving, total, d_inputs = carry
        at = at - length
        (arriving, total, _), more = lax.scan(
            pull, (arriving, total, largest), (windows.block(given, at, length), None), reverse=True
        )
        d_inputs = windows.put(d_inputs, jax.tree.map(jnp.add, windows.block(d_inputs, at, length), more), at)
        return at, arriving, total, d_inputs

    def sweep(carry):
        sweeps, arriving, total, d_inputs, d_z0 = carry
        handed_on = jnp.concatenate([arriving[1:], jnp.zeros_like(arriving[:1])])
        at, arriving, total, d_inputs = lax.while_loop(
            lambda carry: (carry[0] > 0) & alive(carry[1]), block, (C, handed_on, total, d_inputs)
        )
        arriving = jnp.where(at == 0, arriving, 0)  # else it died on the way
        return sweeps + 1, arriving, total, d_inputs, d_z0 + arriving[0]

    _, _, total, d_inputs, d_z0 = lax.while_loop(
        lambda carry: (carry[0] < K) & alive(carry[1][1:]) if K > 1 else False,
        sweep,
        (1, arriving, total, d_inputs, arriving[0]),
    )
    return Problem(total, d_z0, windows.join(d_inputs, T))
