"""The exact adjoint by windows that run side by side, without a Jacobian.

Step by step, the adjoint takes T steps one after the other, each too small to fill a CPU or GPU. K windows that run backwards
side by side take T / K. What stands in the way is that the multiplier at the end of a window comes from the window after it.

The way out is that the adjoint is linear in the cotangents of the states, so that it can be summed in parts. In the first sweep
every window runs backwards as if nothing came from later windows. The cotangent that leaves it at its start is the correction
which the window before it lacked: in the next sweep that window runs backwards once more with the correction alone, adds the
result to its sums, and hands the correction on, until it has died out. Under forcing that takes ℓ steps, the memory of the
map, not T. A correction is dropped once it is below `tolerance` times the largest multiplier; after K sweeps it has passed all
windows, so that the result is exact whatever the map.

Three forms give equal cotangents:

    all_at_once        adds up the cotangents of the parameters during the passes: O(T M) memory
    multipliers_first  finds the multipliers alone and sums the cotangents once, from them: cheaper where corrections run far
    one_each           has one window on each of several devices
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from methods.adjoint import stepwise
from methods.layout import blocks, cost
from methods.layout.devices import DEALT, SAME, Devices
from methods.layout.windows import Windows, block, put
from methods.problem import Problem


def all_at_once(problem: Problem, states, g, windows: Windows, devices: Devices, tolerance: float, of_inputs: bool) -> Problem:
    """Cotangents of the problem; those of the parameters are added up in the very passes that find the multipliers.

    states, g  (T, ..., M), the trajectory and the cotangents of its states
    tolerance  a correction is dropped below this share of the largest multiplier
    of_inputs  whether the cotangents of the inputs are wanted, else they are None
    """

    def body(everywhere, shares):
        step, lanes = everywhere[0].lanes(), windows.lanes(_with_previous(devices, everywhere, shares))

        def pull(carry, element):
            arriving, total = carry
            z, u, source = element
            arriving, total, d_u = step.pull(z, u, arriving if source is None else arriving + source, total)
            return (arriving, total), d_u if of_inputs else None

        def add(at, arriving, sums):
            total, d_inputs = sums
            elements = block(lanes[:2], at, windows.block)
            (arriving, total), more = lax.scan(pull, (arriving, total), (*elements, None), reverse=True)
            more = jax.tree.map(jnp.add, block(d_inputs, at, windows.block), more)
            return arriving, (total, put(d_inputs, more, at))

        nothing = jnp.zeros_like(lanes[2][0])
        (arriving, total), d_inputs = lax.scan(pull, (nothing, step.nothing(nothing.shape[-1])), lanes, reverse=True)
        (total, d_inputs), d_z0 = _hand_on(windows, devices, add, arriving, (total, d_inputs), lanes[2], tolerance)
        return devices.sum(step.collect(total)), d_z0, windows.apart(d_inputs)

    return _run(body, problem, states, g, windows, devices)


def multipliers_first(
    problem: Problem, states, g, windows: Windows, devices: Devices, tolerance: float, of_inputs: bool
) -> Problem:
    """Cotangents of the problem, summed once, when all multipliers λ_1 … λ_T are known. Arguments as for `all_at_once`.

    A step that corrections pass many times is then only paid for once in full: passes cost a product Jᵀλ, and no sum over
    parameters. Each device keeps the multipliers of its own windows.
    """

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
    """Passes backwards through the windows of one device, side by side, that find multipliers `(C, M, lanes)`.

    `arriving` and `leaving` are the cotangents `(M, lanes)` of the state at the end and at the start of the steps passed.
    """

    step: Any  # the map in lanes
    patterns: Any  # its linearisation at every step
    block: int  # steps

    def alone(self, g):
        """The first sweep, as if later windows had no influence.

        g  (C, M, lanes), cotangents of the states
        Returns the cotangent that leaves each window at its start `(M, lanes)`, and the multipliers.
        """

        def back(arriving, element):
            g, pattern = element
            multiplier = g + self.step.flip(arriving)
            return self.step.back(pattern, self.step.flip(multiplier)), multiplier

        return self._scan(back, jnp.zeros_like(g[0]), (g, self.patterns))

    def add(self, at, arriving, multipliers):
        """Carry a correction back through the block of steps that begins at `at`, and add it to the multipliers there.

        Returns the correction as it leaves the block, and all multipliers.
        """

        def back(arriving, element):
            multiplier, pattern = element
            return self.step.back(pattern, arriving), multiplier + self.step.flip(arriving)

        arriving, passed = self._scan(back, arriving, block((multipliers, self.patterns), at, self.block))
        return arriving, put(multipliers, passed, at)

    def _scan(self, back, arriving, elements):
        leaving, multipliers = lax.scan(back, self.step.flip(arriving), elements, reverse=True, unroll=cost.unroll())
        return self.step.flip(leaving), multipliers


def one_each(problem: Problem, states, g, windows: Windows, devices: Devices, tolerance: float, of_inputs: bool) -> Problem:
    """Cotangents of the problem where each device has one window. Arguments as for `all_at_once`.

    Lanes would hold one window each and gain nothing, so a device goes through its window by the blocks of `stepwise`.
    """

    def body(everywhere, shares):
        before, inputs, g = jax.tree.map(_flat, _with_previous(devices, everywhere, shares))

        def back(steps, g, total):
            leaving, total, d_inputs = stepwise.run(everywhere[0], *steps, g, total, of_inputs)
            return windows.columns(leaving), total, d_inputs

        def add(at, arriving, sums):
            total, d_inputs = sums
            at_the_end = jnp.zeros_like(g[: windows.block]).at[-1].set(arriving.T.reshape(g.shape[1:]))
            arriving, total, more = back(block((before, inputs), at, windows.block), at_the_end, total)
            more = jax.tree.map(jnp.add, block(d_inputs, at, windows.block), more)
            return arriving, (total, put(d_inputs, more, at))

        arriving, *sums = back((before, inputs), g, jax.tree.map(jnp.zeros_like, everywhere[0]))
        (total, d_inputs), d_z0 = _hand_on(windows, devices, add, arriving, tuple(sums), g, tolerance)
        return devices.sum(total), d_z0, jax.tree.map(lambda leaf: leaf[None], d_inputs)

    return _run(body, problem, states, g, windows, devices)


def _run(body, problem, states, g, windows, devices):
    """Run `body` on every device, with its windows of states, inputs and cotangents, and put the results together again."""
    shares = windows.rows(states), windows.rows(problem.inputs), windows.rows(g, fill=0)
    d_step, d_z0, d_inputs = devices.run(body, (problem.step, problem.z0), shares, (SAME, SAME, DEALT))
    return Problem(d_step, d_z0.T.reshape(problem.z0.shape), windows.join(d_inputs))


def _with_previous(devices, everywhere, shares):
    """`shares`, with the state before every step in place of the state after it."""
    (_, z0), (states, *rest) = everywhere, shares
    after = _flat(states)
    before = jnp.concatenate([devices.before(z0, after[-1])[None], after[:-1]])
    return before.reshape(states.shape), *rest


def _flat(rows):
    """`(k, C, ...)` as `(k·C, ...)`."""
    return rows.reshape(-1, *rows.shape[2:])


class _Handed(NamedTuple):
    """How far corrections have been handed on after some sweeps."""

    sweeps: Any
    leaving: Any  # (M, lanes) the correction that leaves each window at its start, for the window before it
    any_left: Any  # whether any correction, on any device, is still large enough to be handed on
    sums: Any  # what the passes add up
    first: Any  # (M, S) all that has left the very first window so far: the cotangent of z_0


def _hand_on(windows, devices, add, leaving, sums, sources, tolerance):
    """Hand the correction that leaves every window to the window before it, again and again, until all have died out.

    In every sweep all windows run backwards at once, each with the correction that it was handed, and add it to their sums. Under
    forcing a correction shrinks on its way, by the factor of C steps in each sweep; after K sweeps it has passed all windows.

    add      `add(at, arriving, sums)` takes a correction back through the block of steps that begins at `at`, and returns the
             correction as it leaves the block, and the sums
    leaving  (M, lanes), the corrections after the first sweep
    sources  cotangents of the states, whose size says what is negligible
    Returns the sums, and the cotangent of z_0 `(M, S)`.
    """
    S, C, length = windows.S, windows.C, windows.block
    negligible = tolerance * devices.max(jnp.maximum(jnp.abs(sources).max(), jnp.abs(leaving).max()))

    def alive(arriving):
        return ~(jnp.abs(arriving).max() <= negligible)  # written so that NaN counts as alive

    def through_the_windows(arriving, sums):
        def going(carry):
            at, arriving, _ = carry
            return (at > 0) & alive(arriving)

        def through_a_block(carry):
            at, arriving, sums = carry
            return at - length, *add(at - length, arriving, sums)

        at, leaving, sums = lax.while_loop(going, through_a_block, (C, arriving, sums))
        return jnp.where(at == 0, leaving, 0), sums  # at > 0: it died out inside the window

    def sweep(handed: _Handed):
        leaving, sums = through_the_windows(devices.backwards(handed.leaving, S), handed.sums)
        first = handed.first + devices.of_the_first(leaving, S)
        return _Handed(handed.sweeps + 1, leaving, devices.any(alive(leaving)), sums, first)

    start = _Handed(1, leaving, devices.any(alive(leaving)), sums, devices.of_the_first(leaving, S))
    end = lax.while_loop(lambda handed: (handed.sweeps < windows.K) & handed.any_left, sweep, start)
    return end.sums, end.first
