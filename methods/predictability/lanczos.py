"""The largest singular value of an operator that is known by its products alone, by Lanczos bidiagonalisation.

From a drawn direction, products with the operator and its transpose by turns span a space in which it is an upper bidiagonal
matrix of few rows (Golub and Kahan 1965). The largest singular value of that matrix comes close to the operator's own after some
dozens of turns, from below. Vectors are not made orthogonal to all earlier ones, which would have to be kept. They stop being so
once a singular value has converged, and then find it a second time, which does no harm to the largest.

Many operators go side by side: vectors are `(rows, ..., M)`, and each index of the axes between is an operator of its own.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Array, Float

from methods.layout.precision import precise

EVERY = 10  # turns between two looks at how far it has come


class Largest(NamedTuple):
    """The largest singular value of each operator, `(...)`. -inf for an operator that is 0, NaN for one that is not finite."""

    log: Float[np.ndarray, "..."]  # its natural logarithm
    error: Float[np.ndarray, "..."]  # the operator has a singular value between exp(log) and exp(log + error)
    turns: int


def largest(operator: Any, like: Float[Array, "rows ... M"], *, tolerance: float, max_turns: int) -> Largest:
    """The largest singular values, until every `error` is at most `tolerance`, or so many turns.

    operator  a pytree with two methods, `forwards(v)` for the product with v, and `backwards(u)` for that of the transpose. Each
              gives a pair (w, s), s of shape (...), that stands for e^s w: so a product may be larger than any number
    like      vectors of the shape and type that the operator takes; what is drawn comes from a fixed seed
    """
    basis, alphas, betas = _begun(operator, like), [], []
    while True:
        basis, alpha, beta = _advanced(operator, basis)
        alphas.append(np.asarray(alpha, np.float64))
        betas.append(np.asarray(beta, np.float64))
        value, residual = _of_bidiagonal(np.concatenate(alphas), np.concatenate(betas))
        with np.errstate(divide="ignore", invalid="ignore"):
            log, error = np.log(value) + np.asarray(basis.scale), np.where(value == 0, 0, np.log1p(residual / value))
        turns = EVERY * len(alphas)
        if not (error > tolerance).any() or turns >= max_turns:  # written so that NaN is not waited for
            return Largest(np.asarray(log), error, turns)


class _Basis(NamedTuple):
    """The last pair of vectors `(rows, ..., M)`. Coefficients are those of the operator divided by e^scale."""

    u: Any
    v: Any
    beta: Any  # (...)
    scale: Any  # (...)


@jax.jit
@precise()
def _begun(operator, like):
    """A drawn direction; how much it grows is about how large the operator is, and so sets the scale."""
    v, _ = _unit(jr.normal(jr.key(0), like.shape, like.dtype))
    _, scale = operator.forwards(v)
    return _Basis(jnp.zeros_like(v), v, jnp.zeros_like(scale), scale)


@jax.jit
@precise()
def _advanced(operator, basis: _Basis):
    """Some more turns, and their coefficients, the diagonal and what stands right of it, `(EVERY, ...)` each."""

    def turn(basis, _):
        u, alpha = _unit(_product(operator.forwards, basis.v, basis.scale) - _each(basis.beta) * basis.u)
        v, beta = _unit(_product(operator.backwards, u, basis.scale) - _each(alpha) * basis.v)
        return _Basis(u, v, beta, basis.scale), (alpha, beta)

    basis, (alphas, betas) = jax.lax.scan(turn, basis, length=EVERY)
    return basis, alphas, betas


def _product(times, v, scale):
    w, s = times(v)
    return _each(jnp.exp(s - scale)) * w


def _unit(v):
    """v divided by its norm, and the norm. 0 stays 0: then the space is exhausted."""
    norm = jnp.sqrt((v**2).sum((0, -1)))
    return v / _each(jnp.where(norm == 0, 1, norm)), norm


def _each(values):
    """One value for each operator, against vectors `(rows, ..., M)`."""
    return values[None, ..., None]


def _of_bidiagonal(alphas: Float[np.ndarray, "k ..."], betas: Float[np.ndarray, "k ..."]):
    """The largest singular value of the matrices so far, and by how much it misses being one of the operator."""
    k, *batch = alphas.shape
    matrices = np.zeros((*batch, k, k))
    matrices[..., range(k), range(k)] = np.moveaxis(alphas, 0, -1)
    matrices[..., range(k - 1), range(1, k)] = np.moveaxis(betas[:-1], 0, -1)
    finite = np.isfinite(matrices).all((-2, -1)) & np.isfinite(betas[-1])
    left, values, _ = np.linalg.svd(np.where(finite[..., None, None], matrices, 0))
    residual = betas[-1] * np.abs(left[..., -1, 0])
    return np.where(finite, values[..., 0], np.nan), np.where(finite, residual, np.nan)
