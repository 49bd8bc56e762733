"""What solvers on windows of time share: windows run side by side, get better starts, and run again until they meet old states.

Time is cut into K windows of C steps, side by side as lanes. A solver of this kind gives `restart`, the states that the windows
start from next; here is the rest: a sweep, the check of what is left between windows, leaving what has finished behind, and
devices.
"""

import dataclasses
from functools import partial

import jax
import jax.numpy as jnp

from methods.layout import compaction, cost
from methods.layout.devices import DEALT, SAME, Devices
from methods.layout.windows import Windows
from methods.problem import Problem
from methods.problem.solution import DIVERGED, Solution
from methods.solvers.base import Solver, default_tolerance
from methods.solvers.sequential import Sequential
from methods.solvers.windows import sweeps
from methods.solvers.windows.sweeps import At, Given
from settings import Count, Natural, Positive


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
            given = Given(windows, devices, everywhere._replace(inputs=windows.lanes(inputs)), before.reshape(-1))
            states, *report = _iterate(self, given, windows.columns(starts))
            return windows.apart(states), *report

        shares = windows.steps_before, windows.starts(problem.z0, guess), windows.rows(problem.inputs)
        everywhere = problem._replace(z0=windows.columns(problem.z0), inputs=None)
        states, *report = devices.run(body, everywhere, shares, (DEALT, SAME, SAME, SAME))
        taken, residual, code = (value.reshape(windows.batch) for value in report)
        return Solution(windows.join(states), -(-taken // self.sweeps_per_update), taken, residual, code)


def _iterate(solver: Relaxation, given: Given, starts):
    """States of this device's windows; sweeps, residual and code, `(S,)`.

    The loop leaves sequences behind that have stopped. For that it wants the sequences as an axis of their own, so lanes
    `(..., K·S)` come apart as `(..., K, S)` between two sweeps, and lie side by side again within one.
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
    # Finite states whose images are not: what diverged must not look like an answer.
    states = jnp.where((at.code == DIVERGED) & jnp.isfinite(at.size), jnp.nan, at.states)
    return _side_by_side(batch, states), at.sweeps, at.residual, at.code


def _apart(batch, leaf):
    """Lanes `(..., K·S)` as `(..., K, *batch)`."""
    return leaf.reshape(*leaf.shape[:-1], -1, *batch)


def _side_by_side(batch, leaf):
    """`(..., K, *batch)` as lanes `(..., K·S)`."""
    return leaf.reshape(*leaf.shape[: leaf.ndim - 1 - len(batch)], -1)
