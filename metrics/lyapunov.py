"""Lyapunov exponents: how fast do neighbouring orbits part?"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Array, ArrayLike, Float

from metrics.metric import Metric


def lyapunov_exponents(
    step: Callable, z0: Float[ArrayLike, "M"], length: int, *, transient: int = 1000, count: int | None = None
) -> Float[np.ndarray, "count"]:
    """The `count` leading exponents (default: all M) of the map `z -> step(z)`, natural log per step; divide by dt for a flow.

    J_t Q_{t-1} = Q_t R_t with Q_0 = I, exponents = mean log|diag R_t| over `length` steps, after `transient` steps that turn Q
    but do not count. One compiled scan of forward-mode products, O(length (count cost(step) + M count²)); in the precision of
    the map, averaged in double. In the order of the columns: descending, up to the error of a finite time.

    Neither large nor small is good: compare with the truth by |λ̂ - λ|. A direction that dies at once has -inf; an orbit that
    stops being finite, or `length=0`, has NaN. Benettin et al. 1980; Geist et al. 1990.
    """
    import jax
    import jax.numpy as jnp

    z0 = jnp.asarray(z0)
    z0 = z0.astype(jnp.result_type(z0, 1.0, jax.eval_shape(step, z0).dtype))
    count = len(z0) if count is None else count
    if not 1 <= count <= len(z0):
        raise ValueError(f"count = {count}; the map has {len(z0)} dimensions, so 1 to {len(z0)} exponents.")

    def advance(carry, _):
        z, Q = carry
        z, push = jax.linearize(step, z)
        Q, R = jnp.linalg.qr(jax.vmap(push, in_axes=1, out_axes=1)(Q))
        return (z, Q), jnp.log(jnp.abs(jnp.diagonal(R)))

    @jax.jit
    def run(z0: Float[Array, "M"]):
        (z, _), logs = jax.lax.scan(advance, (z0, jnp.eye(len(z0), count, dtype=z0.dtype)), length=transient + length)
        return z, logs

    z, logs = map(np.asarray, run(z0))
    if length == 0 or not np.isfinite(z).all():
        return np.full(count, np.nan)
    return logs[transient:].mean(axis=0, dtype=np.float64)


def spectrum_from_jacobians(jacobians: Float[ArrayLike, "T M M"]) -> Float[np.ndarray, "M"]:
    """All exponents of the product `J_T ... J_1`, natural log per factor, by QR from Q_0 = I. O(T M³), double precision.

    For a forced trajectory, whose Jacobians are known. No factors: NaN. A direction that a factor kills: -inf.
    """
    jacobians = np.asarray(jacobians, dtype=np.float64)
    if not len(jacobians):
        return np.full(jacobians.shape[-1], np.nan)
    Q, total = np.eye(jacobians.shape[-1]), 0.0
    for J in jacobians:
        Q, R = np.linalg.qr(J @ Q)
        with np.errstate(divide="ignore"):
            total = total + np.log(np.abs(np.diag(R)))
    return total / len(jacobians)


def largest_from_jacobians(jacobians: Float[ArrayLike, "T M M"], v0: Float[ArrayLike, "M"] | None = None) -> float:
    """Growth rate of one tangent vector under `J_T ... J_1`, natural log per factor; `v0` defaults to equal entries. O(T M²).

    The leading exponent with an error of about (log M)/T. No factors: NaN. A vector that a factor kills: -inf.
    """
    jacobians = np.asarray(jacobians, dtype=np.float64)
    if not len(jacobians):
        return np.nan
    v = np.ones(jacobians.shape[-1]) if v0 is None else np.asarray(v0, dtype=np.float64)
    v, total = v / np.linalg.norm(v), 0.0
    for J in jacobians:
        v = J @ v
        norm = np.linalg.norm(v)
        if norm == 0:
            return -np.inf
        v, total = v / norm, total + np.log(norm)
    return float(total / len(jacobians))


METRICS = {"lyapunov": Metric(lyapunov_exponents, unit="1/step", higher_is_better=None, takes="map")}
