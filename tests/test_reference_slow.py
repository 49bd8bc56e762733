"""Long memory: models whose slow units carry information across windows, against an independent float64 implementation."""

import json
from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import methods
from methods.models import ShallowPLRNN

T = 16384


@cache
def case(reference, which):
    arrays = np.load(reference / "lorenz96_slow.npz")
    params = {name: jnp.asarray(arrays[f"{which}_{name}"], jnp.float64) for name in ("A", "W1", "W2", "h1", "h2", "B")}
    rows = json.loads((reference / "lorenz96_slow.json").read_text())[which]
    return (
        ShallowPLRNN.from_arrays(**params),
        jnp.asarray(arrays["x"][: T + 1], jnp.float64),
        arrays[f"{which}_z_every_1024"],
        rows,
    )


@pytest.mark.parametrize("which", ["slow", "integrators"])
@pytest.mark.parametrize(
    ("name", "window"),
    [("gtf-schwarz", 256), ("gtf-schwarz", 1024), ("gtf-shooting", 256), ("gtf-shooting", 1024), ("gtf-deer", None)],
)
def test_sweeps_and_states(reference, which, name, window):
    params, x, states, rows = case(reference, which)
    if window is None:
        settings, wanted = {"rule": "absolute", "tolerance": 1e-8}, rows["newton_updates"]
    else:
        # the largest jump accepted there is 1e-8
        kind = {"gtf-schwarz": "chunk", "gtf-shooting": "shooting"}[name]
        settings = {"window": window, "tolerance": 1e-8 / (1 + rows["max_abs_z"])}
        wanted = rows[f"{kind}_sweeps_C{window}"]
        if kind == "shooting":
            settings["directions"] = 24  # all of them, as there
    solution = jax.jit(methods.get(name, alpha=0.2, **settings).solve)(params, x)
    assert solution.status == "converged"
    assert abs(int(solution.iterations) - wanted) <= 1
    atol = {"slow": 1e-8, "integrators": 1e-6}[which]
    np.testing.assert_allclose(solution.states[1023::1024], states, atol=2 * atol)


@pytest.mark.parametrize("which", ["slow", "integrators"])
def test_half_of_the_directions_are_enough(reference, which):
    params, x, _, _ = case(reference, which)
    solution = jax.jit(methods.get("gtf-shooting", alpha=0.2).solve)(params, x)
    assert solution.status == "converged" and int(solution.iterations) <= 7


@pytest.mark.parametrize(("which", "name"), [("slow", "gtf-schwarz"), ("slow", "gtf-shooting"), ("integrators", "gtf-shooting")])
def test_gradients(reference, which, name):
    """1e-9 relative from the sequential gradient in double precision."""
    params, x, _, _ = case(reference, which)
    certificate = methods.get(name, alpha=0.2, tolerance=1e-13).certify(params, x)
    assert certificate.adjoint_error <= 1e-9 and certificate.gradient_error <= 1e-9


def test_auto_sees_that_windows_cannot_win(reference):
    for which in ("slow", "integrators"):
        params, x, _, _ = case(reference, which)
        assert methods.get("auto", alpha=0.2).explain(params, x).startswith("sequential: the forced exponent is -")
