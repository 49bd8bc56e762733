"""Every way to scan a linear recurrence gives the same, and what the reference says."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from methods import linear_recurrence

SCANS = ["associative", "chunked", "sequential"]
solve = jax.jit(linear_recurrence.solve, static_argnames=("scan", "reverse"))


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


@pytest.mark.parametrize("scan", SCANS)
@pytest.mark.parametrize("kind", ["full", "orth", "diag", "cdiag"])
def test_reference_cases(reference, kind, scan):
    cases = np.load(reference / "linear_scan.npz")
    prefixes = sorted(key.removesuffix("_z") for key in cases if key.startswith(f"{kind}_") and key.endswith("_z"))
    assert prefixes
    for prefix in prefixes:
        _, d, T = prefix.split("_")
        A, b, z0, g = (jnp.asarray(a) for a in inputs(kind, int(d[1:]), int(T[1:])))
        first = b.at[0].add(linear_recurrence.apply(A[0], z0))
        z = solve(A, first, scan=scan)
        A_next = jnp.concatenate([A[1:], jnp.zeros_like(A[:1])])
        adjoint = A_next if A.ndim == 2 else A_next.swapaxes(-1, -2)
        lam = solve(adjoint, g, scan=scan, reverse=True)
        rows = cases[f"{prefix}_index"] - 1 if f"{prefix}_index" in cases else slice(None)
        for got, wanted in ((z[rows], cases[f"{prefix}_z"]), (lam[rows], cases[f"{prefix}_lam"])):
            assert np.abs(got - wanted).max() <= 1e-11 * np.abs(wanted).max(), prefix
