"""Problems from plain functions, for recurrences that are no model and are not trained."""

import jax

from methods.problem.map import FunctionMap
from methods.problem.problem import Problem


def posed(step, z0, inputs) -> Problem:
    """The problem `z_t = step(z_{t-1}, u_t)` that any solver takes, for one sequence.

    step    step(z (M,), u) -> (M,). A `jax.tree_util.Partial` shows its arrays to jax, which compiles once for all their values
            and can differentiate in them; of another function they are constants.
    z0      (M,)
    inputs  leaves (T, ·)
    """
    step = step if isinstance(step, jax.tree_util.Partial) else jax.tree_util.Partial(step)
    return Problem(FunctionMap(_one, step), z0, inputs)


def _one(step, z, u):
    return step(z, u)
