"""The exact adjoint with time dealt out over devices, each with the multipliers of its own stretch.

Handed from a device to the one before it is w, the cotangent of the last state there. With A_t = ∂F_t/∂z_{t−1} and g_t the
cotangent of z_t,

    w_{t−1} = A_tᵀ w_t + A_tᵀ g_t,   w_T = 0;      λ_t = g_t + w_t

In w, unlike in λ, a step needs no Jacobian but its own, so that no pattern has to cross from device to device.
"""

import jax.numpy as jnp

from methods.adjoint.first_order import first_order
from methods.adjoint.parallel import NO_GRADIENT
from methods.layout import blocks
from methods.layout.devices import DEALT, SAME
from methods.linear import across, recurrence
from methods.problem import Problem
from methods.problem.spread import endless, spread


def solve(problem: Problem, states, g, scan: str, diagonal: bool, of_inputs: bool, count: int) -> Problem:
    """Cotangents of the problem, by a scan of `linear.across` over the Jacobians, or over their diagonals alone.

    Exchanged are one state (collective-permute), the map of a stretch (all-gather), and the sum over time that the cotangents of
    the map are (all-reduce), once each. Arguments as for `parallel.solve`.

    count  devices
    """
    if diagonal:
        g = first_order(lambda g: g, NO_GRADIENT)(g)

    def body(problem: Problem, states, g):
        step, devices, pattern = problem.step, problem.stretch.devices, problem.evaluate(states).pattern
        if diagonal:
            pattern = step.diagonal(pattern)
            form, act, b = lambda A: A, recurrence.apply, pattern * g
        else:
            form, act, b = step.dense, step.pull, step.pull(pattern, g)
        w, behind = across.solve(form, act, pattern, b, scan, devices, transposed=True, reverse=True)
        multipliers = g + jnp.concatenate([w[1:], behind[None]])
        step, inputs = endless(step, problem.inputs)
        d_step, d_inputs = blocks.pull(step, problem.previous(states), inputs, multipliers, of_inputs)
        d_step, d_z0 = devices.sum((d_step, jnp.where(devices.place() == 0, w[0], 0)))
        return d_step, d_z0, d_inputs

    stretch, (d_step, d_z0, d_inputs) = spread(count, body, problem, (states, g), (SAME, SAME, DEALT))
    return Problem(d_step, d_z0, stretch.joined(d_inputs))
