"""The exact adjoint by kernels: the windowed form of `adjoint.windows`, one launch per sweep, cotangents added up on the chip.

With one window over all time it is the adjoint step by step.
"""

from typing import Any, NamedTuple

from jax import lax

from methods.kernels import backwards
from methods.layout.windows import Windows
from methods.problem import Problem


class _Handed(NamedTuple):
    """How far corrections have been handed on after some sweeps."""

    sweeps: Any
    leaving: Any  # (K, S, M) the correction that leaves each window at its start, for the window before it
    totals: Any  # (programs, words) what has been added up
    going: Any  # whether any correction is still large enough to be handed on
    first: Any  # (S, M) all that has left the very first window: the cotangent of z_0


def solve(problem: Problem, states, g, windows: Windows, tolerance: float, interpret: bool) -> Problem:
    """Cotangents of the problem, those of its inputs left out.

    states, g  (T, ..., M), the trajectory and the cotangents of its states
    tolerance  a correction is dropped below this share of the largest multiplier
    """
    tiles, z0 = problem.step.tiles(), windows.merged(problem.z0[None])
    x, states, g = tiles.read(windows.merged(problem.inputs)), windows.merged(states), windows.merged(g)
    leaving, totals, largest = backwards.run(tiles, windows, x, z0, states, g, interpret)
    first = leaving[0]
    if windows.K > 1:
        negligible = tolerance * largest.max(keepdims=True)
        first, totals = _hand_on((tiles, windows, x, z0, states, negligible), leaving, totals, interpret)
    return Problem(tiles.cotangent(problem.step, totals), first.reshape(problem.z0.shape), None)


def _hand_on(given, leaving, totals, interpret):
    """Hand the correction that leaves every window to the window before it, until all have died out.

    Returns all that has left the very first window (S, M), and the totals.
    """
    K = leaving.shape[0]

    def sweep(handed: _Handed):
        leaving, totals, alive = backwards.correct(*given, handed.leaving, handed.totals, interpret)
        sweeps = handed.sweeps + 1
        return _Handed(sweeps, leaving, totals, alive.any() & (sweeps < K), handed.first + leaving[0])

    end = lax.while_loop(lambda handed: handed.going, sweep, _Handed(1, leaving, totals, True, leaving[0]))
    return end.first, end.totals
