"""The exact adjoint by Jacobians: the reverse recurrence of the multipliers as a parallel scan.

The scan is shallow, but takes O(T M²) memory where it keeps all Jacobians. The diagonal ablation, arXiv:2605.12683, eq. 44,
replaces the Jacobians by their diagonals: that costs O(T M), and is no longer a gradient.
"""

import jax
import jax.numpy as jnp

from methods.adjoint.first_order import first_order
from methods.layout import blocks
from methods.linear import recurrence
from methods.problem import Problem

NO_GRADIENT = "adjoint = 'diagonal' being none to begin with. Set adjoint = 'exact'."


def solve(problem: Problem, states, g, scan: str, diagonal: bool, of_inputs: bool) -> Problem:
    """Cotangents of the problem, from the multipliers that a parallel scan finds.

    states, g  (T, ..., M), the trajectory and the cotangents of its states
    scan       a scan of `linear.recurrence`
    of_inputs  whether the cotangents of the inputs are wanted, else they are None
    """
    if diagonal:
        g = first_order(lambda g: g, NO_GRADIENT)(g)
    pattern = problem.evaluate(states).pattern
    multipliers = _multipliers(problem.step, pattern, g, scan, diagonal)
    d_z0 = problem.step.pull(jax.tree.map(lambda leaf: leaf[0], pattern), multipliers[0])
    d_step, d_inputs = blocks.pull(problem.step, problem.previous(states), problem.inputs, multipliers, of_inputs)
    return Problem(d_step, d_z0, d_inputs)


def _multipliers(step, pattern, g, scan, diagonal):
    """λ_1 … λ_T `(T, ..., M)`."""
    ahead = jax.tree.map(lambda leaf: leaf[1:], pattern)
    if scan in recurrence.CHUNKED and not diagonal:
        # Any pattern will do for the last step: the multiplier that comes from behind T is 0.
        ahead = jax.tree.map(lambda leaf: jnp.concatenate([leaf[1:], leaf[-1:]]), pattern)
        return recurrence.chunked(step.dense, ahead, g, scan, transposed=True, reverse=True)
    G = step.diagonal(ahead) if diagonal else step.dense(ahead).swapaxes(-1, -2)
    G = jnp.concatenate([G, jnp.zeros_like(G, shape=(1, *G.shape[1:]))])
    return recurrence.solve(G, g, scan=scan, reverse=True)
