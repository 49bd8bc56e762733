"""Laws of a metric: it tells truth from noise, what blew up never scores well, and its direction is stated.

The truth is a rotation: an orbit (2000, 2) for metrics of orbits, known forecasts for those of forecasters, and itself a map.
"""

import numpy as np

import metrics
from bench.conformance import PassedOver
from metrics.forecast_error import ForecastErrors

KINDS = ("orbits", "forecaster", "map")
ANGLE = 0.1 * 2**0.5  # no fraction of a turn: the orbit never closes
GROWTH = 1e6


def says_what_it_is(name):
    """Its unit, its direction (`higher_is_better`; None for neither) and what it takes are stated, and it has a docstring."""
    metric = metrics.get(name)
    wanted = 'Metric(function, unit="nats", higher_is_better=False)'
    assert isinstance(metric, metrics.Metric), f"METRICS holds a {type(metric).__name__}, wanted {wanted}"
    assert isinstance(metric.unit, str) and metric.unit, f'unit = {metric.unit!r}, wanted a text; "1" for a plain number'
    direction = metric.higher_is_better
    assert direction is None or isinstance(direction, bool), f"higher_is_better = {direction!r}, wanted True, False or None"
    assert metric.takes in KINDS, f"takes = {metric.takes!r}, wanted one of {', '.join(KINDS)}"
    assert (metric.function.__doc__ or "").strip(), f"{metric.function.__name__} has no docstring"


def tells_truth_from_noise(name):
    """The truth, and the truth with one per cent of noise, score better than noise alone."""
    for answer in ("truth", "nearly"):
        score, noise = _score(name, answer), _score(name, "noise")
        assert _badness(name, answer) < _badness(name, "noise"), f"{_WORDS[answer]} scores {score:.3g}, noise {noise:.3g}"


def a_blow_up_is_never_good(name):
    """A NaN scores infinity and growth worse than noise; where larger is better, both score less than the truth."""
    direction = metrics.get(name).higher_is_better
    for answer in ("nan", "grown"):
        score = _score(name, answer)
        if metrics.get(name).takes == "map" or direction is None and np.isnan(score):
            assert not np.isfinite(score).any(), f"{_WORDS[answer]} scores {score}, wanted nothing finite"
            continue
        assert not np.isnan(score), f"{_WORDS[answer]} scores NaN, which is neither better nor worse than anything"
        limit = "truth" if direction else "noise"
        reason = f"{_WORDS[answer]} scores {score:.3g}, {_WORDS[limit]} {_score(name, limit):.3g}"
        assert _badness(name, answer) > _badness(name, limit), reason
        if direction is False and answer == "nan":
            assert score == np.inf, f"{_WORDS[answer]} scores {score:.3g}, wanted infinity"


def repeats_itself(name):
    """The same call twice gives the same score, and leaves what it was given as it was."""
    truth = ORBITS["truth"].copy()
    np.testing.assert_array_equal(_score(name, "nearly"), _score(name, "nearly"))
    np.testing.assert_array_equal(ORBITS["truth"], truth, err_msg="the truth was written to")


LAWS = [says_what_it_is, tells_truth_from_noise, a_blow_up_is_never_good, repeats_itself]

_WORDS = {
    "truth": "the truth",
    "nearly": "the truth with one per cent of noise",
    "noise": "noise",
    "nan": "a NaN in the last row",
    "grown": f"growth by {GROWTH:.0e}",
}


def _spoilt(answer, x):
    """`x (..., T, N)` as another model would have made it."""
    noise = np.random.default_rng(0).standard_normal(x.shape)
    if answer == "nan":
        x = x.copy()
        x[..., -1, 0] = np.nan
    growth = np.geomspace(1, GROWTH, x.shape[-2])[:, None]
    return {"nearly": x + 0.01 * noise, "noise": noise * 0.5**0.5, "grown": x * growth}.get(answer, x)


def _rotated(angle):
    return np.stack([np.cos(angle), np.sin(angle)], axis=-1)


ORBITS = {answer: _spoilt(answer, _rotated(ANGLE * np.arange(2000))) for answer in _WORDS}


def _score(name, answer):
    """What the metric says of one answer: a number, or several of a metric of maps."""
    metric = metrics.get(name)
    if metric.takes == "orbits":
        return float(metric.function(ORBITS["truth"], ORBITS[answer]))
    if metric.takes == "forecaster":

        def forecast(history):
            last = np.arctan2(history[:, -1, 1], history[:, -1, 0])
            return _spoilt(answer, _rotated(last[:, None] + ANGLE * np.arange(1, 51)))

        score = metric.function(ORBITS["truth"], forecast, n=50, warmup=10, windows=20)
        return float(score.mean if isinstance(score, ForecastErrors) else score)
    if answer not in ("nearly", "nan", "grown"):
        raise PassedOver("a metric of maps sees no orbit that could be noise")
    turn = np.stack([_rotated(ANGLE), _rotated(ANGLE + np.pi / 2)], axis=1)
    step = {"nearly": turn, "nan": turn * np.nan, "grown": turn * GROWTH}[answer]
    return np.asarray(metric.function(lambda z: step @ z, np.array([1.0, 0.0]), 100))


def _badness(name, answer) -> float:
    """The score with its direction taken out: smaller is better."""
    direction, score = metrics.get(name).higher_is_better, _score(name, answer)
    if direction is None:
        return abs(score - _score(name, "truth"))
    return -score if direction else score
