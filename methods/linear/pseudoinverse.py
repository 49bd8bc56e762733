"""B⁺ without a singular value decomposition, which on a GPU takes as long as a whole iteration of a solver.

    X_0 = Bᵀ (B Bᵀ)⁻¹ by Cholesky,      X' = X + X (I − B X)

Forming B Bᵀ costs digits. The refinement on the right squares the error that this has left, so that B⁺ is as exact as by the
decomposition. Where the rows of B are dependent, or too nearly so for this, the decomposition is taken after all. A single row is
its own decomposition.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


def pinv(B: Float[Array, "N M"]) -> Float[Array, "M N"]:
    """B⁺, leaving out singular values below max(N, M) eps times the largest. Not differentiable: give `stop_gradient(B)`."""
    N, M = B.shape
    if N > M:
        return pinv(B.T).T
    if N == 1:
        return _of_a_row(B)
    identity, eps = jnp.eye(N, dtype=B.dtype), jnp.finfo(B.dtype).eps
    X = jax.scipy.linalg.cho_solve((jnp.linalg.cholesky(B @ B.T), True), B).T
    X = X + X @ (identity - B @ X)
    error = identity - B @ X
    close = jnp.linalg.norm(error) <= eps**0.5  # the next refinement then leaves only rounding; false for NaN
    # A loop of at most one turn, not `cond`, which under `vmap` would decompose for all although none needs it.
    decomposed = lambda _: (False, by_decomposition(B))  # noqa: E731
    return jax.lax.while_loop(lambda carry: carry[0], decomposed, (~close, X + X @ error))[1]


def _of_a_row(B):
    """bᵀ / |b|², and 0 for b = 0: whoever observes one variable needs no factor, and a GPU asks nobody whether it was good."""
    size = jnp.abs(B).max()
    size = jnp.where(size == 0, 1, size)
    unit = B / size  # its square neither overflows nor vanishes
    norm = (unit**2).sum()
    return (unit / (jnp.where(norm == 0, 1, norm) * size)).T


def by_decomposition(B: Float[Array, "N M"]) -> Float[Array, "M N"]:
    """B⁺ by a singular value decomposition; differentiable where the rank of B is full."""
    return jnp.linalg.pinv(B, rtol=max(B.shape) * jnp.finfo(B.dtype).eps)
