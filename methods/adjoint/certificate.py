"""How good the gradient of a method is, measured on the problem at hand."""

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

    residual: Array  # largest of the forward solve
    adjoint_error: Array  # from the gradient at the same states with the adjoint run step by step
    gradient_error: Array  # from the gradient with states and adjoint run step by step


def certificate(method, params, x, alpha) -> Certificate:
    """The errors of `method`'s gradient of the loss on x `(S, T+1, N)`; costs three gradients, two of them step by step."""
    one_pass = dataclasses.replace(method, adjoint=Adjoint(adjoint_scan="sequential"))
    (_, aux), got = _gradient(method, params, x, alpha)
    (_, _), adjoint_exact = _gradient(one_pass, params, x, alpha)
    (_, _), exact = _gradient(method.stepwise, params, x, alpha)
    return Certificate(aux.residual.max(), _relative(got, adjoint_exact), _relative(got, exact))


@partial(jax.jit, static_argnums=0)
def _gradient(method, params, x, alpha):
    return jax.value_and_grad(method.loss, has_aux=True)(params, x, alpha=alpha)


def _relative(got, wanted):
    error, size = optax.tree.norm(optax.tree.sub(got, wanted)), optax.tree.norm(wanted)
    return jnp.where(error == 0, 0, error / size)  # a gradient may be exactly zero
