"""The exact adjoint step by step, in blocks of time that stay in a CPU's cache.

Only the multipliers depend on one another. The patterns of the linearised map, which they need, and the cotangents of the map,
which follow from them, can be computed for many steps at once, as a few large products; but those of all T steps would not fit
the cache. So time is cut into blocks. From the last block to the first: all patterns of the block at once, its multipliers step
by step, and their share of the cotangents of the map at once again. Memory O(T M) beside one block.
"""

import math

import jax
import jax.numpy as jnp
from jax import lax

from methods.layout import blocks, cost
from methods.problem import Problem


def length(step, states) -> int:
    """Steps per block for states `(T, ..., M)`."""
    size = sum(leaf.size for leaf in jax.tree.leaves(step))
    most = min(cost.here().adjoint_rows, cost.here().adjoint_numbers / max(1, size))
    return blocks.of_rows(states.shape[0], math.prod(states.shape[:-1]), most)


def solve(problem: Problem, states, g, of_inputs: bool, unroll: int = 1) -> Problem:
    """Cotangents of the problem, one step after the other from the last to the first.

    states, g  (T, ..., M), the trajectory and the cotangents of its states
    of_inputs  whether the cotangents of the inputs are wanted, else they are None
    unroll     steps per turn of the compiled loop
    """
    nothing = jax.tree.map(jnp.zeros_like, problem.step)
    d_z0, d_step, d_inputs = run(problem.step, problem.previous(states), problem.inputs, g, nothing, of_inputs, unroll)
    return Problem(d_step, d_z0, d_inputs)


def run(step, before, inputs, g, total, of_inputs: bool, unroll: int = 1):
    """Run the adjoint recurrence backwards over consecutive steps, which need not begin at z_0.

    before     (T, ..., M), the state before each step
    inputs     (T, ...)
    g          (T, ..., M), cotangents of the states after the steps
    total      cotangents of the map so far, to which those of these steps are added
    of_inputs  whether the cotangents of the inputs are wanted, else they are None
    unroll     steps per turn of the compiled loop
    Returns Jᵀλ of the first step, which is the cotangent of `before[0]`; the total; and the cotangents of the inputs.
    """
    T, B = g.shape[0], length(step, g)
    step_back = step.puller()

    def pull(multiplier, element):
        ahead, g = element
        multiplier = g + step_back(ahead, multiplier)
        return multiplier, multiplier

    def block(carry, elements):
        multiplier, ahead, total = carry  # λ and the pattern of the step behind this block
        before, inputs, g = elements
        patterns = step.linearise(before, inputs)[1]
        # λ_t needs the pattern of step t + 1, so patterns are shifted by one. Carrying Jᵀλ from step to step in place of λ would
        # spare the shift, but XLA would then compute g + Jᵀλ inside the next product, again for each of its rows.
        later = jax.tree.map(lambda own, ahead: jnp.concatenate([own[1:], ahead[None]]), patterns, ahead)
        multiplier, multipliers = lax.scan(pull, multiplier, (later, g), reverse=True, unroll=unroll)
        d_step, d_inputs = blocks.pull_one(step, before, inputs, multipliers, of_inputs)
        return (multiplier, _first(patterns), jax.tree.map(jnp.add, total, d_step)), d_inputs

    unknown = jax.eval_shape(step.linearise, before[0], _first(inputs))[1]
    behind = jnp.zeros_like(g[0]), jax.tree.map(jnp.zeros_like, unknown), total
    steps = blocks.cut((before, inputs, blocks.without_more(g, B)), B)
    (multiplier, pattern, total), d_inputs = lax.scan(block, behind, steps, reverse=True)
    return step_back(pattern, multiplier), total, blocks.join(d_inputs, T)


def _first(values):
    return jax.tree.map(lambda leaf: leaf[0], values)
