"""What solvers on windows of time share: windows run side by side, get better starts, and run again until they meet old states.

Time is cut into K windows of C steps, side by side as lanes. A solver of this kind gives `restart`, the states that the windows
start from next; here is the rest: a sweep, the check of what is left between windows, leaving what has finished behind, and
devices.
"""

import dataclasses
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from methods.layout import compaction, cost
from methods.layout.devices import DEALT, SAME, Devices
from methods.layout.windows import Windows, block, put
from methods.problem import Problem
from methods.problem.solution import CONVERGED, DIVERGED, NOT_CONVERGED, Solution, largest, own_size
from methods.solvers.base import Solver, default_tolerance
from methods.solvers.sequential import Sequential
from settings import Count, Natural, Positive


class At(NamedTuple):
    """Where an iteration stands; lanes are the windows of this device."""

    starts: Any  # (M, lanes) of the last sweep
    states: Any  # (C, M, lanes) what it made
    jumps: Any  # (C / block, lanes) left at the ends of blocks, where sweeps met the states of the sweep before
    handed_on: Any  # (M, lanes) the end of the window before each
    kept: Any  # (..., lanes) what `restart` keeps from one sweep to the next
    size: Any  # (S,) 1 + max |z|
    residual: Any  # (S,)
    code: Any  # (S,)
    sweeps: Any  # (S,) that each sequence needed

    @property
    def running(self):
        return self.code == NOT_CONVERGED

    def of_lanes(self, function) -> "At":
        """With `function` of every leaf that has lanes."""
        lanes = ("starts", "states", "jumps", "handed_on", "kept")
        return self._replace(**{name: jax.tree.map(function, getattr(self, name)) for name in lanes})


class Given(NamedTuple):
    """What does not change: the problem in the form of windows, and where they lie."""

    windows: Windows
    devices: Devices
    problem: Problem  # inputs as lanes (C, ..., lanes), z0 as (M, S)


@dataclasses.dataclass(frozen=True)
class Relaxation(Solver):
    """No Jacobians of its own. Work O(T) per sweep, memory O(T M).

    The first sweep runs every window from the guess at its start. Later ones run only until all windows have met the states that
    are there: what forgets where it started meets them after ℓ ≈ log(error / tolerance) / |λ_f| steps. The residual is 0 but
    where one window ends and the next begins, and where states were met.
    """

    tolerance: Positive | None = None  # None: 1e-6 in float32, 1e-10 in float64
    max_iterations: Count | None = None  # None: K, after which K windows are exact
    window: Natural = 0  # C; 0: what takes least time on this device for the `memory` of the map
    memory: Count = cost.MEMORY  # ℓ, only used to choose the windows
    devices: Count = 1  # to spread the windows over

    @property
    def sweeps_per_update(self) -> int:
        return 1

    def keep(self, given: Given, starts):
        """What the first `restart` finds in `At.kept`."""
        return ()

    def restart(self, given: Given, at: At):
        """The next starts `(M, lanes)`, and what to keep."""
        raise TypeError(f"{type(self).__name__} must define restart(given, at).")

    def windows(self, guess) -> Windows:
        windows = Windows.of(guess, self.window, memory=self.memory, devices=self.devices)
        if self.window or self.sweeps_per_update == 1 or windows.K == 1:
            return windows
        # so that an update is no deeper than one of a single sweep
        return Windows.of(guess, -(-windows.C // self.sweeps_per_update), devices=self.devices)

    def solve(self, problem: Problem, guess) -> Solution:
        windows, devices = self.windows(guess), Devices(self.devices)
        if windows.K == 1:  # no start is guessed: one pass is exact
            solution = Sequential().solve(problem)
            return solution._replace(iterations=solution.evaluations)

        def body(everywhere, shares):
            before, starts, inputs = shares
            given = Given(windows, devices, everywhere._replace(inputs=windows.lanes(inputs)))
            states, *report = _iterate(self, given, before.reshape(-1), windows.columns(starts))
            return windows.apart(states), *report

        shares = windows.steps_before, windows.starts(problem.z0, guess), windows.rows(problem.inputs)
        everywhere = problem._replace(z0=windows.columns(problem.z0), inputs=None)
        states, *report = devices.run(body, everywhere, shares, (DEALT, SAME, SAME, SAME))
        sweeps, residual, code = (value.reshape(windows.batch) for value in report)
        return Solution(windows.join(states), -(-sweeps // self.sweeps_per_update), sweeps, residual, code)


def _iterate(solver: Relaxation, given: Given, before, starts):
    """States of this device's windows; sweeps, residual and code, `(S,)`."""
    windows, problem = given.windows, given.problem
    tolerance = default_tolerance(solver.tolerance, starts.dtype)
    batch = windows.batch and (windows.S,)
    cap = (windows.K if solver.max_iterations is None else solver.max_iterations) * solver.sweeps_per_update

    def going(at):
        return at.running.any() & (at.sweeps.max() < cap)

    def sweep(fixed, at):
        """Of those sequences that are left; lanes come and go as (windows, sequences)."""
        left = at.running.shape
        lanes = partial(_in_lanes, left)
        (z0, inputs, before), at = jax.tree.map(lanes, fixed), at.of_lanes(lanes)
        some = Given(dataclasses.replace(windows, batch=left), given.devices, problem._replace(z0=z0, inputs=inputs))
        return _sweep(solver, some, before, at, tolerance).of_lanes(partial(_apart, left))

    _, states = problem.step.lanes(starts.shape[-1]).run(starts, problem.inputs)
    jumps = jnp.zeros((windows.C // windows.block, starts.shape[-1]), states.dtype)
    at = _judge(given, before, (starts, states, jumps), solver.keep(given, starts), jnp.ones(batch, jnp.int32), tolerance)
    fixed = jax.tree.map(partial(_apart, batch), (problem.z0, problem.inputs, before))
    at = compaction.loop(going, sweep, fixed, at.of_lanes(partial(_apart, batch)), (-1, -1))
    # Finite states whose images are not: what diverged must not look like an answer.
    states = jnp.where((at.code == DIVERGED) & jnp.isfinite(at.size), jnp.nan, at.states)
    return _in_lanes(batch, states), at.sweeps, at.residual, at.code


def _apart(batch, leaf):
    """Lanes `(..., K·S)` as `(..., K, *batch)`."""
    return leaf.reshape(*leaf.shape[:-1], -1, *batch)


def _in_lanes(batch, leaf):
    """`(..., K, *batch)` as lanes `(..., K·S)`."""
    return leaf.reshape(*leaf.shape[: leaf.ndim - 1 - len(batch)], -1)


def _sweep(solver, given, before, at: At, tolerance) -> At:
    """Run the windows of running sequences again, from better starts."""
    windows, running = given.windows, at.running
    in_lanes = jnp.tile(running, at.starts.shape[-1] // windows.S)
    restarted, kept = solver.restart(given, at)
    starts = jnp.where(in_lanes, restarted, at.starts)
    real = windows.T - before
    fast = given.problem.step.lanes(starts.shape[-1])
    states, jumps = _rerun(fast, at, starts, given.problem.inputs, ~in_lanes, tolerance, windows.block, real)
    after = _judge(given, before, (starts, states, jumps), kept, at.sweeps + running, tolerance)
    frozen = {name: jnp.where(running, getattr(after, name), getattr(at, name)) for name in ("residual", "code")}
    return after._replace(**frozen)


def _judge(given, before, swept, kept, sweeps, tolerance) -> At:
    """What the states of a sweep are worth."""
    windows, devices, (step, first, inputs, _) = given
    starts, states, jumps = swept

    def per_sequence(values):
        """The largest over the windows of each sequence, on all devices; infinite where one is NaN."""
        values = jnp.where(jnp.isnan(values), jnp.inf, values)
        return devices.max(values.reshape(-1, windows.S).max(0)).reshape(sweeps.shape)

    handed_on = devices.forwards(first, states[-1])
    between = largest(step.lanes()(handed_on, jax.tree.map(lambda leaf: leaf[0], inputs)) - states[0], 0)
    up_to_T = states
    if windows.filled_up:  # what lies behind T says nothing about the states
        real = before + jnp.arange(windows.C)[:, None, None] < windows.T
        between, up_to_T = jnp.where(before < windows.T, between, 0), jnp.where(real, states, 0)
    size = 1 + per_sequence(largest(up_to_T, (0, 1)))
    residual = per_sequence(jnp.maximum(between, jumps.max(0)))
    finite = jnp.isfinite(residual) & jnp.isfinite(size)
    met = states[windows.block - 1 :: windows.block]  # where jumps are
    by_size = per_sequence(jnp.maximum(between / own_size(states[0], -2), (jumps / own_size(met, -2)).max(0)))
    code = jnp.where(finite, jnp.where(by_size <= tolerance, CONVERGED, NOT_CONVERGED), DIVERGED)
    return At(starts, states, jumps, handed_on, kept, size, jnp.where(finite, residual, jnp.nan), code, sweeps)


def _rerun(fast, at, z, inputs, finished, tolerance, length, real):
    """Run every window from its new start until it meets the states it had; the states, and the jumps left there.

    finished  lanes not to wait for; from their old starts they give their old states, or what is not a number, again
    real      steps of each window up to T; behind them there is nothing to meet
    """
    # A copy of the old states where they are looked at: read from `states` they would make XLA copy all of them in every turn.
    old = at.states[length - 1 :: length]

    def going(carry):
        row, _, _, _, met = carry
        return (row < old.shape[0]) & ~met

    def body(carry):
        row, z, states, jumps, _ = carry
        z, new = fast.run(z, block(inputs, row * length, length))
        there = old[row]
        near = (jnp.abs(z - there) <= tolerance * own_size(there, -2)).all(0)
        behind = (row + 1) * length > real
        follows = near | finished | behind
        jump = jnp.where(near & ~behind, jnp.abs(z - there).max(0), 0)
        z = jnp.where(follows, there, z)
        states = put(put(states, new, row * length), z[None], (row + 1) * length - 1)
        return row + 1, z, states, put(jumps, jump[None], row), follows.all()

    return lax.while_loop(going, body, (0, z, at.states, at.jumps, False))[2:4]
