"""What solvers on windows of time share: windows run side by side, get better starts, and run again until they meet old states.

Step by step, T steps go one after the other, each too small to fill a CPU or GPU. Cut into K windows of C steps that run side by
side as lanes, there are only C steps one after the other; but the state in which a window starts is at first a guess. Solvers of
this kind differ in one thing, how the next starts follow from the last sweep, which they give as `restart`. The rest is here and
in `sweeps`: the sweeps, the residual that is left, leaving behind sequences that have stopped, and several devices.
"""

import dataclasses
from functools import partial
from typing import ClassVar

import jax
import jax.numpy as jnp

from methods.layout import compaction, cost
from methods.layout.devices import DEALT, SAME, Devices
from methods.layout.windows import Windows
from methods.predictability import laws
from methods.predictability.outlook import Outlook
from methods.problem import Problem
from methods.problem.solution import DIVERGED, Solution
from methods.solvers.base import Solver, default_tolerance
from methods.solvers.sequential import Sequential
from methods.solvers.windows import sweeps
from methods.solvers.windows.sweeps import At, Given
from settings import Count, Natural, Positive


@dataclasses.dataclass(frozen=True)
class Relaxation(Solver):
    """Windows that run again from better starts. Work O(T) per sweep, memory O(T M), no Jacobian.

    The first sweep runs every window from the guess at its start, over all C steps. A later sweep may stop early: as the forced
    map forgets where it started, a window that starts anew comes back to the states of the sweep before after
    ℓ ≈ log(error / tolerance) / |λ_f| steps, and from there on those need not be computed again. The residual is therefore 0
    except where one window ends and the next begins, and where a sweep has met old states.
    """

    looks_at: ClassVar[float] = 0.25  # a sweep is no more than the map at each step

    tolerance: Positive | None = None  # None: 1e-6 in float32, 1e-10 in float64
    max_iterations: Count | None = None  # None: K, after which K windows are exact
    window: Natural = 0  # C; 0: what takes least time on this device for the `memory` of the map
    memory: Count = cost.MEMORY  # ℓ, only used to choose the windows
    devices: Count = 1  # to spread the windows over

    @property
    def sweeps_per_update(self) -> int:
        """Sweeps in one iteration."""
        return 1

    def keep(self, given: Given, starts):
        """What the first `restart` finds in `At.kept`: nothing, unless a solver carries something from sweep to sweep."""
        return ()

    def restart(self, given: Given, at: At):
        """The states `(M, lanes)` that the windows start from next, and what to carry in `At.kept`."""
        raise TypeError(f"{type(self).__name__} must define restart(given, at).")

    def windows(self, guess) -> Windows:
        windows = Windows.of(guess, self.window, memory=self.memory, devices=self.devices)
        if self.window or self.sweeps_per_update == 1 or windows.K == 1:
            return windows
        # Shorter windows, so that an iteration of several sweeps is no deeper than one of a single sweep.
        return Windows.of(guess, -(-windows.C // self.sweeps_per_update), devices=self.devices)

    def expected(self, outlook: Outlook, accuracy) -> laws.Forecast:
        windows = self.windows(outlook.whole)
        steps = laws.memory(outlook, laws.to_lose(outlook, accuracy))
        return laws.sweeping(steps, windows.C, windows.K, self.sweeps_per_update)

    def solve(self, problem: Problem, guess) -> Solution:
        windows, devices = self.windows(guess), Devices(self.devices)
        if windows.K == 1:  # it starts at z_0, not at a guess: one sweep is exact
            solution = Sequential().solve(problem)
            return solution._replace(iterations=solution.evaluations)

        def body(everywhere, shares):
            before, starts, inputs = shares
            given = Given(windows, devices, everywhere._replace(inputs=windows.lanes(inputs)), before.reshape(-1))
            states, *report = _iterate(self, given, windows.columns(starts))
            return windows.apart(states), *report

        shares = windows.steps_before, windows.starts(problem.z0, guess), windows.rows(problem.inputs)
        everywhere = problem._replace(z0=windows.columns(problem.z0), inputs=None)
        states, *report = devices.run(body, everywhere, shares, (DEALT, SAME, SAME, SAME))
        taken, residual, code = (value.reshape(windows.batch) for value in report)
        return Solution(windows.join(states), -(-taken // self.sweeps_per_update), taken, residual, code)


def _iterate(solver: Relaxation, given: Given, starts):
    """Sweep until every sequence has stopped, or the cap is reached.

    Sequences that have stopped are left behind by `compaction.loop`, which wants the sequences as an axis of their own. So lanes
    `(..., K·S)` come apart as `(..., K, S)` between two sweeps, and lie side by side again within one.

    starts  (M, lanes), the guess at the start of each window of this device
    Returns the states of this device's windows `(C, M, lanes)`, and sweeps, residual and code `(S,)`.
    """
    windows = given.windows
    tolerance = default_tolerance(solver.tolerance, starts.dtype)
    batch = windows.batch and (windows.S,)
    cap = (windows.K if solver.max_iterations is None else solver.max_iterations) * solver.sweeps_per_update

    def going(at: At):
        return at.running.any() & (at.sweeps.max() < cap)

    def sweep(fixed, at: At):
        left = at.running.shape
        side_by_side = partial(_side_by_side, left)
        (z0, inputs, before), at = jax.tree.map(side_by_side, fixed), at.of_lanes(side_by_side)
        problem = given.problem._replace(z0=z0, inputs=inputs)
        some = Given(dataclasses.replace(windows, batch=left), given.devices, problem, before)
        at = sweeps.again(some, at, *solver.restart(some, at), tolerance)
        return at.of_lanes(partial(_apart, left))

    at = sweeps.first(given, starts, solver.keep(given, starts), tolerance)
    fixed = jax.tree.map(partial(_apart, batch), (given.problem.z0, given.problem.inputs, given.before))
    at = compaction.loop(going, sweep, fixed, at.of_lanes(partial(_apart, batch)), (-1, -1))
    # A sequence may diverge with finite states whose images are not finite: NaN, so that they do not look like an answer.
    states = jnp.where((at.code == DIVERGED) & jnp.isfinite(at.size), jnp.nan, at.states)
    return _side_by_side(batch, states), at.sweeps, at.residual, at.code


def _apart(batch, leaf):
    """Lanes `(..., K·S)` as `(..., K, *batch)`."""
    return leaf.reshape(*leaf.shape[:-1], -1, *batch)


def _side_by_side(batch, leaf):
    """`(..., K, *batch)` as lanes `(..., K·S)`."""
    return leaf.reshape(*leaf.shape[: leaf.ndim - 1 - len(batch)], -1)
