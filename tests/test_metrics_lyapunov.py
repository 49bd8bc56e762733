"""Lyapunov exponents against exact values, independent numbers and linear algebra."""

import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import methods
import metrics
import systems


@pytest.fixture(scope="module")
def cases(reference):
    return json.loads((reference / "metrics.json").read_text())["lyapunov"]


@pytest.fixture(scope="module")
def models(reference):
    """Weights and data of the two models."""
    out = {}
    with np.load(reference / "newton_data.npz") as data:
        for model in ("fo", "po"):
            with np.load(reference / f"gtf_rollout_{model}.npz") as weights:
                out[model] = {key: weights[key] for key in ("A", "W1", "W2", "h1", "h2", "B")} | {"x": data[f"x_{model}"]}
    return out


def rk4_map(u, dt=0.01):
    field = systems.get("lorenz63").field
    t = jnp.zeros(())
    a = field(t, u)
    b = field(t, u + dt / 2 * a)
    c = field(t, u + dt / 2 * b)
    d = field(t, u + dt * c)
    return u + dt / 6 * (a + 2 * b + 2 * c + d)


def free_map(model):
    return lambda z: model["A"] * z + model["W1"] @ jnp.maximum(model["W2"] @ z + model["h2"], 0) + model["h1"]


def forced_jacobians(model, alpha):
    """J_1 .. J_T along the trajectory forced by the data."""
    A, W1, W2, h1, h2, B, x = (model[key] for key in ("A", "W1", "W2", "h1", "h2", "B", "x"))
    inverse = np.linalg.pinv(B)
    forcing = np.eye(len(A)) - alpha * inverse @ B
    z, jacobians = inverse @ x[0], []
    for observed in x[:-1]:
        z = z + alpha * inverse @ (observed - B @ z)
        pre = W2 @ z + h2
        jacobians.append((np.diag(A) + (W1 * (pre > 0)) @ W2) @ forcing)
        z = A * z + W1 @ np.maximum(pre, 0) + h1
    return np.array(jacobians)


@pytest.mark.parametrize("row", range(5))
def test_finite_time_exponents_of_lorenz63_agree_with_the_reference(cases, row):
    case = cases["lorenz63_finite_time"]
    expected = case["rows"][row]
    exponents = metrics.lyapunov_exponents(rk4_map, np.array(case["u0"]), expected["steps"], transient=0) / case["dt"]
    np.testing.assert_allclose(exponents, expected["exponents"], rtol=0, atol=max(1e-10, 100 * expected["sensitivity"]))


def test_the_spectrum_of_lorenz63_is_the_known_one(cases):
    known = cases["lorenz63_long_run"]["runs"][0]["exponents"]
    exponents = metrics.lyapunov_exponents(rk4_map, np.ones(3), 100_000, transient=2000) / 0.01
    # Tolerances of the reference are for ten times the length: here √10 times them.
    assert (np.abs(exponents - known) <= np.sqrt(10) * np.array([0.02, 0.01, 0.02])).all()
    assert exponents.sum() == pytest.approx(-(10 + 1 + 8 / 3), abs=1e-3)  # the divergence of the field


@pytest.mark.parametrize(
    "r, exact, steps, tolerance",
    [(4.0, np.log(2), 100_000, 1e-3), (3.2, np.log(0.16) / 2, 1000, 1e-8), (2.5, np.log(0.5), 1000, 1e-8)],
)
def test_the_logistic_map_has_its_exact_exponent(r, exact, steps, tolerance):
    exponents = metrics.lyapunov_exponents(lambda x: r * x * (1 - x), np.array([0.3]), steps)
    np.testing.assert_allclose(exponents, [exact], atol=tolerance)


@pytest.mark.parametrize("steps", [100, 500, 1500])
@pytest.mark.parametrize("model", ["fo", "po"])
def test_free_models_agree_with_the_reference(cases, models, model, steps):
    case = cases[f"shplrnn_{model}"]["autonomous"]
    (expected,) = (row["spectrum_per_step"] for row in case["finite_time"] if row["steps"] == steps)
    step = free_map(models[model])
    exponents = metrics.lyapunov_exponents(step, np.array(case["z0"]), steps, transient=0)
    np.testing.assert_allclose(exponents, expected, rtol=0, atol=1e-6)
    leading = metrics.lyapunov_exponents(step, np.array(case["z0"]), steps, transient=0, count=2)
    np.testing.assert_allclose(leading, exponents[:2], rtol=0, atol=1e-9)


@pytest.mark.parametrize("row", range(3))
@pytest.mark.parametrize("model", ["fo", "po"])
def test_forced_models_agree_with_the_reference(cases, models, model, row):
    expected = cases[f"shplrnn_{model}"]["forced"][row]
    jacobians = forced_jacobians(models[model], expected["alpha"])
    spectrum = metrics.spectrum_from_jacobians(jacobians)
    np.testing.assert_allclose(spectrum, expected["spectrum_per_step"], rtol=0, atol=1e-9)
    assert spectrum.sum() == pytest.approx(expected["mean_log_abs_det"], abs=1e-9)
    np.testing.assert_allclose(metrics.spectrum_from_jacobians(jacobians[:1000]), expected["spectrum_T1000"], atol=1e-9)
    assert metrics.largest_from_jacobians(jacobians) == pytest.approx(expected["vector_method_v0_ones"], abs=1e-9)


def test_a_linear_map_has_the_logarithms_of_its_eigenvalues():
    W = np.diag([-2.0, 0.5, 0.1]) + np.triu(np.ones((3, 3)), 1)
    expected = np.log([2.0, 0.5, 0.1])
    np.testing.assert_allclose(
        metrics.lyapunov_exponents(lambda z: jnp.tanh(0 * z) + W @ z, np.zeros(3), 50, transient=50), expected
    )
    jacobians = np.broadcast_to(W, (4000, 3, 3))
    np.testing.assert_allclose(metrics.spectrum_from_jacobians(jacobians), expected, atol=2e-3)
    assert metrics.largest_from_jacobians(jacobians) == pytest.approx(expected[0], abs=2e-3)


def test_a_direction_that_dies_has_minus_infinity():
    exponents = metrics.lyapunov_exponents(lambda z: jnp.array([0.5, 0.0]) * z, np.ones(2), 20)
    np.testing.assert_allclose(exponents, [np.log(0.5), -np.inf])
    np.testing.assert_array_equal(metrics.spectrum_from_jacobians(np.zeros((3, 2, 2))), -np.inf)
    assert metrics.largest_from_jacobians(np.zeros((3, 2, 2))) == -np.inf


def test_what_is_not_defined_is_not_a_number():
    assert np.isnan(metrics.lyapunov_exponents(lambda z: z**2, np.array([3.0]), 100)).all()  # escapes to infinity
    assert np.isnan(metrics.lyapunov_exponents(lambda z: z / 2, np.array([3.0]), 0)).all()
    assert np.isnan(metrics.spectrum_from_jacobians(np.zeros((0, 4, 4)))).all()
    assert np.isnan(metrics.largest_from_jacobians(np.zeros((0, 4, 4))))


def test_one_step_and_single_precision(models):
    step = free_map(models["fo"])
    assert metrics.lyapunov_exponents(step, np.ones(3), 1, transient=0).shape == (3,)
    single = metrics.lyapunov_exponents(lambda z: jnp.float32(0.5) * z, jnp.ones(2, jnp.float32), 10)
    assert single.dtype == np.float64
    np.testing.assert_allclose(single, np.log(0.5), rtol=1e-6)
    with pytest.raises(ValueError, match="count = 4; the map has 3 dimensions"):
        metrics.lyapunov_exponents(step, np.ones(3), 1, count=4)


DIAGONALS = [(0.5, 2, 0.9), (0.9, 0.5, 2), (0.1, 0.2, 0.3, 3), (1.5,), (-0.5, -2), (0.5, 0, 2)]


def rotated(diagonal):
    """A map that carries the vector of equal entries into itself, and has the exponents of `diagonal`."""
    M = len(diagonal)
    first = np.eye(M)
    first[:, 0] = 1
    Q = np.linalg.qr(first)[0]
    return Q @ np.diag(np.array(diagonal, float)) @ Q.T


@pytest.mark.parametrize("transient", [0, 1000])
@pytest.mark.parametrize("diagonal", DIAGONALS)
@pytest.mark.parametrize("make", [lambda diagonal: np.diag(np.array(diagonal, float)), rotated], ids=["axes", "equal entries"])
def test_a_direction_that_a_map_keeps_does_not_hide_the_others(make, diagonal, transient):
    W = make(diagonal)
    with np.errstate(divide="ignore"):
        expected = -np.sort(-np.log(np.abs(np.array(diagonal, float))))
    close = {"atol": 0.01}
    for count in range(1, len(W) + 1):
        found = metrics.lyapunov_exponents(lambda z: W @ z, np.zeros(len(W)), 1000, transient=transient, count=count)
        alive = np.isfinite(expected[:count])
        np.testing.assert_allclose(found[alive], expected[:count][alive], **close)
        assert (found[~alive] < -30).all() and (np.diff(found) <= 0).all()
    jacobians = np.broadcast_to(W, (1000, *W.shape))
    spectrum, alive = metrics.spectrum_from_jacobians(jacobians), np.isfinite(expected)
    np.testing.assert_allclose(spectrum[alive], expected[alive], **close)
    assert metrics.largest_from_jacobians(jacobians) == pytest.approx(expected[0], abs=0.01)


def test_a_given_direction_is_the_one_that_is_followed():
    jacobians = np.broadcast_to(np.diag([0.5, 2.0]), (100, 2, 2))
    assert metrics.largest_from_jacobians(jacobians, v0=[1, 0]) == pytest.approx(np.log(0.5))
    assert metrics.largest_from_jacobians(np.diag([0.0, 2.0])[None], v0=[1, 0]) == -np.inf


def test_blocks_that_never_mix_show_all_their_exponents():
    """Two oscillators side by side: the slower one comes first."""
    turn = lambda angle, size: size * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])  # noqa: E731
    W = np.zeros((4, 4))
    W[:2, :2], W[2:, 2:] = turn(0.3, 0.7), turn(1.1, 1.2)
    found = metrics.lyapunov_exponents(lambda z: W @ z, np.zeros(4), 500, count=2)
    np.testing.assert_allclose(found, np.log(1.2), atol=1e-6)


def scaled(factor, z):
    """Its traces are counted: one for each program that is compiled."""
    scaled.traces += 1
    return factor * z


def test_one_program_serves_every_map_of_a_function():
    from jax.tree_util import Partial

    scaled.traces = 0
    for rate in (0.5, 0.9, 1.1):
        exponents = metrics.lyapunov_exponents(Partial(scaled, jnp.asarray(rate)), jnp.ones(3), 20, transient=5)
        np.testing.assert_allclose(exponents, np.log(rate), rtol=1e-6)
    compiled = scaled.traces
    metrics.lyapunov_exponents(Partial(scaled, jnp.asarray(0.7)), jnp.ones(3), 20, transient=5)
    assert scaled.traces - compiled == 1, "the one that asks for the result's dtype"
    model = methods.get("gtf-deer", latent_dim=3, hidden_dim=5).init(jax.random.key(0), 2)
    assert np.isfinite(metrics.lyapunov_exponents(model.free(), jnp.ones(3), 20, transient=5)).all(), "a map is a callable pytree"
