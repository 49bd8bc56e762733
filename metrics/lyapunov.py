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

from metrics.exponents import Exponents, best, drawn, orthonormal
from metrics.metric import Metric
from references import Reference

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
    return lyapunov_spectrum(step, z0, length, transient=transient, count=count).per_step


def lyapunov_spectrum(
    step: Callable,
    z0: Float[ArrayLike, "M"],
    length: int | None = None,
    *,
    inputs=None,
    transient: int = 1000,
    count: int | None = None,
    start: Float[ArrayLike, "M count"] | None = None,
    dt: float = 1.0,
) -> Exponents:
    """The `count` leading exponents (default: all M) of a recurrence, with their standard errors, per step and per unit of time.

    step       one step: `step(z)`, or `step(z, u)` for a recurrence that is driven by inputs
    length     steps that count; with inputs, all that the transient leaves of them by default
    inputs     a pytree of arrays (transient + length, ...), one entry for each step
    transient  steps before those that count; they turn the directions
    start      the directions that are followed; by default those of `lyapunov_exponents`
    dt         time between steps

    How the exponents are found, what they cost and when they are not finite is said at `lyapunov_exponents`, how their errors are
    found at `Exponents.of_growth`. With `count=1` a step costs one product with its Jacobian.
    """
    import jax
    import jax.numpy as jnp

    step = step if jax.tree.leaves(step) != [step] else jax.tree_util.Partial(step)
    z0 = jnp.asarray(z0)
    length = _length(length, inputs, transient)
    first = () if inputs is None else (jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape[1:], leaf.dtype), inputs),)
    z0 = z0.astype(jnp.result_type(z0, 1.0, jax.eval_shape(step, z0, *first).dtype))
    M = len(z0)
    count = (M if start is None else np.shape(start)[-1]) if count is None else count
    if not 1 <= count <= M:
        raise ValueError(f"count = {count}; the map has {M} dimensions, so 1 to {M} exponents.")
    if start is not None:
        starts = orthonormal(start, M, count)[None]
    else:
        starts = drawn(M, count)[None] if transient else np.stack([np.eye(M, count), drawn(M, count)])
    z, logs = map(np.asarray, _followed(step, z0, inputs, np.asarray(starts, z0.dtype), transient + length))
    if not np.isfinite(z).all():
        return Exponents(np.full(count, np.nan), np.full(count, np.nan), length, dt)
    return Exponents.of_growth(best(logs[transient:].astype(np.float64)), dt)


def _length(length: int | None, inputs, transient: int) -> int:
    """Steps that count, of as many as there are inputs."""
    if inputs is None:
        if length is None:
            raise ValueError("length = None; say over how many steps, or give one input for each of them.")
        return length
    import jax

    rows = {len(leaf) for leaf in jax.tree.leaves(inputs)}
    length = min(rows, default=0) - transient if length is None else length
    if length < 0 or rows != {transient + length}:
        raise ValueError(
            f"inputs have {sorted(rows)} rows; wanted transient + length = {transient} + {max(0, length)}, one for each step."
        )
    return length


def _followed(step, z0, inputs, Q, steps: int):
    """The state after `steps` steps, and log |diag R| of each step, for each of the start directions Q `(starts, M, count)`."""
    import jax

    try:
        cpu = jax.local_devices(backend="cpu")[0]
    except RuntimeError:  # JAX_PLATFORMS names others alone
        cpu = None
    precision = jax.config.jax_default_matmul_precision or "highest"
    with jax.default_device(cpu), jax.default_matmul_precision(precision):
        return _follow()(*jax.device_put((step, z0, inputs, Q), cpu), steps)


@functools.cache
def _follow() -> Callable:
    """The compiled scan, made at its first use, so that importing this file does not load jax."""
    import jax
    import jax.numpy as jnp

    @functools.partial(jax.jit, static_argnums=4)
    def follow(step, z0: Float[Array, "M"], inputs, Q, steps: int):
        def advance(carry, u):
            z, Q = carry
            z, push = jax.linearize(step if u is None else lambda z: step(z, u), z)
            Q, R = jnp.linalg.qr(jax.vmap(jax.vmap(push, in_axes=1, out_axes=1))(Q))
            return (z, Q), jnp.log(jnp.abs(jnp.diagonal(R, axis1=-2, axis2=-1)))

        (z, _), logs = jax.lax.scan(advance, (z0, Q), inputs, length=steps)
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
    Q, logs = np.stack([np.eye(M), drawn(M, M)]), []
    for J in jacobians:
        Q, R = np.linalg.qr(J @ Q)
        with np.errstate(divide="ignore"):
            logs.append(np.log(np.abs(np.diagonal(R, axis1=-2, axis2=-1))))
    return best(np.stack(logs)).mean(axis=0)


def largest_from_jacobians(jacobians: Float[ArrayLike, "T M M"], v0: Float[ArrayLike, "M"] | None = None) -> float:
    """Growth rate of a tangent vector under `J_T ... J_1`, natural log per factor. O(T M²).

    v0  the vector at the start; by default one of equal entries, or a drawn one where that misses growth

    It is the leading exponent, with an error of about (log M)/T. NaN without factors; -inf for a vector that a factor maps to 0.
    """
    jacobians = np.asarray(jacobians, dtype=np.float64)
    M = jacobians.shape[-1]
    if not len(jacobians):
        return np.nan
    starts = [np.ones(M), drawn(M, 1)[:, 0]] if v0 is None else [np.asarray(v0, dtype=np.float64)]
    v, logs = np.stack(starts, axis=1), []
    v = v / np.linalg.norm(v, axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        for J in jacobians:
            v = J @ v
            norm = np.linalg.norm(v, axis=0)
            v = np.where(norm > 0, v / norm, 0)
            logs.append(np.log(norm))
    return float(best(np.stack(logs)[:, :, None]).mean())


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
