"""Lyapunov exponents with errors: of driven recurrences, along trajectories, of models with and without data."""

import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from test_metrics_lyapunov import forced_jacobians
from test_reference_newton import mean_field

import metrics
from methods import models, predictability
from methods.forcing import Forcing
from methods.models import ShallowPLRNN
from methods.problem import FunctionMap, Problem, rollout
from metrics import Exponents


def linear(_, z, u):
    return u @ z


def along(jacobians, batch=(), **options):
    """Exponents along the trajectory of `z ↦ J_t z`; the exponents leave J_1 out."""
    jacobians = jnp.asarray(jacobians)
    inputs = jnp.broadcast_to(jacobians.reshape(len(jacobians), *[1] * len(batch), *jacobians.shape[1:]), (
        len(jacobians), *batch, *jacobians.shape[1:]
    ))  # fmt: skip
    problem = Problem(FunctionMap(linear), jnp.zeros((*batch, jacobians.shape[-1])), inputs)
    return predictability.exponents(problem, rollout(problem), **options)


def triangular(rng, T, M=3):
    """Upper triangular matrices, whose exponents are the mean logarithms of their diagonals."""
    J = np.triu(0.3 * rng.standard_normal((T, M, M)), 1)
    J[:, range(M), range(M)] = rng.uniform(0.8, 1.2, (T, M)) * np.array([1.5, -0.9, 0.3])
    return J


@pytest.mark.parametrize("batch", [(), (2,), (2, 3)])
@pytest.mark.parametrize("T", [2, 5, 33, 200])
def test_a_triangular_recurrence_has_the_means_of_its_diagonal(T, batch):
    J = triangular(np.random.default_rng(0), T + 1)
    expected = np.log(np.abs(np.diagonal(J, axis1=1, axis2=2)))
    found = along(J, batch, count=None)
    assert found.per_step.shape == found.error.shape == (*batch, 3) and found.steps == T
    np.testing.assert_allclose(found.per_step, np.broadcast_to(expected[1:].mean(0), (*batch, 3)), atol=1e-12)
    driven = metrics.lyapunov_spectrum(lambda z, u: u @ z, np.zeros(3), inputs=J, transient=0)
    np.testing.assert_allclose(driven.per_step, expected.mean(0), atol=1e-12)
    assert np.isfinite(found.error).all() == (T >= 4)


def test_rotation_and_scaling_have_their_factor():
    turn = lambda angle, size: size * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])  # noqa: E731
    rng = np.random.default_rng(1)
    sizes = rng.uniform(0.5, 1.8, 101)
    found = along(np.stack([turn(angle, size) for angle, size in zip(rng.uniform(0, 6, 101), sizes, strict=True)]), count=None)
    np.testing.assert_allclose(found.per_step, np.log(sizes[1:]).mean(), atol=1e-12)
    blocks = [block.mean() for block in np.array_split(np.log(sizes[1:]), 16)]
    np.testing.assert_allclose(found.error, np.std(blocks, ddof=1) / 4, rtol=1e-9)


def test_the_tent_map_has_the_logarithm_of_its_slope_in_both_units():
    tent = metrics.lyapunov_spectrum(lambda z: 1.9 * jnp.minimum(z, 1 - z), np.array([0.3]), 1001, transient=10, dt=0.5)
    np.testing.assert_allclose(tent.per_step, np.log(1.9), rtol=1e-12)
    np.testing.assert_allclose(tent.per_time, 2 * np.log(1.9), rtol=1e-12)
    np.testing.assert_allclose(tent.error_per_time, 2 * tent.error)
    assert tent.error < 1e-12


def test_the_logistic_map_is_within_its_error():
    found = metrics.lyapunov_spectrum(lambda z: 4 * z * (1 - z), np.array([0.3]), 20_000)
    assert abs(found.per_step[0] - np.log(2)) < 4 * found.error[0] < 0.01


@pytest.mark.parametrize("memory", [0.0, 0.9])
def test_the_error_is_the_scatter_of_means_over_draws(memory):
    """Also where growth in one step depends on growth before it: the scatter of steps would be wrong four times over."""
    rng, T, draws = np.random.default_rng(2), 4001, 200
    logs, noise = np.zeros((T, draws)), rng.standard_normal((T, draws))
    for t in range(1, T):
        logs[t] = memory * logs[t - 1] + noise[t]
    found = Exponents.of_growth(logs[:, :, None])
    assert 0.85 < np.sqrt((found.error**2).mean()) / found.per_step.std() < 1.15


def test_what_is_not_defined_is_not_a_number():
    for T in (1, 2):  # no factor, and one
        found = along(np.stack([np.eye(2)] * T), (3,), count=None)
        assert found.per_step.shape == (3, 2)
        assert np.isnan(found.error).all() and np.isnan(found.per_step).all() == (T == 1)
    assert (along(np.zeros((6, 2, 2)), count=None).per_step == -np.inf).all()
    shplrnn = models.get("shplrnn").init(jax.random.key(0), 2, jnp.float64)
    problem, _ = shplrnn.pose(Forcing(), jnp.zeros((9, 2)), alpha=0.1)
    assert np.isnan(predictability.exponents(problem, rollout(problem).at[-1].set(jnp.nan)).per_step).all()
    escaped = metrics.lyapunov_spectrum(lambda z: z**2, np.array([3.0]), 100)
    assert np.isnan(escaped.per_step).all() and np.isnan(escaped.error).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(length=5, inputs=np.zeros((7, 2)), transient=1), r"inputs have \[7\] rows; wanted transient \+ length = 1 \+ 5"),
        (dict(inputs=np.zeros((7, 2)), transient=9), "one for each step"),
        (dict(), "length = None"),
        (dict(length=5, start=np.ones((2, 2))), "not independent"),
        (dict(length=5, start=np.ones((3, 1)), count=1), r"start has shape \(3, 1\)"),
    ],
)
def test_what_does_not_fit_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        metrics.lyapunov_spectrum(lambda z, u=0.0: z + u, np.zeros(2), **options)


@pytest.mark.parametrize(("D", "T"), [(32, 256), (100, 1000)])
def test_exponents_of_the_mean_field_network(reference, D, T):
    """Growth of v_0 under J_2 … J_T, to 1e-3 in every case that rounding does not decide."""
    rows = json.loads((reference / "meanfield_rnn.json").read_text())["rows"]
    rows = [row for row in rows if (row["D"], row["T"]) == (D, T) and row["lle_tolerance"] < 1e-3]
    assert rows
    for row in rows:
        problem, _ = mean_field(row["seed"], D, T, row["g"])
        v0 = _drawn_direction(row["seed"], D)
        found = predictability.exponents(problem, jax.jit(rollout)(problem), start=v0)
        assert found.per_step[0] == pytest.approx(row["lle"], abs=1e-5), row
        driven = metrics.lyapunov_spectrum(
            problem.step, rollout(problem)[0], inputs=problem.inputs[1:], transient=0, start=v0, count=1
        )
        assert driven.per_step[0] == pytest.approx(row["lle"], abs=1e-5), row


def _drawn_direction(seed, D):
    """v_0 of the reference: what is drawn after the network, its drive and its first state."""
    rng = np.random.default_rng(seed)
    rng.standard_normal((D, D)), rng.uniform(0, 0.2, D), rng.uniform(0.5, 3, D), rng.uniform(0, 2 * np.pi, D)
    rng.uniform(-1, 1, D)
    return rng.standard_normal((D, 1))


@pytest.fixture(scope="module")
def trained(reference):
    """Two trained models with the data that force them."""
    data, found = np.load(reference / "newton_data.npz"), {}
    for which in ("fo", "po"):
        weights = np.load(reference / f"gtf_rollout_{which}.npz")
        weights = {name: weights[name] for name in ("A", "W1", "W2", "h1", "h2", "B")}
        found[which] = ShallowPLRNN.from_arrays(**weights), data[f"x_{which}"], weights
    return found


@pytest.mark.parametrize("which", ["fo", "po"])
def test_a_trained_model_under_forcing(reference, trained, which):
    params, x, weights = trained[which]
    for case in json.loads((reference / "metrics.json").read_text())["lyapunov"][f"shplrnn_{which}"]["forced"]:
        alpha = case["alpha"]
        # The reference begins with J_1.
        problem, _ = params.pose(Forcing(), jnp.asarray(x), alpha=alpha)
        driven = metrics.lyapunov_spectrum(problem.step, problem.z0, inputs=problem.inputs, transient=0)
        np.testing.assert_allclose(driven.per_step, case["spectrum_per_step"], rtol=0, atol=1e-9)
        jacobians = forced_jacobians({**weights, "x": x[:501]}, alpha)
        short, batch = x[:501], np.stack([x[:501], x[500:1001]])
        found = predictability.forced_exponents(Forcing(), params, short, alpha=alpha, count=None)
        np.testing.assert_allclose(found.per_step, metrics.spectrum_from_jacobians(jacobians[1:]), atol=1e-9)
        largest = predictability.forced_exponents(Forcing(), params, batch, alpha=alpha, dt=0.01)
        assert largest.per_step[0, 0] == pytest.approx(metrics.largest_from_jacobians(jacobians[1:]), abs=1e-9)
        assert largest.per_time.shape == (2, 1) and (largest.error > 0).all()


def test_the_same_model_with_and_without_data(trained):
    """Free it is chaotic like Lorenz-63, forced it contracts: both by more than the errors that are stated."""
    params, x, _ = trained["fo"]
    free = predictability.free_exponents(Forcing(alpha=0.3), params, x[:50], 20_000, dt=0.01)
    forced = predictability.forced_exponents(Forcing(alpha=0.3), params, x[:2001], dt=0.01)
    assert free.per_step.shape == forced.per_step.shape == (1,)
    assert free.per_time > 3 * free.error_per_time and forced.per_time < -3 * forced.error_per_time
    assert free.per_time == pytest.approx(0.906, abs=0.2)  # of Lorenz-63


def test_a_batch_of_histories_gives_the_exponents_of_each(trained):
    params, x, _ = trained["po"]
    histories = np.stack([x[:20], x[50:70]])
    both = predictability.free_exponents(Forcing(alpha=0.3), params, histories, 33, transient=5, count=None)
    assert both.per_step.shape == both.error.shape == (2, 16)
    for i, history in enumerate(histories):
        alone = predictability.free_exponents(Forcing(alpha=0.3), params, history, 33, transient=5, count=None)
        np.testing.assert_allclose(both.per_step[i], alone.per_step)


def test_single_precision_and_models_of_all_kinds():
    for name in models.names():
        shape = models.get(name)
        params = shape.init(jax.random.key(0), 2, jnp.float32)
        kind = params.forcings[0]
        if kind not in Forcing.__annotations__["forcing"].__args__:
            continue
        found = predictability.free_exponents(Forcing(kind), params, np.ones((5, 2)), 20, transient=2)
        assert found.per_step.shape == (1,) and found.per_step.dtype == np.float64 and np.isfinite(found.per_step).all(), name
