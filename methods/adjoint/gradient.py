"""The exact gradient of a solved trajectory, the same for every solver.

At the returned states, with A_t = ∂F_t/∂z_{t−1} there and g_t the cotangent of z_t,

    λ_T = g_T,   λ_t = g_t + A_{t+1}ᵀ λ_{t+1};      dθ = Σ_t λ_tᵀ ∂F_t/∂θ,   dz_0 = A_1ᵀ λ_1,   du_t = λ_tᵀ ∂F_t/∂u_t

The iterations that found the states are not differentiated, and nothing of their Jacobians is reused: those belong to an
earlier iterate, or are only diagonal. Memory O(T M) step by step and by windows; O(T L) for the pattern of the linearised map
where multipliers of windows come first; O(T M²) where a parallel scan is chosen.

A gradient may be differentiated again in reverse mode, `jax.jacrev(jax.grad(loss))`, by every adjoint but that of windows and the
diagonal one, which refuse.
"""

import dataclasses
from functools import partial
from typing import Literal

import jax
import jax.numpy as jnp
from jax.custom_derivatives import SymbolicZero

from methods.adjoint import parallel, stepwise
from methods.adjoint import windows as by_windows
from methods.adjoint.first_order import first_order
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

WINDOWS_LOOP = "its windows loop until nothing arrives any more. Set adjoint_scan = 'sequential'."


@dataclasses.dataclass(frozen=True)
class Adjoint:
    """How the reverse recurrence is solved."""

    # `diagonal` replaces A by its diagonal: not a gradient, but what the quasi-DEER ablation of arXiv:2605.12683, eq. 44, uses.
    adjoint: Literal["exact", "diagonal"] = "exact"
    # `windows` runs windows of time side by side, see `adjoint.windows`, or one pass where there are too few to gain by it; the
    # others are those of `linear.recurrence`. `auto` is what suits the device, or step by step where the solver goes so:
    # the baseline is to be the same both ways.
    adjoint_scan: Literal["auto", "associative", "chunked", "blocked", "sequential", "windows"] = "auto"
    adjoint_window: Natural = 0  # steps per window; 0: what takes least time on this device for the memory of the map
    # Steps after which what arrives has died out; only used to choose the windows, and whether multipliers come first.
    adjoint_memory: Count = cost.MEMORY
    # What arrives from a later window is dropped once it is this much smaller than the largest multiplier. None: 1e-7 in float32,
    # 1e-12 in float64.
    adjoint_tolerance: Positive | None = None
    devices: Count = 1  # to spread the windows over

    @property
    def references(self) -> tuple[Reference, ...]:
        """That of the ablation; an exact gradient is what it is, however it is found."""
        return (HESS2026,) if self.adjoint == "diagonal" else ()


@partial(jax.custom_vjp, nondiff_argnums=(0, 1))
def solve(solver, adjoint: Adjoint, problem: Problem, guess) -> Solution:
    """`solver.solve(problem, guess)`, differentiable in the problem; the cotangent of the guess is zero."""
    return solver.solve(problem, guess)


@jax.tree_util.register_static
@dataclasses.dataclass(frozen=True)
class Asked:
    """Which cotangents are asked for beside those of the map and of z_0."""

    inputs: bool  # those of data are not, and cost as much as a product of the step


@precise()  # both rules are traced when the `with` around the loss is over
def _forward(solver, adjoint, problem, guess):
    asked = Asked(any(leaf.perturbed for leaf in jax.tree.leaves(problem.inputs)))
    problem, guess = jax.tree.map(lambda leaf: leaf.value, (problem, guess))
    # Calling the differentiable `solve` again makes second derivatives right: they pass through this rule, not through a loop.
    solution = solve(solver, adjoint, problem, guess)
    return solution, (asked, problem, solution.states, solution.choice)


@precise()
def _backward(solver, adjoint, saved, given):
    asked, problem, states, choice = saved
    g = given.states
    g = jnp.zeros_like(states) if isinstance(g, SymbolicZero) else g
    of = partial(cotangents, asked=asked, problem=problem, states=states, g=g)
    return solver.cotangents(of, adjoint, states, choice), None


solve.defvjp(_forward, _backward, symbolic_zeros=True)


def cotangents(adjoint: Adjoint, *, asked: Asked, problem: Problem, states, g) -> Problem:
    """Cotangents of the problem for cotangents g of its states, both `(T, ..., M)`; None for what is not asked for."""
    if adjoint.adjoint_scan == "windows" and adjoint.adjoint == "exact":
        windows = Windows.of(states, adjoint.adjoint_window, memory=adjoint.adjoint_memory, devices=adjoint.devices)
        lanes = windows.K * windows.S
        if adjoint.adjoint_window or adjoint.devices > 1 or cost.adjoint_by_windows(lanes):
            return _in_windows(adjoint, windows, asked, problem, states, g)
    diagonal = adjoint.adjoint == "diagonal"
    # there is no windowed form of the ablation
    wanted = "auto" if adjoint.adjoint_scan == "windows" else adjoint.adjoint_scan
    scan = recurrence.choose(wanted, states, diagonal=diagonal)
    if scan == "sequential" and not diagonal:
        return stepwise.solve(problem, states, g, asked.inputs)
    return parallel.solve(problem, states, g, scan, diagonal, asked.inputs)


def _in_windows(adjoint, windows, asked, problem, states, g) -> Problem:
    """Cotangents by windows side by side, in the form that suits their number and length."""
    tolerance = adjoint.adjoint_tolerance or (1e-12 if states.dtype == jnp.float64 else 1e-7)
    if windows.K == adjoint.devices:
        way = by_windows.one_each
    elif cost.adds_up(windows.C, adjoint.adjoint_memory, windows.K * windows.S / adjoint.devices):
        way = by_windows.all_at_once
    else:
        way = by_windows.multipliers_first

    def run(problem, states, g):
        return way(problem, states, g, windows, Devices(adjoint.devices), tolerance, asked.inputs)

    return first_order(run, WINDOWS_LOOP)(problem, states, g)
