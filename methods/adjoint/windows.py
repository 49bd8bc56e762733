"""The exact adjoint by windows that run side by side, without a Jacobian.

The adjoint is linear, so it is summed in parts: every window runs backwards as if nothing came from later times; then what
arrives from the window behind runs on alone, until it has died out. Under forcing that takes ℓ steps, not T. Nothing is dropped
but what is below `tolerance` times the largest multiplier, and K sweeps are exact whatever the map.

`all_at_once` adds up the parameter cotangents in the same passes, in O(T M) memory. Where what arrives runs on for long, it is
cheaper to find the `multipliers_first`, keeping the pattern of the linearised map, and to sum the cotangents once, from them.
"""

import jax
import jax.numpy as jnp
from jax import lax

from methods.adjoint import stepwise
from methods.layout import blocks
from methods.layout.devices import DEALT, SAME, Devices
from methods.layout.windows import Windows, block, put
from methods.problem import Problem


def all_at_once(problem: Problem, states, g, windows: Windows, devices: Devices, tolerance: float, of_inputs: bool) -> Problem:
    """Cotangents of the problem for cotangents g `(T, ..., M)` of the states; those of its inputs where wanted, else None."""

    def body(everywhere, shares):
        step, lanes = everywhere[0].lanes(), windows.lanes(_with_previous(devices, everywhere, shares))

        def pull(carry, now):
            arriving, total = carry
            z, u, source = now
            arriving, total, d_u = step.pull(z, u, arriving if source is None else arriving + source, total)
            return (arriving, total), d_u if of_inputs else None

        def alone(at, arriving, sums):
            total, d_inputs = sums
            now = block(lanes[:2], at, windows.block)
            (arriving, total), more = lax.scan(pull, (arriving, total), (*now, None), reverse=True)
            more = jax.tree.map(jnp.add, block(d_inputs, at, windows.block), more)
            return arriving, (total, put(d_inputs, more, at))

        nothing = jnp.zeros_like(lanes[2][0])
        (arriving, total), d_inputs = lax.scan(pull, (nothing, step.nothing(nothing.shape[-1])), lanes, reverse=True)
        (total, d_inputs), d_z0 = _hand_on(windows, devices, alone, arriving, (total, d_inputs), lanes[2], tolerance)
        return devices.sum(step.collect(total)), d_z0, windows.apart(d_inputs)

    return _run(body, problem, states, g, windows, devices)


def multipliers_first(
    problem: Problem, states, g, windows: Windows, devices: Devices, tolerance: float, of_inputs: bool
) -> Problem:
    """The same; of the multipliers λ_1 … λ_T each device keeps its own."""

    def body(everywhere, shares):
        shares = _with_previous(devices, everywhere, shares)
        before, inputs, g = windows.lanes(shares)
        step = everywhere[0].lanes(g.shape[-1])
        patterns = step.patterns(before, inputs)

        def pull(arriving, now):
            multiplier, pattern = now
            multiplier = multiplier + step.turn(arriving)
            return step.back(pattern, step.turn(multiplier)), multiplier

        def pull_alone(arriving, now):
            multiplier, pattern = now
            return step.back(pattern, arriving), multiplier + step.turn(arriving)

        def run(pull, arriving, now):
            arriving, found = lax.scan(pull, step.turn(arriving), now, reverse=True)
            return step.turn(arriving), found

        def alone(at, arriving, found):
            arriving, more = run(pull_alone, arriving, block((found, patterns), at, windows.block))
            return arriving, put(found, more, at)

        arriving, found = run(pull, jnp.zeros_like(g[0]), (g, patterns))
        found, d_z0 = _hand_on(windows, devices, alone, arriving, found, g, tolerance)
        rows = jax.tree.map(_flat, (*shares[:2], windows.apart(found)))
        d_step, d_inputs = blocks.pull(everywhere[0], *rows, of_inputs)
        return devices.sum(d_step), d_z0, jax.tree.map(lambda leaf: leaf.reshape(-1, windows.C, *leaf.shape[1:]), d_inputs)

    return _run(body, problem, states, g, windows, devices)


def one_each(problem: Problem, states, g, windows: Windows, devices: Devices, tolerance: float, of_inputs: bool) -> Problem:
    """The same with one window on each device, which goes through it step by step; all cotangents in the same passes."""

    def body(everywhere, shares):
        before, inputs, g = jax.tree.map(_flat, _with_previous(devices, everywhere, shares))

        def back(now, g, total):
            leaving, total, d_inputs = stepwise.run(everywhere[0], *now, g, total, of_inputs)
            return windows.columns(leaving), total, d_inputs

        def alone(at, arriving, sums):
            total, d_inputs = sums
            at_the_end = jnp.zeros_like(g[: windows.block]).at[-1].set(arriving.T.reshape(g.shape[1:]))
            arriving, total, more = back(block((before, inputs), at, windows.block), at_the_end, total)
            more = jax.tree.map(jnp.add, block(d_inputs, at, windows.block), more)
            return arriving, (total, put(d_inputs, more, at))

        arriving, *sums = back((before, inputs), g, jax.tree.map(jnp.zeros_like, everywhere[0]))
        (total, d_inputs), d_z0 = _hand_on(windows, devices, alone, arriving, tuple(sums), g, tolerance)
        return devices.sum(total), d_z0, jax.tree.map(lambda leaf: leaf[None], d_inputs)

    return _run(body, problem, states, g, windows, devices)


def _run(body, problem, states, g, windows, devices):
    """`body` of the map and z_0, and of each device's windows of states, inputs and cotangents."""
    shares = windows.rows(states), windows.rows(problem.inputs), windows.rows(g, fill=0)
    d_step, d_z0, d_inputs = devices.run(body, (problem.step, problem.z0), shares, (SAME, SAME, DEALT))
    return Problem(d_step, d_z0.T.reshape(problem.z0.shape), windows.join(d_inputs))


def _with_previous(devices, everywhere, shares):
    """`shares` with the states before every step in place of those after it."""
    (_, z0), (states, *rest) = everywhere, shares
    after = _flat(states)
    before = jnp.concatenate([devices.before(z0, after[-1])[None], after[:-1]])
    return before.reshape(states.shape), *rest


def _flat(rows):
    """`(k, C, ...)` as `(k·C, ...)`."""
    return rows.reshape(-1, *rows.shape[2:])


def _hand_on(windows, devices, alone, arriving, sums, sources, tolerance):
    """Run on alone what arrives at the end of each window, window after window, until it has died out.

    alone  `alone(at, arriving, sums)`, a block of steps from `at` on: what arrives before it, and the sums with it
    Returns the sums, and what arrives before the very first step `(M, S)`.
    """
    S, C, length = windows.S, windows.C, windows.block
    negligible = tolerance * devices.max(jnp.maximum(jnp.abs(sources).max(), jnp.abs(arriving).max()))

    def alive(arriving):
        return ~(jnp.abs(arriving).max() <= negligible)

    def turn(carry):
        at, arriving, sums = carry
        return at - length, *alone(at - length, arriving, sums)

    def sweep(carry):
        sweeps, arriving, _, sums, first = carry
        start = C, devices.backwards(arriving, S), sums
        at, arriving, sums = lax.while_loop(lambda carry: (carry[0] > 0) & alive(carry[1]), turn, start)
        arriving = jnp.where(at == 0, arriving, 0)  # else it died on the way
        return sweeps + 1, arriving, devices.any(alive(arriving)), sums, first + devices.of_the_first(arriving, S)

    start = 1, arriving, devices.any(alive(arriving)), sums, devices.of_the_first(arriving, S)
    _, _, _, sums, first = lax.while_loop(lambda carry: (carry[0] < windows.K) & carry[2], sweep, start)
    return sums, first
