"""Gradients that cannot be differentiated once more, and say so.

Left to itself, jax would complain about a loop inside, or differentiate what is no gradient. The guard names the setting to set.
"""

import jax


def first_order(function, why: str):
    """`function` of arrays, unchanged but that differentiating it is an error.

    why  the end of the message: the reason, and the setting that helps
    """

    @jax.custom_vjp
    def guarded(*arguments):
        return function(*arguments)

    def refused(*arguments):
        raise NotImplementedError(f"second derivatives: the gradient cannot be differentiated again, {why}")

    guarded.defvjp(refused, refused)
    return guarded
