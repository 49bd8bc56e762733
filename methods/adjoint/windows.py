"""The exact adjoint by windows that run side by side, without a Jacobian.

The adjoint is linear in the cotangents of the states, so it can be summed in parts. First every window runs backwards as if
nothing came from later times. Then what leaves a window at its start is handed to the window before it, runs through that one, is
handed on again, and so forth until it has died out. Under forcing it dies out after ℓ steps, not T. Nothing is dropped but what
is below `tolerance` times the largest multiplier, and after K sweeps the result is exact whatever the map.

Three forms give equal cotangents. `all_at_once` adds up those of the parameters in the same passes, in O(T M) memory. Where what
is handed on runs far, `multipliers_first` is cheaper: it finds the multipliers alone and sums the cotangents once, from them.
`one_each` is for one window on each of several devices.
"""

from typing import Any, NamedTuple

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
    """Cotangents as of `all_at_once`, summed once, when all multipliers λ_1 … λ_T are known; a device keeps its own of them."""

    def body(everywhere, shares):
        shares = _with_previous(devices, everywhere, shares)
        before, inputs, g = windows.lanes(shares)
        step = everywhere[0].lanes(g.shape[-1])
        passes = _Passes(step, step.patterns(before, inputs), windows.block)
        leaving, multipliers = passes.alone(g)
        multipliers, d_z0 = _hand_on(windows, devices, passes.add, leaving, multipliers, g, tolerance)
        rows = jax.tree.map(_flat, (*shares[:2], windows.apart(multipliers)))
        d_step, d_inputs = blocks.pull(everywhere[0], *rows, of_inputs)
        return devices.sum(d_step), d_z0, jax.tree.map(lambda leaf: leaf.reshape(-1, windows.C, *leaf.shape[1:]), d_inputs)

    return _run(body, problem, states, g, windows, devices)


class _Passes(NamedTuple):
    """Passes backwards through the windows of one device, side by side, that find multipliers `(C, M, lanes)`."""

    step: Any  # the map in lanes
    patterns: Any  # its linearisation at every step
    block: int

    def alone(self, g):
        """As if nothing came from later windows: what leaves at the start of every window `(M, lanes)`, and multipliers."""

        def back(arriving, now):
            g, pattern = now
            multiplier = g + self.step.flip(arriving)
            return self.step.back(pattern, self.step.flip(multiplier)), multiplier

        return self._scan(back, jnp.zeros_like(g[0]), (g, self.patterns))

    def add(self, at, arriving, multipliers):
        """One block of steps from `at` on, with what `arrives` behind it added to the multipliers that it passes."""

        def back(arriving, now):
            multiplier, pattern = now
            return self.step.back(pattern, arriving), multiplier + self.step.flip(arriving)

        arriving, passed = self._scan(back, arriving, block((multipliers, self.patterns), at, self.block))
        return arriving, put(multipliers, passed, at)

    def _scan(self, back, arriving, now):
        leaving, found = lax.scan(back, self.step.flip(arriving), now, reverse=True)
        return self.step.flip(leaving), found


def one_each(problem: Problem, states, g, windows: Windows, devices: Devices, tolerance: float, of_inputs: bool) -> Problem:
    """Cotangents as of `all_at_once`, where each device has one window and goes through it step by step."""

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


class _Handed(NamedTuple):
    """Where the handing on stands after some sweeps."""

    sweeps: Any
    leaving: Any  # (M, lanes) what leaves at the start of every window, and arrives in the one before
    any_left: Any  # whether some of it is worth handing on, on any device
    sums: Any
    first: Any  # (M, S) what has left the very first window so far


def _hand_on(windows, devices, add, leaving, sums, sources, tolerance):
    """Hand what leaves every window to the window before it, again and again, until it has died out.

    In every sweep all windows run at once, each backwards over its steps, and adds what it was handed to its sums. Under forcing
    what is handed on shrinks by the factor of C steps in each sweep; after K sweeps it has passed all windows.

    add      `add(at, arriving, sums)` for the block of steps from `at` on: what arrives before the block, and the sums with it
    sources  cotangents of the states, whose size says what is negligible
    Returns the sums, and what leaves the very first window `(M, S)`.
    """
    S, C, length = windows.S, windows.C, windows.block
    negligible = tolerance * devices.max(jnp.maximum(jnp.abs(sources).max(), jnp.abs(leaving).max()))

    def alive(arriving):
        return ~(jnp.abs(arriving).max() <= negligible)  # NaN is

    def through_the_windows(arriving, sums):
        def going(carry):
            at, arriving, _ = carry
            return (at > 0) & alive(arriving)

        def through_a_block(carry):
            at, arriving, sums = carry
            return at - length, *add(at - length, arriving, sums)

        at, leaving, sums = lax.while_loop(going, through_a_block, (C, arriving, sums))
        return jnp.where(at == 0, leaving, 0), sums  # else it died on the way

    def sweep(now: _Handed):
        leaving, sums = through_the_windows(devices.backwards(now.leaving, S), now.sums)
        first = now.first + devices.of_the_first(leaving, S)
        return _Handed(now.sweeps + 1, leaving, devices.any(alive(leaving)), sums, first)

    start = _Handed(1, leaving, devices.any(alive(leaving)), sums, devices.of_the_first(leaving, S))
    end = lax.while_loop(lambda now: (now.sweeps < windows.K) & now.any_left, sweep, start)
    return end.sums, end.first
