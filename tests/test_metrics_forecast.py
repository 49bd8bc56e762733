"""Forecast errors against independent numbers, with the model built here."""

import json

import numpy as np
import pytest

import metrics
from metrics.forecast_error import forecast_errors


def shplrnn(weights, alpha, n, force_last):
    """A forecaster: force along the history, then run free for `n` steps."""
    A, W1, W2, h1, h2, B = (weights[key] for key in ("A", "W1", "W2", "h1", "h2", "B"))
    inverse = np.linalg.pinv(B)

    def step(z):
        return A * z + np.maximum(z @ W2.T + h2, 0) @ W1.T + h1

    def force(z, x):
        return z + alpha * (x - z @ B.T) @ inverse.T

    def forecast(history):
        z = history[:, 0] @ inverse.T
        for t in range(history.shape[1] - 1):
            z = step(force(z, history[:, t]))
        z = force(z, history[:, -1]) if force_last else z
        states = []
        for _ in range(n):
            z = step(z)
            states.append(z @ B.T)
        return np.stack(states, axis=1)

    return forecast


@pytest.mark.parametrize("n", [1, 5, 20, 50])
@pytest.mark.parametrize("variant", ["forced_at_t0", "unforced_at_t0"])
@pytest.mark.parametrize("model", ["fo", "po"])
def test_n_step_errors_agree_with_the_reference(reference, model, variant, n):
    case = json.loads((reference / "metrics.json").read_text())["n_step_rmse"][model]
    with np.load(reference / "newton_data.npz") as data, np.load(reference / f"gtf_rollout_{model}.npz") as weights:
        forecast = shplrnn(weights, case["alpha_warmup"], n, variant == "forced_at_t0")
        result = forecast_errors(data[f"x_{model}"], forecast, np.array(case["t0"]), n=n, warmup=case["T_w"])
    expected = case["values"][variant][str(n)]
    np.testing.assert_allclose(result.errors[:3], expected["first3_windows"], rtol=1e-8)
    assert result.mean == pytest.approx(expected["mean_over_windows_of_rmse"], rel=1e-8)
    assert np.sqrt(np.mean(result.errors**2)) == pytest.approx(expected["rmse_of_pooled"], rel=1e-8)


def persistence(n):
    return lambda history: np.repeat(history[:, -1:], n, axis=1)


def test_rmse_is_the_root_of_the_mean_square():
    assert metrics.rmse(np.zeros((2, 2)), np.array([[1.0, 1.0], [1.0, -3.0]])) == pytest.approx(np.sqrt(3))
    with pytest.raises(ValueError, match="2 rows and forecast 1"):
        metrics.rmse(np.zeros((2, 1)), np.zeros((1, 1)))


def test_windows_cover_the_truth_from_end_to_end():
    truth = np.arange(100.0)[:, None]
    result = metrics.n_step_rmse(truth, persistence(3), n=3, warmup=7, windows=5)
    assert len(result.starts) == 5 and result.starts[0] == 6 and result.starts[-1] == 96
    np.testing.assert_allclose(result.errors, np.sqrt((1 + 4 + 9) / 3))  # the truth moves by one per step
    assert result.mean == pytest.approx(result.median)


def test_there_are_no_more_windows_than_starts():
    truth = np.random.default_rng(0).standard_normal((12, 2))
    assert metrics.n_step_rmse(truth, persistence(3), n=3, warmup=7, windows=100).starts.tolist() == [6, 7, 8]
    assert metrics.n_step_rmse(truth[:10], persistence(3), n=3, warmup=7, windows=100).starts.tolist() == [6]
    with pytest.raises(ValueError, match="9 rows; warmup = 7 and n = 3 need at least 10"):
        metrics.n_step_rmse(truth[:9], persistence(3), n=3, warmup=7)
    with pytest.raises(ValueError, match="starts reach from 5"):
        forecast_errors(truth, persistence(3), np.array([5]), n=3, warmup=7)


@pytest.mark.parametrize("wrong", [np.nan, 1e9])
def test_a_diverged_window_counts_as_infinity_and_the_median_survives(wrong):
    truth = np.random.default_rng(0).standard_normal((50, 2))

    def forecast(history):
        made = np.array(persistence(4)(history))
        made[0, -1, 0] = wrong
        return made

    result = metrics.n_step_rmse(truth, forecast, n=4, warmup=5, windows=9)
    assert result.errors[0] == np.inf and np.isfinite(result.errors[1:]).all()
    assert result.mean == np.inf and np.isfinite(result.median)


def test_a_forecaster_that_returns_another_shape_is_named():
    truth = np.random.default_rng(0).standard_normal((50, 2))
    with pytest.raises(ValueError, match=r"returned shape \(9, 3, 2\).*wanted \(W, n, N\) = \(9, 4, 2\)"):
        metrics.n_step_rmse(truth, persistence(3), n=4, warmup=5, windows=9)
