"""Every way to scan a linear recurrence gives the same, and what the reference says."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from methods.linear import recurrence

SCANS = ["associative", "chunked", "sequential"]
solve = jax.jit(recurrence.solve, static_argnames=("scan", "reverse"))


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize(("T", "batch"), [(1, ()), (2, ()), (3, ()), (17, (2,)), (777, ())])
@pytest.mark.parametrize("kind", ["full", "diagonal"])
def test_scans_agree_with_the_loop(kind, batch, T, reverse):
    rng = np.random.default_rng(0)
    G = rng.standard_normal((T, *batch, 3, 3)) * 0.5 if kind == "full" else rng.standard_normal((T, *batch, 3)) * 0.8
    b = rng.standard_normal((T, *batch, 3))
    expected, d = np.zeros_like(b), np.zeros((*batch, 3))
    for t in range(T)[:: -1 if reverse else 1]:
        d = expected[t] = (G[t] @ d[..., None])[..., 0] + b[t] if kind == "full" else G[t] * d + b[t]
    for scan in SCANS:
        got = solve(jnp.asarray(G), jnp.asarray(b), scan=scan, reverse=reverse)
        np.testing.assert_allclose(got, expected, atol=1e-11, err_msg=scan)


def inputs(kind, d, T, base=1000):
    """The draws that define the reference cases."""
    r = np.random.default_rng([base, ["full", "orth", "diag", "cdiag"].index(kind), d, T])
    if kind == "full":
        A = r.standard_normal((T, d, d)) * (0.95 / np.sqrt(d))
    elif kind == "orth":
        K = r.standard_normal((T, d, d))
        S = 0.05 * (K - K.transpose(0, 2, 1))
        A = 0.9995 * np.linalg.solve(np.eye(d) - S, np.eye(d) + S)
    elif kind == "diag":
        A = 1.0 - 0.1 * r.uniform(0, 1, (T, d))
        A = A * np.where(r.uniform(0, 1, (T, d)) < 0.1, -1.0, 1.0)
    else:
        A = r.uniform(0.95, 1.0, (T, d)) * np.exp(1j * r.uniform(0, 2 * np.pi, (T, d)))

    def draw(*shape):
        return r.standard_normal(shape) + 1j * r.standard_normal(shape) if kind == "cdiag" else r.standard_normal(shape)

    return A, draw(T, d), draw(d), draw(T, d)


@partial(jax.jit, static_argnums=0)
def both_ways(scan, A, b, z0, g):
    """z_1 … z_T from z_0, and the adjoint λ_1 … λ_T of g."""
    z = recurrence.solve(A, b.at[0].add(recurrence.apply(A[0], z0)), scan=scan)
    ahead = jnp.concatenate([A[1:], jnp.zeros_like(A[:1])])
    ahead = ahead if A.ndim == 2 else ahead.swapaxes(-1, -2)
    return z, recurrence.solve(ahead, g, scan=scan, reverse=True)


@pytest.mark.parametrize("scan", SCANS)
@pytest.mark.parametrize(("d", "T"), [(3, 1), (3, 2), (8, 17), (3, 1000), (3, 16323)])
@pytest.mark.parametrize("kind", ["full", "orth", "diag", "cdiag"])
def test_reference_cases(reference, kind, d, T, scan):
    cases, prefix = np.load(reference / "linear_scan.npz"), f"{kind}_d{d}_T{T}"
    z, lam = both_ways(scan, *(jnp.asarray(a) for a in inputs(kind, d, T)))
    rows = cases[f"{prefix}_index"] - 1 if f"{prefix}_index" in cases else slice(None)
    for got, wanted in ((z[rows], cases[f"{prefix}_z"]), (lam[rows], cases[f"{prefix}_lam"])):
        assert np.abs(got - wanted).max() <= 1e-11 * np.abs(wanted).max()
