"""The exact adjoint by windows that run side by side, in O(T M) memory and without a Jacobian.

The adjoint is linear, so it is summed in parts: every window runs backwards as if nothing came from later times, adding up its
parameter cotangents as it goes; then what arrives from the window behind runs on alone, until it has died out. Under forcing that
takes ℓ steps, not T. Nothing is dropped but what is below `tolerance` times the largest multiplier, and K sweeps are exact
whatever the map.
"""

import jax
import jax.numpy as jnp
from jax import lax

from methods.devices import SAME, Devices, dealt
from methods.maps import Problem
from methods.windows import Windows, block, put


def cotangents(problem: Problem, states, g, windows: Windows, devices: Devices, tolerance: float) -> Problem:
    """Cotangents of the problem for cotangents g `(T, ..., M)` of the states."""
    lanes = windows.cut(problem.previous(states)), windows.cut(problem.inputs), windows.cut(g, fill=0)

    def body(step, lanes):
        return _sum(windows, devices, step.lanes(), lanes, tolerance)

    results = SAME, dealt(lanes[1]), SAME
    d_step, d_inputs, d_z0 = devices.run(body, problem.step, lanes, results)
    d_z0 = d_z0.T.reshape(problem.z0.shape)
    return Problem(d_step, d_z0, windows.join(d_inputs), jax.tree.map(jnp.zeros_like, problem.coarse))


def _sum(windows, devices, step, lanes, tolerance):
    """Cotangents of the map, of this device's inputs, and of z_0."""
    S, C, length, sources = windows.S, windows.C, windows.block, lanes[2]

    def pull(carry, now):
        arriving, total = carry
        z, u, source = now
        arriving, total, d_u = step.pull(z, u, arriving if source is None else arriving + source, total)
        return (arriving, total), d_u

    nothing = jnp.zeros_like(sources[0])
    (arriving, total), d_inputs = lax.scan(pull, (nothing, step.nothing(nothing.shape[-1])), lanes, reverse=True)
    negligible = tolerance * devices.max(jnp.maximum(jnp.abs(sources).max(), jnp.abs(arriving).max()))

    def alive(arriving):
        return ~(jnp.abs(arriving).max() <= negligible)

    def turn(carry):
        at, arriving, total, d_inputs = carry
        at = at - length
        z, u = block(lanes[:2], at, length)
        (arriving, total), more = lax.scan(pull, (arriving, total), (z, u, None), reverse=True)
        d_inputs = put(d_inputs, jax.tree.map(jnp.add, block(d_inputs, at, length), more), at)
        return at, arriving, total, d_inputs

    def sweep(carry):
        sweeps, arriving, _, total, d_inputs, d_z0 = carry
        start = C, devices.backwards(arriving, S), total, d_inputs
        at, arriving, total, d_inputs = lax.while_loop(lambda carry: (carry[0] > 0) & alive(carry[1]), turn, start)
        arriving = jnp.where(at == 0, arriving, 0)  # else it died on the way
        return sweeps + 1, arriving, devices.any(alive(arriving)), total, d_inputs, d_z0 + devices.of_the_first(arriving, S)

    start = 1, arriving, devices.any(alive(arriving)), total, d_inputs, devices.of_the_first(arriving, S)
    _, _, _, total, d_inputs, d_z0 = lax.while_loop(lambda carry: (carry[0] < windows.K) & carry[2], sweep, start)
    return devices.sum(step.collect(total)), d_inputs, d_z0
