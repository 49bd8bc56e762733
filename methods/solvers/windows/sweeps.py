"""One sweep of windows that run side by side, and the residual and status of the states that it made.

A state inside a window is the image of the state before it, so its residual is 0. Residuals are left in two places only: between
windows, where one ends and the next begins, and inside a window where a sweep met the states of the sweep before it (`At.jumps`).
So a sweep is judged without evaluating the map at all T steps once more.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from methods.layout.devices import Devices
from methods.layout.windows import Windows, block, put
from methods.problem import Problem
from methods.problem.solution import CONVERGED, DIVERGED, NOT_CONVERGED, largest, own_size


class At(NamedTuple):
    """Where an iteration stands after a sweep; lanes are the windows of this device, K of each sequence."""

    starts: Any  # (M, lanes) from which the last sweep ran
    states: Any  # (C, M, lanes) that it made
    jumps: Any  # (C / block, lanes) residuals at the ends of blocks, where sweeps met the states of the sweep before
    handed_on: Any  # (M, lanes) where the window before each one ends
    kept: Any  # (..., lanes) what `restart` carries from one sweep to the next
    size: Any  # (S,) 1 + max |z|
    residual: Any  # (S,)
    code: Any  # (S,) the status
    sweeps: Any  # (S,) that each sequence has needed

    @property
    def running(self):
        return self.code == NOT_CONVERGED

    def of_lanes(self, function) -> "At":
        """This with `function` applied to every leaf that has lanes."""
        lanes = ("starts", "states", "jumps", "handed_on", "kept")
        return self._replace(**{name: jax.tree.map(function, getattr(self, name)) for name in lanes})


class Given(NamedTuple):
    """What stays fixed from sweep to sweep: the problem in the form of windows, and where they lie."""

    windows: Windows
    devices: Devices
    problem: Problem  # inputs as lanes (C, ..., lanes), z0 as (M, S)
    before: Any  # (lanes,) time steps before each window


def first(given: Given, starts, kept, tolerance) -> At:
    """The first sweep: every window runs from its start `(M, lanes)` over all C steps."""
    windows, problem = given.windows, given.problem
    _, states = problem.step.lanes(starts.shape[-1]).run(starts, problem.inputs)
    jumps = jnp.zeros((windows.C // windows.block, starts.shape[-1]), states.dtype)
    sweeps = jnp.ones(windows.batch and (windows.S,), jnp.int32)
    return _judged(given, starts, states, jumps, kept, sweeps, tolerance)


def again(given: Given, at: At, restarted, kept, tolerance) -> At:
    """A later sweep: the windows of sequences that still run start anew, and run until they meet the states of the sweep before.

    restarted  (M, lanes), the new starts
    kept       what the solver carries to its next `restart`
    """
    windows, running = given.windows, at.running
    in_lanes = jnp.tile(running, at.starts.shape[-1] // windows.S)
    starts = jnp.where(in_lanes, restarted, at.starts)
    states, jumps = _until_they_meet(given, at, starts, ~in_lanes, tolerance)
    after = _judged(given, starts, states, jumps, kept, at.sweeps + running, tolerance)
    frozen = {name: jnp.where(running, getattr(after, name), getattr(at, name)) for name in ("residual", "code")}
    return after._replace(**frozen)


class _Run(NamedTuple):
    """A sweep under way, before its block number `row`."""

    row: Any
    z: Any  # (M, lanes) the state of each window
    states: Any  # (C, M, lanes) new ones before the block, old ones from it on
    jumps: Any  # (C / block, lanes)
    met: Any  # whether all windows have met old states


def _until_they_meet(given, at, starts, finished, tolerance):
    """Run the windows until all have met old states; the states after the sweep, and the jumps that it left.

    Every window runs block after block. After each block its state is compared with the old state at that step. Where the two
    agree to the tolerance, the window has met its old states: it takes the old state and leaves the small difference as a jump.
    Once all windows have met theirs in one block, the old states that follow need no new computation, and the sweep ends.

    starts    (M, lanes)
    finished  (lanes,), windows not to wait for, as their sequence has stopped; they only repeat their old states
    """
    length, inputs = given.windows.block, given.problem.inputs
    fast = given.problem.step.lanes(starts.shape[-1])
    real = given.windows.T - given.before  # steps of each window up to T; behind them there is nothing to meet
    # A copy of the old states that are compared with: read from `states`, they would make XLA copy all states in every turn.
    old = at.states[length - 1 :: length]

    def going(run: _Run):
        return (run.row < old.shape[0]) & ~run.met

    def through_a_block(run: _Run):
        z, new = fast.run(run.z, block(inputs, run.row * length, length))
        old_z = old[run.row]
        near = (jnp.abs(z - old_z) <= tolerance * own_size(old_z, -2)).all(0)
        behind_T = (run.row + 1) * length > real
        follows = near | finished | behind_T
        jump = jnp.where(near & ~behind_T, jnp.abs(z - old_z).max(0), 0)
        z = jnp.where(follows, old_z, z)
        states = put(put(run.states, new, run.row * length), z[None], (run.row + 1) * length - 1)
        return _Run(run.row + 1, z, states, put(run.jumps, jump[None], run.row), follows.all())

    end = lax.while_loop(going, through_a_block, _Run(0, starts, at.states, at.jumps, False))
    return end.states, end.jumps


def _judged(given, starts, states, jumps, kept, sweeps, tolerance) -> At:
    """The outcome of a sweep: its states, with the largest residual of each sequence and its status."""
    windows, devices = given.windows, given.devices

    def per_sequence(values):
        """The largest over the windows of each sequence, on all devices; infinite where one is NaN."""
        values = jnp.where(jnp.isnan(values), jnp.inf, values)
        return devices.max(values.reshape(-1, windows.S).max(0)).reshape(sweeps.shape)

    handed_on = devices.forwards(given.problem.z0, states[-1])
    between, up_to_T = _without_the_filling(given, _between(given, handed_on, states), states)
    size = 1 + per_sequence(largest(up_to_T, (0, 1)))
    residual = per_sequence(jnp.maximum(between, jumps.max(0)))
    where_jumps_are = states[windows.block - 1 :: windows.block]
    by_size = between / own_size(states[0], -2), (jumps / own_size(where_jumps_are, -2)).max(0)
    meets_the_rule = per_sequence(jnp.maximum(*by_size)) <= tolerance
    finite = jnp.isfinite(residual) & jnp.isfinite(size)
    code = jnp.where(finite, jnp.where(meets_the_rule, CONVERGED, NOT_CONVERGED), DIVERGED)
    return At(starts, states, jumps, handed_on, kept, size, jnp.where(finite, residual, jnp.nan), code, sweeps)


def _between(given, handed_on, states):
    """The residual of the first state of every window `(lanes,)`."""
    step, inputs = given.problem.step, given.problem.inputs
    return largest(step.lanes()(handed_on, jax.tree.map(lambda leaf: leaf[0], inputs)) - states[0], 0)


def _without_the_filling(given, between, states):
    """`between` and `states`, with 0 in windows and at steps behind T, which say nothing about the solution."""
    windows, before = given.windows, given.before
    if not windows.filled_up:
        return between, states
    real = before + jnp.arange(windows.C)[:, None, None] < windows.T
    return jnp.where(before < windows.T, between, 0), jnp.where(real, states, 0)
