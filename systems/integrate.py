"""Orbits of ordinary differential equations by an adaptive Runge-Kutta 4/5 pair (Dormand-Prince)."""

import functools

import jax
import numpy as np
from jax.experimental.ode import odeint
from jaxtyping import Float

RTOL, ATOL = 1e-8, 1e-10
# Rows per compiled call. Orbits of every length share one program, and a longer orbit starts with the shorter one.
BLOCK = 10_000


def integrate(flow, start: Float[np.ndarray, "dim"], length: int, t0: float = 0.0) -> Float[np.ndarray, "length dim"]:
    """States of `y' = flow.field(t, y)` at t = t0, t0 + dt, ..., t0 + (length - 1) dt; row 0 is `start`.

    In double precision on the CPU, whatever the global x64 flag and the default device. Time and memory O(length). The integrator
    adapts its steps (rtol 1e-8, atol 1e-10) and interpolates between them. Raises `ValueError` where an orbit is not finite any
    more. Dormand and Prince, J. Comput. Appl. Math. 6, 1980.
    """
    pieces = [np.asarray(start, dtype=np.float64)[None]]
    with jax.enable_x64(True), jax.default_device(jax.local_devices(backend="cpu")[0]):
        for first in range(0, length - 1, BLOCK):
            times = t0 + np.arange(first, first + BLOCK + 1) * flow.dt
            states, finite = map(np.asarray, _block(flow, pieces[-1][-1], times))
            if not finite.all():
                row = first + int(finite.argmin())
                raise ValueError(f'system "{flow.name}": not finite after {row} steps of dt = {flow.dt:g}. Parameters: {flow}.')
            pieces.append(states[1:])
    return np.concatenate(pieces)[:length]


@functools.partial(jax.jit, static_argnums=0)
def _block(flow, start, times):
    """States at `times`, and whether state and field are finite there.

    The field is looked at because after a NaN in it `odeint` stops stepping, and extrapolates finite states without a word.
    """
    states = odeint(lambda y, t: flow.field(t, y), start, times, rtol=RTOL, atol=ATOL)
    slopes = jax.vmap(flow.field)(times, states)
    return states, jax.numpy.isfinite(states + slopes).all(axis=1)
