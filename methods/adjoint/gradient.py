"""The exact gradient of a solved trajectory, one form for every solver.

Solvers differ in how they find the states, but a trajectory is a trajectory: its gradient follows from the states alone, by the
adjoint recurrence. With A_t = ∂F_t/∂z_{t−1} at those states, g_t the cotangent of z_t and λ_t its multiplier,

    λ_T = g_T,   λ_t = g_t + A_{t+1}ᵀ λ_{t+1};      dθ = Σ_t λ_tᵀ ∂F_t/∂θ,   dz_0 = A_1ᵀ λ_1,   du_t = λ_tᵀ ∂F_t/∂u_t

So the iterations of a solver are never differentiated. Its Jacobians are not reused either: they belong to an earlier iterate,
and those of quasi-Newton are only diagonal. The recurrence can be run in three ways, which differ in time and memory:

    step by step     O(T M)
    windows          O(T M); O(T L) where the multipliers come first, for the patterns of a shPLRNN
    parallel scan    O(T M²)

On several devices (`across`, and `windows`) each holds its share.

Second derivatives, `jax.jacrev(jax.grad(loss))`, work with every adjoint but the windowed and the diagonal one, which refuse them
by an error.
"""

import dataclasses
from functools import partial
from typing import Literal

import jax
import jax.numpy as jnp
from jax.custom_derivatives import SymbolicZero

from methods.adjoint import across, fused, parallel, stepwise
from methods.adjoint import windows as by_windows
from methods.adjoint.first_order import first_order
from methods.kernels import Kernels, why_not
from methods.layout import cost
from methods.layout.devices import Devices
from methods.layout.precision import precise
from methods.layout.windows import Windows
from methods.linear import recurrence
from methods.problem import Problem
from methods.problem.solution import Solution
from references import Reference
from references.papers import HESS2026
from settings import Count, Natural, Positive

WINDOWS_LOOP = "its windows loop until corrections have died out. Set adjoint_scan = 'sequential'."


@dataclasses.dataclass(frozen=True)
class Adjoint:
    """How the adjoint recurrence is solved."""

    # `diagonal` replaces A by its diagonal: not a gradient, but what the quasi-DEER ablation of arXiv:2605.12683, eq. 44, uses.
    adjoint: Literal["exact", "diagonal"] = "exact"
    # `windows` runs windows of time side by side (`adjoint.windows`), or one pass where the windows are too few to gain by it.
    # The others are the scans of `linear.recurrence`. `auto` is the scan that suits the device; for a solver that goes step by
    # step it is step by step as well, so that the baseline is sequential forwards and backwards.
    adjoint_scan: Literal["auto", "associative", "chunked", "blocked", "sequential", "windows"] = "auto"
    adjoint_window: Natural = 0  # steps per window; 0: what takes least time on this device for the memory of the map
    # Memory of the map: steps after which a correction from a later window has died out. Only used to choose the windows, and
    # whether multipliers come first.
    adjoint_memory: Count = cost.MEMORY
    # A correction from a later window is dropped once it is this much smaller than the largest multiplier. None: 1e-7 in float32,
    # 1e-12 in float64.
    adjoint_tolerance: Positive | None = None
    devices: Count = 1  # to spread time over: the windows, or the steps of a scan
    # Fused kernels for windows on one device, and for the adjoint step by step, where they fit (`methods.kernels`).
    kernels: Kernels = "off"

    @property
    def references(self) -> tuple[Reference, ...]:
        """The paper of the diagonal ablation; an exact gradient needs none."""
        return (HESS2026,) if self.adjoint == "diagonal" else ()


@partial(jax.custom_vjp, nondiff_argnums=(0, 1))
def solve(solver, adjoint: Adjoint, problem: Problem, guess) -> Solution:
    """`solver.solve(problem, guess)`, differentiable in the problem by the adjoint recurrence.

    The cotangent of the guess is zero, as a trajectory does not depend on where its search began.
    """
    return solver.solve(problem, guess)


@jax.tree_util.register_static
@dataclasses.dataclass(frozen=True)
class Asked:
    """Which cotangents are wanted beside those of the map and of z_0."""

    inputs: bool  # rarely: inputs are mostly data, and their cotangents cost one more product per step


@precise()  # needed here too: jax traces both rules after the `with precise()` around the loss has ended
def _forward(solver, adjoint, problem, guess):
    asked = Asked(any(leaf.perturbed for leaf in jax.tree.leaves(problem.inputs)))
    problem, guess = jax.tree.map(lambda leaf: leaf.value, (problem, guess))
    # `solve`, not `solver.solve`: second derivatives then pass through this rule again, and not through the loop of a solver.
    solution = solve(solver, adjoint, problem, guess)
    return solution, (asked, problem, solution.states, solution.choice)


@precise()
def _backward(solver, adjoint, saved, cotangent):
    asked, problem, states, choice = saved
    g = cotangent.states
    g = jnp.zeros_like(states) if isinstance(g, SymbolicZero) else g
    pull_back = partial(cotangents, asked=asked, problem=problem, states=states, g=g)
    return solver.cotangents(pull_back, adjoint, problem, choice), None


solve.defvjp(_forward, _backward, symbolic_zeros=True)


def cotangents(adjoint: Adjoint, *, asked: Asked, problem: Problem, states, g, unroll: int = 1) -> Problem:
    """Cotangents of the problem, by the way of running the adjoint recurrence that `adjoint` asks for.

    asked    which of them are wanted; the others are None
    states   (T, ..., M), the trajectory
    g        (T, ..., M), cotangents of the states
    unroll   steps per turn of the loop that goes step by step
    """
    fits = not asked.inputs and adjoint.adjoint == "exact" and adjoint.devices == 1
    by_kernels = fits and not why_not(adjoint.kernels, problem.step, states)
    if by_kernels and adjoint.adjoint_scan in ("windows", "sequential"):
        return _by_kernels(adjoint, problem, states, g)
    if adjoint.adjoint_scan == "windows" and adjoint.adjoint == "exact":
        windows = Windows.of(states, adjoint.adjoint_window, memory=adjoint.adjoint_memory, devices=adjoint.devices)
        lanes = windows.K * windows.S
        if adjoint.adjoint_window or adjoint.devices > 1 or cost.adjoint_by_windows(lanes):
            return _in_windows(adjoint, windows, asked, problem, states, g)
    diagonal = adjoint.adjoint == "diagonal"
    # the diagonal ablation has no windowed form
    wanted = "auto" if adjoint.adjoint_scan == "windows" else adjoint.adjoint_scan
    if adjoint.devices > 1:
        return across.solve(problem, states, g, wanted, diagonal, asked.inputs, adjoint.devices)
    scan = recurrence.choose(wanted, states, diagonal=diagonal)
    if scan == "sequential" and not diagonal:
        return stepwise.solve(problem, states, g, asked.inputs, unroll)
    return parallel.solve(problem, states, g, scan, diagonal, asked.inputs)


def _by_kernels(adjoint, problem, states, g) -> Problem:
    """Cotangents by kernels: of windows side by side, or of one window that is all of time."""
    if adjoint.adjoint_scan == "windows":
        windows = Windows.of(states, adjoint.adjoint_window, memory=adjoint.adjoint_memory, fused=True)
    else:
        windows = Windows.whole(states)

    def run(problem, states, g):
        return fused.solve(problem, states, g, windows, _tolerance(adjoint, states), adjoint.kernels == "interpret")

    return first_order(run, WINDOWS_LOOP)(problem, states, g)


def _tolerance(adjoint, states) -> float:
    return adjoint.adjoint_tolerance or (1e-12 if states.dtype == jnp.float64 else 1e-7)


def _in_windows(adjoint, windows, asked, problem, states, g) -> Problem:
    """Cotangents by windows side by side, in that of the three forms which suits the number and length of the windows."""
    tolerance = _tolerance(adjoint, states)
    if windows.K == adjoint.devices:
        way = by_windows.one_each
    elif cost.adds_up(windows.C, adjoint.adjoint_memory, windows.K * windows.S / adjoint.devices):
        way = by_windows.all_at_once
    else:
        way = by_windows.multipliers_first

    def run(problem, states, g):
        return way(problem, states, g, windows, Devices(adjoint.devices), tolerance, asked.inputs)

    return first_order(run, WINDOWS_LOOP)(problem, states, g)
