"""Lyapunov exponents: how fast do neighbouring orbits part?

Exponents are found by following directions along an orbit. From which directions one starts hardly matters in the long run, with
one exception: a map may carry the directions of the axes, or that of equal entries, into themselves, so that these never turn
towards directions that grow faster. Randomly drawn directions do. Where a transient is dropped at the beginning, drawn directions
are all that is needed. Without a transient, numbers over a finite time are defined by the axes or equal entries: then both are
followed, and the drawn ones are taken only where the others have missed growth.
"""

import functools
from collections.abc import Callable

import numpy as np
from jaxtyping import Array, ArrayLike, Float

from metrics.metric import Metric
from references import Reference

# By how many nats drawn directions may grow more than others by mere luck: a first part, and one more for each direction.
LUCK = 10.0, 3.0

BENETTIN1980 = Reference(
    key="benettin1980",
    kind="article",
    author=("Giancarlo Benettin", "Luigi Galgani", "Antonio Giorgilli", "Jean-Marie Strelcyn"),
    title="Lyapunov Characteristic Exponents for smooth dynamical systems and for Hamiltonian systems; a method for computing "
    "all of them. Part 1: Theory",
    journal="Meccanica",
    volume="15",
    year=1980,
)
GEIST1990 = Reference(
    key="geist1990",
    kind="article",
    author=("Karlheinz Geist", "Ulrich Parlitz", "Werner Lauterborn"),
    title="Comparison of Different Methods for Computing Lyapunov Exponents",
    journal="Progress of Theoretical Physics",
    volume="83",
    number="5",
    year=1990,
)


def lyapunov_exponents(
    step: Callable, z0: Float[ArrayLike, "M"], length: int, *, transient: int = 1000, count: int | None = None
) -> Float[np.ndarray, "count"]:
    """The `count` leading exponents (default: all M) of the map `z -> step(z)`, natural log per step; divide by dt for a flow.

    J_t Q_{t-1} = Q_t R_t, exponents = mean log|diag R_t| over `length` steps, after `transient` steps that turn Q but do not
    count. Q_0 is drawn, always the same, and the exponents descend; without transient it is I unless that misses growth, and they
    descend up to the error of a finite time. One compiled scan of forward-mode products, O(length (count cost(step) + M count²)),
    in the precision of the map, averaged in double precision. It runs on the CPU, as one state at a time is too little for a GPU.
    Where `step` is a `jax.tree_util.Partial` or another callable pytree, one compiled program serves all values of its arrays.

    Neither large nor small is good: compare with the truth by |λ̂ - λ|. A direction that a step maps to 0 has -inf; an orbit that
    stops being finite, or `length=0`, has NaN. Benettin et al. 1980; Geist et al. 1990.
    """
    import jax
    import jax.numpy as jnp

    step = step if jax.tree.leaves(step) != [step] else jax.tree_util.Partial(step)
    z0 = jnp.asarray(z0)
    z0 = z0.astype(jnp.result_type(z0, 1.0, jax.eval_shape(step, z0).dtype))
    M = len(z0)
    count = M if count is None else count
    if not 1 <= count <= M:
        raise ValueError(f"count = {count}; the map has {M} dimensions, so 1 to {M} exponents.")

    starts = _drawn(M, count)[None] if transient else np.stack([np.eye(M, count), _drawn(M, count)])
    z, logs = map(np.asarray, _followed(step, z0, np.asarray(starts, z0.dtype), transient + length))
    if length == 0 or not np.isfinite(z).all():
        return np.full(count, np.nan)
    return _best(logs[transient:].sum(axis=0, dtype=np.float64)) / length


def _followed(step, z0, Q, steps: int):
    """The state after `steps` steps, and log |diag R| of each step, for each of the start directions Q `(starts, M, count)`."""
    import jax

    try:
        cpu = jax.local_devices(backend="cpu")[0]
    except RuntimeError:  # JAX_PLATFORMS names others alone
        cpu = None
    precision = jax.config.jax_default_matmul_precision or "highest"
    with jax.default_device(cpu), jax.default_matmul_precision(precision):
        return _follow()(*jax.device_put((step, z0, Q), cpu), steps)


@functools.cache
def _follow() -> Callable:
    """The compiled scan, made at its first use, so that importing this file does not load jax."""
    import jax
    import jax.numpy as jnp

    @functools.partial(jax.jit, static_argnums=3)
    def follow(step, z0: Float[Array, "M"], Q, steps: int):
        def advance(carry, _):
            z, Q = carry
            z, push = jax.linearize(step, z)
            Q, R = jnp.linalg.qr(jax.vmap(jax.vmap(push, in_axes=1, out_axes=1))(Q))
            return (z, Q), jnp.log(jnp.abs(jnp.diagonal(R, axis1=-2, axis2=-1)))

        (z, _), logs = jax.lax.scan(advance, (z0, Q), length=steps)
        return z, logs

    return follow


def spectrum_from_jacobians(jacobians: Float[ArrayLike, "T M M"]) -> Float[np.ndarray, "M"]:
    """All exponents of the product `J_T ... J_1`, natural log per factor, by QR. O(T M³), double precision.

    It is for a forced trajectory, whose Jacobians are known. Q_0 = I, or drawn directions where that misses growth. The exponents
    stand in the order of the columns of Q, descending up to the error of a finite time. NaN without factors; -inf for a direction
    that a factor maps to 0.
    """
    jacobians = np.asarray(jacobians, dtype=np.float64)
    M = jacobians.shape[-1]
    if not len(jacobians):
        return np.full(M, np.nan)
    Q, total = np.stack([np.eye(M), _drawn(M, M)]), 0.0
    for J in jacobians:
        Q, R = np.linalg.qr(J @ Q)
        with np.errstate(divide="ignore"):
            total = total + np.log(np.abs(np.diagonal(R, axis1=-2, axis2=-1)))
    return _best(total) / len(jacobians)


def largest_from_jacobians(jacobians: Float[ArrayLike, "T M M"], v0: Float[ArrayLike, "M"] | None = None) -> float:
    """Growth rate of a tangent vector under `J_T ... J_1`, natural log per factor. O(T M²).

    v0  the vector at the start; by default one of equal entries, or a drawn one where that misses growth

    It is the leading exponent, with an error of about (log M)/T. NaN without factors; -inf for a vector that a factor maps to 0.
    """
    jacobians = np.asarray(jacobians, dtype=np.float64)
    M = jacobians.shape[-1]
    if not len(jacobians):
        return np.nan
    starts = [np.ones(M), _drawn(M, 1)[:, 0]] if v0 is None else [np.asarray(v0, dtype=np.float64)]
    v, total = np.stack(starts, axis=1), 0.0
    v = v / np.linalg.norm(v, axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        for J in jacobians:
            v = J @ v
            norm = np.linalg.norm(v, axis=0)
            v, total = np.where(norm > 0, v / norm, 0), total + np.log(norm)
    return float(_best(total[:, None])[0] / len(jacobians))


def _drawn(M: int, count: int) -> Float[np.ndarray, "M count"]:
    """Orthonormal directions, drawn from a fixed seed, which no map has a reason to carry into themselves."""
    return np.linalg.qr(np.random.default_rng(0).standard_normal((M, count)))[0]


def _best(total: Float[np.ndarray, "starts count"]) -> Float[np.ndarray, "count"]:
    """Total growth along the directions of the first start, or along drawn ones if the volumes that these span grow far more.

    total  total growth for each start; that of drawn directions comes last, and may be the only one
    """
    *fixed, drawn = total
    if fixed:
        with np.errstate(invalid="ignore"):
            gain = np.cumsum(drawn) - np.cumsum(fixed[0])
        luck, each = LUCK
        if not (gain > luck + each * np.arange(1, len(gain) + 1)).any():
            return fixed[0]
    return -np.sort(-drawn)


METRICS = {
    "lyapunov": Metric(
        lyapunov_exponents,
        unit="1/step",
        higher_is_better=None,
        takes="map",
        references=(BENETTIN1980, GEIST1990),
        summary="Lyapunov exponents of a map, per step: the nearer to those of the truth the better",
    )
}
