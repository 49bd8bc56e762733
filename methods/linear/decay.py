"""The linear recurrence with a diagonal that is constant in time, `z_t = A z_{t-1} + u_t`.

Being linear, the solution is a sum: of what the inputs of a window of time do, and of what the state at its start does. So time
is cut into K windows that run side by side from 0; then the states at their starts follow one from the other, and are carried
through the windows by powers of A. Depth O(C + K) for windows of C steps, work and memory O(T M).

On a GPU every step of a loop is a launch, so there neighbouring steps are composed in a tree instead: depth O(log T).
"""

import jax.numpy as jnp
from jax import lax

from methods.layout import cost
from methods.layout.devices import Devices
from methods.linear import recurrence
from methods.linear.across import arriving


def decay(A, z0, u):
    """z_1 … z_T `(T, ..., M)` of `z_t = A z_{t-1} + u_t` for A `(M,)` and u `(T, ..., M)`."""
    return _in_a_tree(A, z0, u) if cost.here().scans else _in_windows(A, z0, u)


def _in_a_tree(A, z0, u):
    steady = jnp.broadcast_to(A, (u.shape[0], *[1] * (u.ndim - 2), *A.shape))  # the same for all sequences
    return recurrence.solve(steady, u.at[0].add(A * z0), scan="associative")


def _in_windows(A, z0, u):
    T = u.shape[0]
    K = max(1, round(T**0.5))
    C = -(-T // K)
    padded = jnp.concatenate([u, jnp.zeros_like(u, shape=(K * C - T, *u.shape[1:]))])
    windows = padded.reshape(K, C, *u.shape[1:]).swapaxes(0, 1)

    def step(z, u):
        z = A * z + u
        return z, z

    _, alone = lax.scan(step, jnp.zeros_like(windows[0]), windows)
    powers = jnp.cumprod(jnp.broadcast_to(A, (C, *A.shape)), axis=0)

    def hand_on(z, end):
        return powers[-1] * z + end, z

    _, arriving = lax.scan(hand_on, z0, alone[-1])
    powers = powers.reshape(C, *[1] * (u.ndim - 1), *A.shape)
    states = alone + powers * arriving
    return states.swapaxes(0, 1).reshape(K * C, *u.shape[1:])[:T]


def decay_across(A, z0, u, devices: Devices):
    """`decay` with time dealt out over devices, each with its own stretch of u: one all-gather of 2 M numbers a device.

    Differentiated, that becomes one reduce-scatter backwards, beside the sums over time that are the cotangents of A and z_0.
    """
    first = devices.place() == 0
    alone = decay(A, jnp.where(first, z0, 0), u)
    powers = jnp.cumprod(jnp.broadcast_to(A, (u.shape[0], *A.shape)), axis=0)
    start = arriving(devices, (jnp.broadcast_to(powers[-1], z0.shape), alone[-1]))
    powers = powers.reshape(u.shape[0], *[1] * (u.ndim - 2), *A.shape)
    return jnp.where(first, alone, alone + powers * start)
