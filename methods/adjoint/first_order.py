"""Gradients that cannot be differentiated once more, and say so."""

import jax


def first_order(function, why: str):
    """`function` of arrays, whose own derivative is an error that gives the reason and the way out."""

    @jax.custom_vjp
    def guarded(*arguments):
        return function(*arguments)

    def refused(*arguments):
        raise NotImplementedError(f"second derivatives: the gradient cannot be differentiated again, {why}")

    guarded.defvjp(refused, refused)
    return guarded
