"""The exact adjoint step by step, in blocks of time that stay in a CPU's cache.

From the last block to the first: the pattern of the linearised map for the whole block at once, the multipliers step by step,
and their contribution to the cotangents of the map at once again. Memory O(T M) beside one block.
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


def solve(problem: Problem, states, g, of_inputs: bool) -> Problem:
    """Cotangents of the problem for cotangents g `(T, ..., M)` of the states; those of its inputs where wanted, else None."""
    nothing = jax.tree.map(jnp.zeros_like, problem.step)
    d_z0, d_step, d_inputs = run(problem.step, problem.previous(states), problem.inputs, g, nothing, of_inputs)
    return Problem(d_step, d_z0, d_inputs)


def run(step, before, inputs, g, total, of_inputs: bool):
    """The same for consecutive steps from the states `before` each: what arrives before the first, `total` with the cotangents of
    the map added, and those of the inputs."""
    T, B = g.shape[0], length(step, g)
    step_back = step.puller()

    def pull(multiplier, now):
        ahead, g = now
        multiplier = g + step_back(ahead, multiplier)
        return multiplier, multiplier

    def block(carry, now):
        multiplier, ahead, total = carry  # λ and the pattern of the step behind this block
        before, inputs, g = now
        patterns = step.linearise(before, inputs)[1]
        # Shifted by one: added to what arrives before, and not after the product, g would be added again in all its rows.
        later = jax.tree.map(lambda own, ahead: jnp.concatenate([own[1:], ahead[None]]), patterns, ahead)
        multiplier, multipliers = lax.scan(pull, multiplier, (later, g), reverse=True)
        d_step, d_inputs = blocks.pull_one(step, before, inputs, multipliers, of_inputs)
        return (multiplier, _first(patterns), jax.tree.map(jnp.add, total, d_step)), d_inputs

    unknown = jax.eval_shape(step.linearise, before[0], _first(inputs))[1]
    behind = jnp.zeros_like(g[0]), jax.tree.map(jnp.zeros_like, unknown), total
    given = blocks.cut((before, inputs, blocks.without_more(g, B)), B)
    (multiplier, pattern, total), d_inputs = lax.scan(block, behind, given, reverse=True)
    return step_back(pattern, multiplier), total, blocks.join(d_inputs, T)


def _first(values):
    return jax.tree.map(lambda leaf: leaf[0], values)
