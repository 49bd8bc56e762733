"""How a reconstruction is scored, and what the scores stand between: a second true orbit, and white noise.

Every registered metric is asked, one's own included; what it says that it takes decides what it is given. A metric may fail on
some orbit, which is no reason to lose the other scores: it leaves NaN and the reason.
"""

import copy
import dataclasses
import inspect
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

import metrics
from metrics.orbits import diverged
from metrics.power_spectrum import rows_needed as spectrum_rows


class Score(NamedTuple):
    """A number, or NaN with the reason why there is none."""

    value: float
    reason: str | None = None


class Bounds(NamedTuple):
    """What a second true orbit and what white noise score, by metric."""

    floor: dict[str, Score]
    noise: dict[str, Score]


def rows_needed(history: int, rmse_steps: int, delay: int, lag: int) -> int:
    """Rows of truth without which some score of this project cannot be had."""
    return max(history + rmse_steps, spectrum_rows(), (delay - 1) * lag + 1)


@dataclasses.dataclass(frozen=True)
class Scoring:
    """Settings of the scores; the fields are those of `Reconstruction`, and `dt` the time between rows."""

    delay: int
    lag: int
    history: int
    rmse_steps: int
    rmse_windows: int
    lyapunov_steps: int
    dt: float = 1.0

    def bounds(self, truth, second_orbit) -> Bounds:
        """Tried before training, as it fails where the data cannot be scored."""
        needed = self.history + self.rmse_steps
        if len(truth) < needed:
            raise ValueError(
                f"the test split has {len(truth)} rows; history = {self.history} and forecasts of rmse_steps = {self.rmse_steps} "
                f"need {needed}. Give a longer series, or lower rmse_steps."
            )
        floor = self.of_orbit(truth, self._complete(second_orbit))
        for name, score in floor.items():  # metrics of one's own, and those that gaps in the data leave no meaning, may fail
            if score.reason and metrics.REGISTRY.source(name) is None and not np.isnan(truth).any():
                raise ValueError(f"the test split, {len(truth)} rows, cannot be scored by {name}: {score.reason}")
        drawn = np.random.default_rng(0)
        mean, spread = (np.nanmean(truth, 0), np.nanstd(truth, 0)) if np.isnan(truth).any() else (truth.mean(0), truth.std(0))
        noise = self.of_orbit(truth, drawn.normal(mean, spread, truth.shape))

        def guess():
            own = copy.deepcopy(drawn)  # what one metric asks for is not taken from another
            return lambda history: own.normal(mean, spread, (len(history), self.rmse_steps, truth.shape[1]))

        return Bounds(floor, noise | self.of_forecasts(truth, guess))

    def _complete(self, orbit):
        """A second true orbit without its gaps, where scores depend on the places that it visits and not on their order."""
        return orbit[~np.isnan(orbit).any(axis=1)] if self.delay == 1 else orbit

    def of_orbit(self, truth, generated) -> dict[str, Score]:
        """Distances of a free run from the truth."""
        dimensions = truth.shape[1] * self.delay
        given = {"delay": self.delay, "lag": self.lag, "dt": self.dt}
        return {
            name: _score(metric, truth, generated, **given)
            for name, metric in _taking("orbits")
            if metric.max_dimensions is None or dimensions <= metric.max_dimensions
        }

    def of_forecasts(self, truth, forecaster: Callable) -> dict[str, Score]:
        """Errors of the forecasts of `forecaster()` from points of the truth."""
        given = {"n": self.rmse_steps, "warmup": self.history, "windows": self.rmse_windows, "dt": self.dt}
        return {name: _score(metric, truth, forecaster(), **given) for name, metric in _taking("forecaster")}

    def of_map(self, free: Callable, rows: int) -> dict[str, Score]:
        """What metrics say of the map and first state that `free()` gives, over `lyapunov_steps`, or else `rows` steps."""
        found = {}
        for name, metric in _taking("map"):
            if name != "lyapunov":
                found[name] = _score(metric, *free(), self.lyapunov_steps or rows, dt=self.dt)
            elif self.lyapunov_steps:  # asked for by its own setting, and known by a name and in a unit of its own
                largest = _score(metric, *free(), self.lyapunov_steps, count=1)
                found["lyapunov_max"] = largest._replace(value=largest.value / self.dt)
        return found

    def rows(self, scores: dict[str, Score], bounds: Bounds) -> list[dict]:
        """Rows of the table `metrics`."""
        return [
            {
                "metric": name,
                "value": score.value,
                **_described(name),
                "floor": _value(bounds.floor.get(name)),
                "noise": _value(bounds.noise.get(name)),
                "reason": score.reason,
            }
            for name, score in scores.items()
        ]


def blew_up(truth, generated) -> bool:
    """Whether a free run diverged, by the scale of the truth where it has one."""
    try:
        return diverged(truth, generated)
    except ValueError:
        return not np.isfinite(generated).all()


def _value(score: Score | None) -> float | None:
    return None if score is None or score.reason else score.value


def _described(name: str) -> dict:
    if name == "lyapunov_max":
        return {"unit": "1/time", "higher_is_better": None}
    metric = metrics.get(name)
    return {"unit": metric.unit, "higher_is_better": metric.higher_is_better}


def _taking(what: str) -> list[tuple[str, metrics.Metric]]:
    known = [(name, metrics.get(name)) for name in metrics.names()]
    return [(name, metric) for name, metric in known if metric.takes == what and metric.scored]


def _score(metric, *arguments, **given) -> Score:
    """What a metric says, with those of the settings `given` that it has a name for."""
    try:
        known = inspect.signature(metric.function).parameters
        if metric.takes != "map" and np.isnan(arguments[0]).any():
            if "missing" not in known:
                return Score(np.nan, "values of the truth are missing, which this metric has no setting `missing` for")
            given["missing"] = "mask"
        value = metric.function(*arguments, **{key: value for key, value in given.items() if key in known})
        return Score(_number(value, metric.takes))
    except Exception as error:  # a metric of one's own may fail in any way, and must not take the others with it
        return Score(np.nan, f"{type(error).__name__}: {error}")


def _number(value, takes: str) -> float:
    """The mean of forecast errors, the largest of several exponents of a map, or the one number that there is."""
    if isinstance(value, metrics.ForecastErrors):
        return value.mean
    value = np.asarray(value, dtype=np.float64)
    if value.size != 1 and not (takes == "map" and value.size):
        raise TypeError(f"gives an array of shape {value.shape}, wanted one number")
    return float(value.max())
