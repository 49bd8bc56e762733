"""Windowed relaxation by kernels: a sweep is one launch through all windows, and one that looks at what is left.

The same iteration as in `relaxation` and `sweeps`, stopped by the same rule. What differs is that each program of a kernel stops
as soon as its own windows have met their old states, and that states stay in the order of time.
"""

from typing import Any, NamedTuple

import jax.numpy as jnp
from jax import lax

from methods.kernels import forwards
from methods.layout.windows import Windows
from methods.problem import Problem
from methods.problem.solution import CONVERGED, DIVERGED, NOT_CONVERGED, Solution


class _At(NamedTuple):
    """Where the iteration stands after a sweep."""

    states: Any  # (T, S, M)
    jumps: Any  # (K · C / block, S), see `methods.kernels.forwards`
    starts: Any  # (K, S, M) from which the next sweep runs
    residual: Any  # (S,)
    code: Any  # (S,) the status
    sweeps: Any  # (S,) that each sequence has needed
    going: Any  # whether to sweep once more


def solve(problem: Problem, guess, windows: Windows, tolerance: float, cap: int, interpret: bool) -> Solution:
    """Sweep until every sequence has stopped, or `cap` sweeps are done."""
    tiles = problem.step.tiles()
    x, z0 = tiles.read(windows.merged(problem.inputs)), windows.merged(problem.z0[None])

    def judged(states, jumps, sweeps, before: _At | None = None):
        starts, residuals = forwards.look(tiles, windows, x, z0, states, jumps, interpret)
        residual, by_size = residuals.reshape(2, windows.K, windows.S).max(1)
        code = jnp.where(by_size <= tolerance, CONVERGED, jnp.where(jnp.isfinite(by_size), NOT_CONVERGED, DIVERGED))
        if before is not None:
            running = before.code == NOT_CONVERGED
            residual, code = jnp.where(running, residual, before.residual), jnp.where(running, code, before.code)
        going = (code == NOT_CONVERGED).any() & (sweeps.max() < cap)
        return _At(states, jumps, starts, residual, code, sweeps, going)

    def sweep(at: _At):
        running = (at.code == NOT_CONVERGED).astype(jnp.int32)
        again = tiles, windows, x, at.starts, running[None], at.states, at.jumps, tolerance, interpret
        return judged(*forwards.run_again(*again), at.sweeps + running, at)

    states = forwards.run(tiles, windows, x, windows.merged(windows.starts(problem.z0, guess)), interpret)
    jumps = jnp.zeros((windows.K * windows.C // windows.block, windows.S), states.dtype)
    at = lax.while_loop(lambda at: at.going, sweep, judged(states, jumps, jnp.ones(windows.S, jnp.int32)))
    diverged = at.code == DIVERGED
    report = at.sweeps, jnp.where(diverged, jnp.nan, at.residual), at.code
    sweeps, residual, code = (value.reshape(windows.batch) for value in report)
    return Solution(windows.unmerged(_broken(at.states, diverged)), sweeps, sweeps, residual, code)


def _broken(states, diverged):
    """The states; NaN all over where a sequence diverged by finite states with an image that is not, to look like no answer."""

    def mark(carry):
        _, states = carry
        return False, jnp.where(diverged[:, None] & jnp.isfinite(states).all((0, -1), keepdims=True), jnp.nan, states)

    # A loop of one turn at most: where none has diverged, the usual case, the states are not touched.
    return lax.while_loop(lambda carry: carry[0], mark, (diverged.any(), states))[1]
