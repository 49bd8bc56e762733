"""A reconstruction is scored by every registered metric, one's own included; one that fails leaves the others as they are."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import methods
import metrics
from bench.measure.scoring import Scoring, rows_needed

pytest_plugins = ["runner_doubles"]

OWN = '''
import numpy as np
from metrics import ForecastErrors, Metric


def mean_error(truth, generated, *, dt):
    """The distance of the means, per time step."""
    return abs(truth.mean() - generated.mean()) / dt


def embedded(truth, generated, *, delay, lag, other=7):
    """What it was given."""
    return delay * 100 + lag * 10 + other


def first_miss(truth, forecast, *, n, warmup, windows):
    """The median error of forecasts."""
    history = truth[None, :warmup]
    return np.abs(forecast(history) - truth[None, warmup : warmup + n]).max()


def contraction(step, z0, length):
    """How far a state comes."""
    z = z0
    for _ in range(3):
        z = step(z)
    return np.array([z[0] / z0[0], 0.0]) + length


def fails(truth, generated):
    """It never works."""
    raise ZeroDivisionError("by nature")


def two_numbers(truth, generated):
    """It gives too much."""
    return [1.0, 2.0]


METRICS = {
    "mean_error": Metric(mean_error, "data", False),
    "embedded": Metric(embedded, "1", True),
    "first_miss": Metric(first_miss, "data", False, takes="forecaster"),
    "contraction": Metric(contraction, "1", None, takes="map"),
    "fails": Metric(fails, "1", False),
    "two_numbers": Metric(two_numbers, "1", False),
    "flat": Metric(mean_error, "1", False, max_dimensions=1),
    "unscored": Metric(mean_error, "1", False, scored=False),
}
'''
SCORING = Scoring(delay=1, lag=2, history=20, rmse_steps=10, rmse_windows=5, lyapunov_steps=0, dt=0.5)
T = np.arange(600.0)
TRUTH, OTHER = (np.stack([np.sin(0.3 * (T + shift)), np.cos(0.11 * (T + shift))], 1) for shift in (0, 1000))


def scored(scoring=SCORING, truth=TRUTH, generated=OTHER):
    """Rows by metric."""
    bounds = scoring.bounds(truth, OTHER[:, : truth.shape[1]])
    forecast = lambda history: np.repeat(history[:, -1:], 10, axis=1)  # noqa: E731
    free = lambda: (lambda z: z / 2, np.ones(2))  # noqa: E731
    found = scoring.of_orbit(truth, generated) | scoring.of_forecasts(truth, lambda: forecast) | scoring.of_map(free, 100)
    return {row["metric"]: row for row in scoring.rows(found, bounds)}


def test_the_projects_own_scores_keep_their_names_and_values():
    rows = scored()
    assert set(rows) == {"dstsp_gmm", "dstsp_bins", "power_spectrum_hellinger", "n_step_rmse"}
    assert rows["dstsp_gmm"]["value"] == metrics.state_space_divergence(TRUTH, OTHER)
    assert rows["dstsp_bins"]["floor"] == metrics.binned_divergence(TRUTH, OTHER)
    assert rows["power_spectrum_hellinger"]["unit"] == "1" and rows["n_step_rmse"]["floor"] is None
    assert all(row["reason"] is None and row["floor"] is None or row["floor"] < row["noise"] for row in rows.values())
    known = scored(Scoring(1, 2, 20, 10, 5, lyapunov_steps=50, dt=0.5))["lyapunov_max"]
    assert known["value"] == pytest.approx(np.log(0.5) / 0.5) and known["unit"] == "1/time"


def test_a_metric_is_given_the_settings_that_it_has_a_name_for(tmp_path, plug_in):
    (tmp_path / "own.py").write_text(OWN, encoding="utf-8")
    before = scored()
    plug_in(tmp_path / "own.py")
    rows = scored()
    assert {name: rows[name] for name in before} == before
    assert rows["mean_error"]["value"] == abs(TRUTH.mean() - OTHER.mean()) / 0.5 == rows["mean_error"]["floor"]
    assert rows["embedded"]["value"] == 127 and rows["embedded"]["higher_is_better"] is True
    assert 0 < rows["first_miss"]["value"] < rows["first_miss"]["noise"] and rows["first_miss"]["floor"] is None
    assert rows["contraction"]["value"] == 100.125 and rows["contraction"]["noise"] is None
    assert not {"flat", "unscored", "rmse", "lyapunov"} & rows.keys()


def test_a_metric_that_fails_leaves_a_row_with_the_reason(tmp_path, plug_in):
    (tmp_path / "own.py").write_text(OWN, encoding="utf-8")
    plug_in(tmp_path / "own.py")
    rows = scored()
    for name, reason in {
        "fails": "ZeroDivisionError: by nature",
        "two_numbers": "array of shape (2,), wanted one number",
    }.items():
        assert np.isnan(rows[name]["value"]) and reason in rows[name]["reason"]
        assert rows[name]["floor"] is None and rows[name]["noise"] is None


def test_data_that_a_score_of_the_project_cannot_take_are_refused_before_training():
    with pytest.raises(ValueError, match="600 rows, cannot be scored by dstsp_.*variable 1 is constant"):
        SCORING.bounds(TRUTH * [1, 0], OTHER)
    least = rows_needed(20, 10, 1, 2)
    assert SCORING.bounds(TRUTH[:least], OTHER)
    with pytest.raises(ValueError, match="cannot be scored by power_spectrum_hellinger: .*at least 160 rows"):
        SCORING.bounds(TRUTH[: least - 1], OTHER)
    with pytest.raises(ValueError, match="25 rows; history = 20 and forecasts of rmse_steps = 10 need 30"):
        SCORING.bounds(TRUTH[:25], OTHER)


def test_a_failed_metric_is_no_bad_score_in_tables():
    from synthetic_tables import Tables

    from bench.showing.frames.scores import scores

    made = Tables()
    cell = made.cell("reconstruction", "sequential", "ok")
    for metric, reason in (("mine", "ValueError: no"), ("dstsp_gmm", None)):
        made.add("metrics", cell, metric=metric, value=np.nan, unit="", higher_is_better=False, reason=reason)
    found = scores(made.frames()).set_index("metric")["value"]
    assert np.isnan(found["mine"]) and found["dstsp_gmm"] == np.inf


@pytest.mark.parametrize("name", ["gtf-deer", "lssm", "mamba2"])
def test_the_exponents_of_all_seeds_are_one_program(name):
    from bench.measure.learned import Learned
    from metrics import lyapunov

    method = methods.get(name, latent_dim=4, hidden_dim=6, **({"head_dim": 4} if name == "mamba2" else {}))
    history, compiled = np.random.default_rng(0).standard_normal((9, 2)), []
    for seed in (0, 1):
        model = Learned(method, method.init(jax.random.key(seed), 2, "float64"), log=None)
        step, start = model.free_map(jnp.asarray(history))
        assert np.isfinite(lyapunov.lyapunov_exponents(step, start, 30, transient=5, count=1)).all()
        compiled.append(lyapunov._follow()._cache_size())
    assert compiled[0] == compiled[1]
