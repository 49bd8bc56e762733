"""Problems from plain functions, for recurrences that are no model and are not trained."""

import jax

from methods.problem.map import FunctionMap
from methods.problem.problem import Problem


def posed(step, z0, inputs, diagonal=None) -> Problem:
    """The problem `z_t = step(z_{t-1}, u_t)` that any solver takes, for one sequence.

    step      step(z (M,), u) -> (M,). A `jax.tree_util.Partial` shows its arrays to jax, which compiles once for all their values
              and can differentiate in them; of another function they are constants.
    z0        (M,)
    inputs    leaves (T, ·)
    diagonal  diagonal(z, u) -> (M,), that of the Jacobian of step, if there is a formula for it; by autodiff it costs M products
    """
    if diagonal is not None:
        return Problem(_WithDiagonal(_one, (_shown(step), _shown(diagonal))), z0, inputs)
    return Problem(FunctionMap(_one, (_shown(step),)), z0, inputs)


def _shown(function):
    return function if isinstance(function, jax.tree_util.Partial) else jax.tree_util.Partial(function)


def _one(functions, z, u):
    return functions[0](z, u)


@jax.tree_util.register_pytree_node_class
class _WithDiagonal(FunctionMap):
    """A map whose second parameter gives the diagonal of its Jacobian."""

    def diagonal(self, pattern):
        return FunctionMap(lambda functions, z, u: functions[1](z, u), self.parameters)(*pattern)
