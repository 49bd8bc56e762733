"""Values that were not observed pass a file reader that is told to, and scores compare what was."""

import numpy as np
import pytest

import metrics
import systems
from bench.measure.scoring import Scoring
from bench.measure.trained import rows
from systems.series import SeriesError

rng = np.random.default_rng(0)
ORBIT = np.stack([np.sin(0.3 * np.arange(1000)), np.cos(0.11 * np.arange(1000))], 1) + 0.1 * rng.standard_normal((1000, 2))
GAPS = rng.random(ORBIT.shape) < 0.1
HOLED = np.where(GAPS, np.nan, ORBIT)


@pytest.fixture
def held(tmp_path):
    """`held(rows, ...)` -> system file on them, told to mask."""

    def make(rows=HOLED, **fields):
        np.save(tmp_path / "s.npy", rows)
        return systems.get("file", path=str(tmp_path / "s.npy"), **{"missing": "mask"} | fields)

    return make


def test_missing_values_pass_and_statistics_are_of_what_is_there(held):
    for split, part in (("train", HOLED[:800]), ("test", HOLED[800:])):
        trajectory = held().sample(split=split)
        mean, std = np.nanmean(HOLED[:800], 0), np.nanstd(HOLED[:800], 0)
        np.testing.assert_allclose(trajectory.standardisation.mean, mean)
        np.testing.assert_allclose(trajectory.values, (part - mean) / std)
    assert held().incomplete and not held(ORBIT).incomplete
    np.testing.assert_array_equal(held(ORBIT).sample().values, held(ORBIT, missing="refuse").sample().values)


def test_noise_leaves_gaps_where_they_are(held):
    np.testing.assert_array_equal(np.isnan(held(noise=0.1).sample().values), GAPS[:800])


def test_missing_values_are_refused_unless_asked_for_and_infinite_ones_always(held):
    with pytest.raises(SeriesError, match=r'missing or infinite values.*or set missing = "mask"'):
        held(missing="refuse").sample()
    with pytest.raises(SeriesError, match=r"missing or infinite values .1., the first in row 3"):
        held(np.where(np.arange(1000)[:, None] == 3, [np.inf, 1.0], HOLED)).sample()
    with pytest.raises(ValueError, match="missing = 'drop'.*'refuse' or 'mask'"):
        held(missing="drop")


def test_a_column_without_values_or_with_one_value_is_named(held):
    with pytest.raises(ValueError, match='"1" has no value in any of 800 rows'):
        held(HOLED * [1, np.nan]).sample()
    with pytest.raises(ValueError, match='"1" is 0 in all 800 rows'):
        held(HOLED * [1, 0]).sample()


def test_texts_and_tables_have_gaps_too(tmp_path):
    (tmp_path / "s.csv").write_text("a,b\n1,2\nNA,3\n4,\n5,7\n", encoding="utf-8")
    system = systems.get("file", path=str(tmp_path / "s.csv"), missing="mask", standardise="none", test_fraction=0.0)
    np.testing.assert_array_equal(system.sample().values, [[1, 2], [np.nan, 3], [4, np.nan], [5, 7]])


def test_divergences_compare_what_is_observed_in_full():
    complete = ORBIT[~GAPS.any(1)]
    for metric in (metrics.state_space_divergence, metrics.binned_divergence):
        assert metric(HOLED, ORBIT, missing="mask") == pytest.approx(metric(complete, ORBIT), abs=0.05)
        assert metric(ORBIT, ORBIT, missing="mask") == metric(ORBIT, ORBIT) == 0
        assert metric(HOLED, ORBIT * np.nan, missing="mask") == np.inf
        assert np.isfinite(metric(HOLED, ORBIT, missing="mask", delay=2, lag=3))
        with pytest.raises(ValueError, match="non-finite values"):
            metric(HOLED, ORBIT)
        with pytest.raises(ValueError, match="none of 998 rows is observed in full"):
            metric(np.where(np.arange(2000).reshape(1000, 2) % 3, ORBIT, np.nan), ORBIT, missing="mask", delay=3)


def test_forecast_errors_are_of_observed_pairs():
    truth = np.where(GAPS, np.nan, 1.0 + np.arange(2000).reshape(1000, 2))
    behind = lambda history: np.arange(1, 6)[:, None] * 2 + np.nan_to_num(history[:, -1:]) - 3  # noqa: E731
    seen = np.zeros((1000, 2), bool)

    def off_by_three(history):
        assert np.isnan(history).any()
        return ahead - 3.0

    starts = np.arange(20, 900, 40)
    ahead = 1.0 + np.arange(2000).reshape(1000, 2)[starts[:, None] + np.arange(1, 6)]
    errors = metrics.forecast_error.forecast_errors(truth, off_by_three, starts, n=5, warmup=10, missing="mask")
    np.testing.assert_allclose(errors.errors, 3)
    with pytest.raises(ValueError, match="non-finite values"):
        metrics.n_step_rmse(truth, behind, n=5, warmup=10)
    with pytest.raises(ValueError, match="nothing is observed within 5 steps"):
        metrics.n_step_rmse(np.where(seen, 1.0, np.nan), behind, n=5, warmup=10, missing="mask")
    assert metrics.rmse([[1.0], [np.nan]], [[2.0], [7.0]], missing="mask") == 1
    with pytest.raises(ValueError, match='missing = "drop".*Known: refuse, mask'):
        metrics.rmse(truth, truth, missing="drop")


def test_scores_of_data_with_gaps_have_numbers_or_reasons(held):
    system = held()
    truth, second = (rows(system, 1000, seed=0, split=split) for split in ("test", "train"))
    scoring = Scoring(delay=1, lag=1, history=20, rmse_steps=5, rmse_windows=10, lyapunov_steps=0)
    bounds = scoring.bounds(truth, second)
    found = scoring.of_orbit(truth, np.nan_to_num(truth)) | scoring.of_forecasts(
        truth, lambda: lambda h: np.zeros((len(h), 5, 2))
    )
    scored = {row["metric"]: row for row in scoring.rows(found, bounds)}
    for name in ("dstsp_gmm", "dstsp_bins", "n_step_rmse"):
        assert np.isfinite(scored[name]["value"]) and scored[name]["reason"] is None and np.isfinite(scored[name]["noise"])
    assert scored["dstsp_gmm"]["floor"] < scored["dstsp_gmm"]["noise"]
    assert np.isnan(scored["power_spectrum_hellinger"]["value"]) and "missing" in scored["power_spectrum_hellinger"]["reason"]
