"""Lyapunov exponents of a problem: along a trajectory, of a model under its forcing, and of the same model without data.

Newton's method on a whole trajectory solves a linear recurrence with the Jacobians of the map, and its exponents say how fast
errors grow or die out in it. A chaotic model has a positive exponent when it runs freely, and may have a negative one while data
pull it: that is what lets generalised teacher forcing be trained in parallel.
"""

import math
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float, Real

from methods.layout import host
from methods.layout.precision import precise
from methods.models.free_run import free_map
from methods.problem import Problem, border, rollout
from metrics.exponents import Exponents, best, first_directions, orthonormal
from metrics.lyapunov import lyapunov_spectrum


def exponents(
    problem: Problem,
    states: Float[Array, "T ... M"],
    *,
    count: int | None = 1,
    start: Float[ArrayLike, "M count"] | None = None,
    dt: float = 1.0,
) -> Exponents:
    """The `count` leading exponents (None: all M) of J_T … J_2 along the states, per step and per unit of time, with errors.

    states  (T, ..., M), a trajectory, or any other states at which growth is asked for
    start   directions before J_2; by default one of equal entries, or the axes for more than one, and drawn ones where those miss
            growth, as in `metrics.largest_from_jacobians`
    dt      time between steps

    Arrays of the result are (..., count). Work O(T (count cost(push) + M count²)), one step after the other, on the CPU; no
    Jacobian is formed. The error is that of `metrics.Exponents.of_growth`. NaN for T = 1, which has no factor, and for a sequence
    that is not finite; -inf for a direction that a step maps to 0. Gonzalez et al. 2025, arXiv:2508.16817.
    """
    return Exponents.of_growth(growth(problem, states, count=count, start=start), dt)


def growth(
    problem: Problem, states: Float[Array, "T ... M"], *, count: int | None = 1, start=None
) -> Float[np.ndarray, "T_minus_1 ... count"]:
    """The logarithms by which the directions of `exponents` grow in each step, J_2 … J_T, natural logarithm."""
    M = states.shape[-1]
    count = M if count is None else count
    if not 1 <= count <= M:
        raise ValueError(f"count = {count}; the map has {M} dimensions, so 1 to {M} exponents.")
    Q = first_directions(M, count) if start is None else orthonormal(start, M, count)[None]
    logs = np.asarray(host.run(_followed, problem, states, jnp.asarray(Q, states.dtype)), np.float64)
    sequences = math.prod(states.shape[1:-1])
    each = logs.reshape(*logs.shape[:2], sequences, count)
    return np.stack([best(each[:, :, i]) for i in range(sequences)], axis=1).reshape(len(logs), *states.shape[1:-1], count)


@jax.jit
@precise()
def _followed(problem, states, Q):
    """log |diag R| of J_t Q_{t−1} = Q_t R_t for each start, `(T-1, starts, ..., count)`."""
    step, batch = problem.step, states.shape[1:-1]
    patterns = jax.tree.map(lambda leaf: leaf[1:], problem.evaluate(states).pattern)
    Q = jnp.broadcast_to(Q.reshape(len(Q), *[1] * len(batch), *Q.shape[1:]), (len(Q), *batch, *Q.shape[1:]))

    def advance(Q, pattern):
        columns = jax.vmap(partial(step.push, pattern), in_axes=-1, out_axes=-1)
        Q, R = jnp.linalg.qr(jax.vmap(columns)(Q))
        return Q, jnp.log(jnp.abs(jnp.diagonal(R, axis1=-2, axis2=-1)))

    logs = jax.lax.scan(advance, Q, patterns)[1]
    return jnp.where(jnp.isfinite(states).all((0, -1))[..., None], logs, jnp.nan)


def forced_exponents(
    forcing, params, x: Real[ArrayLike, "... T_plus_1 N"], *, alpha=None, count: int | None = 1, dt: float = 1.0
) -> Exponents:
    """Exponents of a model under its forcing, along the trajectory that data x_0 … x_T pull it through; `exponents` says more.

    x      (T+1, N) or (S, T+1, N), taken in the precision of `params`; a batch gives exponents (S, count)
    alpha  forcing strength in place of the forcing's own
    """
    alpha = getattr(forcing, "alpha", None) if alpha is None else alpha
    return exponents(*_posed(forcing, params, border.sequences(params, x), alpha), count=count, dt=dt)


@partial(jax.jit, static_argnums=0)
@precise()
def _posed(forcing, params, x, alpha):
    problem, _ = params.pose(forcing, jnp.moveaxis(x, -2, 0), alpha=alpha)
    return problem, rollout(problem)


def free_exponents(
    forcing,
    params,
    history: Real[ArrayLike, "... rows N"],
    length: int,
    *,
    transient: int = 1000,
    alpha=None,
    count: int | None = 1,
    dt: float = 1.0,
) -> Exponents:
    """Exponents of a model that runs without data, over `length` steps that follow `transient` ones after a history.

    history  (rows, N) or (S, rows, N), from which the first state is found as `free_run` does; a batch gives exponents (S, count)
    alpha    strength with which the history forces

    `metrics.lyapunov_spectrum` says how they are found and when they are not finite.
    """
    history = border.history(params, history)
    sequences = history.reshape(-1, *history.shape[-2:])
    found = []
    for sequence in sequences:
        step, z0 = free_map(forcing, params, sequence, alpha)
        found.append(lyapunov_spectrum(step, z0, length, transient=transient, count=count, dt=dt))
    shape = (*history.shape[:-2], -1)
    per_step, error = (np.stack([getattr(each, key) for each in found]).reshape(shape) for key in ("per_step", "error"))
    return Exponents(per_step, error, length, dt)
