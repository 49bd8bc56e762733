"""The constant of Polyak and Łojasiewicz: how steep the merit is, and so how hard a recurrence is to evaluate in parallel.

μ = σ_min(𝒥)² at a trajectory, with 𝒥 = ∂r/∂z. Then ½ ‖∇𝓜‖² ≥ μ 𝓜 there: where μ is small the merit is flat, and states that
are far from the trajectory have a small merit. By its exponent λ alone a recurrence has √μ between about (1 − e^λ)/a and 1 for
λ < 0, and e^{−λT} for λ > 0, see `bounds`.

σ_min(𝒥) is 1/‖𝒥⁻¹‖, the largest singular value of an operator that costs a pass through time to apply, whence Lanczos: it is
the upper end of the spectrum that converges, and converges fast.
"""

from functools import partial
from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Float

from methods.layout import host
from methods.layout.precision import precise
from methods.predictability import lanczos
from methods.predictability.residual_jacobian import ResidualJacobian
from methods.problem import Problem


class PLConstant(NamedTuple):
    """log μ of each sequence, `(...)`, a number without unit; NaN where the states or the Jacobians are not finite."""

    log_mu: Float[np.ndarray, "..."]  # natural logarithm; never above 0, as 𝒥 leaves the last state as it is
    error: Float[np.ndarray, "..."]  # 𝒥𝒥ᵀ has an eigenvalue between exp(log_mu − error) and exp(log_mu), by Lanczos' residual
    turns: int  # passes forwards and backwards through time


def pl_constant(
    problem: Problem, states: Float[Array, "T ... M"], *, tolerance: float = 0.01, max_turns: int = 300
) -> PLConstant:
    """log μ = 2 log σ_min(𝒥) at the states, by Lanczos bidiagonalisation of 𝒥⁻¹.

    states     (T, ..., M), the true trajectory, or any other states at which the merit is to be judged
    tolerance  on `error`, which says what was reached where `max_turns` came first

    A turn is one pass forwards by `push` and one backwards by `pull`, on the CPU: work O(T cost(push)), memory O(T M), and no
    Jacobian is formed. The value found is too large rather than too small, by much less than `error`, which is of first
    order in what is missing where the value is of second. Not under `jit`.
    Gonzalez et al. 2025, arXiv:2508.16817.
    """
    log, error, turns = host.run(partial(_inverse_norm, tolerance=tolerance / 2, max_turns=max_turns), problem, states)
    # The linearisation of a piecewise-linear map may be finite at states that are not.
    finite = np.isfinite(states).all((0, -1))
    log_mu, error = (np.where(finite, each, np.nan) for each in (np.minimum(-2 * np.asarray(log), 0), 2 * np.asarray(error)))
    return PLConstant(log_mu, error, int(turns))


def _inverse_norm(problem, states, **limits):
    """‖𝒥⁻¹‖ as a plain tuple."""
    return tuple(lanczos.largest(Inverse(_jacobian(problem, states)), states, **limits))


_jacobian = jax.jit(precise()(ResidualJacobian.at))


class Inverse(NamedTuple):
    """𝒥⁻¹ as an operator on vectors `(T, ..., M)`."""

    jacobian: ResidualJacobian

    def forwards(self, v):
        return self.jacobian.solve(v)

    def backwards(self, u):
        return self.jacobian.solve_transposed(u)
