"""The constant of Polyak and Łojasiewicz: how steep the merit is, and so how hard a recurrence is to evaluate in parallel.

μ = σ_min(𝒥)² at a trajectory, with 𝒥 = ∂r/∂z. Then ½ ‖∇𝓜‖² ≥ μ 𝓜 there: where μ is small the merit is flat, and states that
are far from the trajectory have a small merit. By its exponent λ alone a recurrence has √μ between about (1 − e^λ)/a and 1 for
λ < 0, and e^{−λT} for λ > 0, see `bounds`.

σ_min(𝒥) is 1/‖𝒥⁻¹‖, the largest singular value of an operator that costs two passes through time to apply, whence Lanczos: it is
the upper end of the spectrum that converges, and converges fast.
"""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Array, Float

from methods.layout import host
from methods.layout.precision import precise
from methods.predictability.residual_jacobian import ResidualJacobian
from methods.problem import Problem

EVERY = 10  # iterations between two looks at how far it has come


class PLConstant(NamedTuple):
    """log μ of each sequence, `(...)`, in units of nothing; NaN where the states or the Jacobians are not finite."""

    log_mu: Float[np.ndarray, "..."]  # natural logarithm; never above 0, as 𝒥 leaves the last state as it is
    error: Float[np.ndarray, "..."]  # 𝒥𝒥ᵀ has an eigenvalue between exp(log_mu − error) and exp(log_mu), by Lanczos' residual
    iterations: int  # passes forwards and backwards through time


def pl_constant(
    problem: Problem, states: Float[Array, "T ... M"], *, tolerance: float = 1e-3, max_iterations: int = 300
) -> PLConstant:
    """log μ = 2 log σ_min(𝒥) at the states, by Lanczos bidiagonalisation of 𝒥⁻¹ (Golub and Kahan 1965).

    states     (T, ..., M), the true trajectory, or any other states at which the merit is to be judged
    tolerance  iteration ends once `error` is below 2 · `tolerance`, or at `max_iterations`; `error` says what was reached

    An iteration is one pass forwards by `push` and one backwards by `pull`, on the CPU: work O(T cost(push)), memory O(T M), and
    neither 𝒥 nor any Jacobian is formed. The value found is too large rather than too small, by much less than `error`, which is
    of first order in what is missing where the value is of second. Directions are drawn from a fixed seed.
    Gonzalez et al. 2025, arXiv:2508.16817, Definition 2.
    """
    measured = partial(_measured, tolerance=tolerance, max_iterations=max_iterations)
    log_mu, error, iterations = host.run(measured, problem, states)
    return PLConstant(np.asarray(log_mu), np.asarray(error), int(iterations))


def _measured(problem, states, *, tolerance: float, max_iterations: int):
    jacobian, basis = _begun(problem, states)
    alphas, betas, iterations = [], [], 0
    while True:
        basis, alpha, beta = _advanced(jacobian, basis)
        alphas.append(np.asarray(alpha, np.float64))
        betas.append(np.asarray(beta, np.float64))
        iterations += EVERY
        value, residual = _largest(np.concatenate(alphas), np.concatenate(betas))
        with np.errstate(divide="ignore", invalid="ignore"):
            log_mu = -2 * (np.log(value) + np.asarray(basis.scale, np.float64))
            error = 2 * np.log1p(residual / value)
        running = error > 2 * tolerance  # a NaN has nothing to wait for
        if not running.any() or iterations >= max_iterations:
            return np.minimum(log_mu, 0), error, iterations


class _Basis(NamedTuple):
    """The last pair of Lanczos vectors `(T, ..., M)`. Coefficients are those of 𝒥⁻¹ divided by e^scale."""

    u: Array
    v: Array
    beta: Float[Array, "..."]
    scale: Float[Array, "..."]


@jax.jit
@precise()
def _begun(problem, states):
    """The operator, and a drawn direction; how much that one grows is about how large 𝒥⁻¹ is, and so sets the scale."""
    jacobian = ResidualJacobian.at(problem, states)
    v, _ = _unit(jr.normal(jr.key(0), states.shape, states.dtype))
    # The linearisation of a piecewise-linear map may be finite at states that are not.
    v = jnp.where(jnp.isfinite(states).all((0, -1))[..., None], v, jnp.nan)
    _, scale = jacobian.solve(v)
    return jacobian, _Basis(jnp.zeros_like(v), v, jnp.zeros_like(scale), scale)


@jax.jit
@precise()
def _advanced(jacobian: ResidualJacobian, basis: _Basis):
    """Some more iterations, and their coefficients (EVERY, ...) of the upper bidiagonal matrix.

    Vectors are not made orthogonal to all earlier ones, which would have to be kept. They stop being so once a singular value has
    converged, and then find it a second time, which does no harm to the largest.
    """

    def iteration(basis, _):
        u, alpha = _unit(_scaled(jacobian.solve(basis.v), basis.scale) - _each(basis.beta) * basis.u)
        v, beta = _unit(_scaled(jacobian.solve_transposed(u), basis.scale) - _each(alpha) * basis.v)
        return _Basis(u, v, beta, basis.scale), (alpha, beta)

    basis, (alphas, betas) = jax.lax.scan(iteration, basis, length=EVERY)
    return basis, alphas, betas


def _each(values):
    """One value for each sequence, against vectors `(T, ..., M)`."""
    return values[None, ..., None]


def _scaled(solution, scale):
    w, s = solution
    return _each(jnp.exp(s - scale)) * w


def _unit(v):
    """v divided by its norm, and the norm. 0 stays 0: then the space is exhausted, as for T = 1."""
    norm = jnp.sqrt((v**2).sum((0, -1)))
    return v / _each(jnp.where(norm == 0, 1, norm)), norm


def _largest(alphas: Float[np.ndarray, "k ..."], betas: Float[np.ndarray, "k ..."]):
    """The largest singular value of the upper bidiagonal matrix so far, and by how much it misses being one of the operator."""
    k, *batch = alphas.shape
    alphas, betas = np.moveaxis(alphas, 0, -1).reshape(-1, k), np.moveaxis(betas, 0, -1).reshape(-1, k)
    found = np.full((len(alphas), 2), np.nan)
    for row, alpha, beta in zip(found, alphas, betas, strict=True):
        if np.isfinite(alpha).all() and np.isfinite(beta).all():
            left, values, _ = np.linalg.svd(np.diag(alpha) + np.diag(beta[:-1], 1))
            row[:] = values[0], beta[-1] * abs(left[-1, 0])
    return found[:, 0].reshape(batch), found[:, 1].reshape(batch)
