"""How good the gradient of a method is, measured on the problem at hand.

A gradient can be wrong for two reasons: the solver stopped at states that are not quite the trajectory, or the adjoint dropped
something. The certificate tells the two apart, by computing the gradient once more with an exact adjoint and once more with
exact states as well.
"""

import dataclasses
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array

from methods.adjoint.gradient import Adjoint


class Certificate(NamedTuple):
    """Errors of a gradient: norms of differences, relative to the norm of what the gradient is compared with."""

    residual: Array  # the largest of all sequences, of the forward solve
    adjoint_error: Array  # against the gradient at these states whose adjoint runs step by step
    gradient_error: Array  # against the gradient whose states and adjoint both come step by step


def certificate(method, params, x, alpha) -> Certificate:
    """The errors of `method`'s gradient of the loss on x `(S, T+1, N)`; costs three gradients, two of them step by step."""
    one_pass = dataclasses.replace(method, adjoint=Adjoint(adjoint_scan="sequential"))
    (_, aux), gradient = _gradient(method, params, x, alpha)
    (_, _), adjoint_exact = _gradient(one_pass, params, x, alpha)
    (_, _), exact = _gradient(method.stepwise, params, x, alpha)
    return Certificate(aux.residual.max(), _relative(gradient, adjoint_exact), _relative(gradient, exact))


@partial(jax.jit, static_argnums=0)
def _gradient(method, params, x, alpha):
    return jax.value_and_grad(method.loss, has_aux=True)(params, x, alpha=alpha)


def _relative(gradient, reference):
    error, size = optax.tree.norm(optax.tree.sub(gradient, reference)), optax.tree.norm(reference)
    return jnp.where(error == 0, 0, error / size)  # a gradient may be exactly zero
