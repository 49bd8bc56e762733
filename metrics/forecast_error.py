"""Short-term forecast errors: how far off is the model a few steps ahead?"""

import dataclasses
from collections.abc import Callable

import numpy as np
from jaxtyping import ArrayLike, Float, Int

from metrics.metric import Metric
from metrics.orbits import as_orbits, diverged
from references import PITBENCH
from references.papers import HESS2026


def rmse(truth: Float[ArrayLike, "n N"], forecast: Float[ArrayLike, "n N"], *, missing: str = "refuse") -> float:
    """Root mean square error over steps and variables, in the units of the data. Smaller is better, symmetric.

    missing  "mask": of a truth with NaN, only observed values count; the result is NaN where there are none

    A forecast that is not finite gives inf. Raises `ValueError` for different shapes.
    """
    truth, forecast = as_orbits(truth, forecast, missing)
    if truth.shape != forecast.shape:
        raise ValueError(f"truth has {len(truth)} rows and forecast {len(forecast)}; a forecast of every row is wanted.")
    if not np.isfinite(forecast).all():
        return np.inf
    seen = ~np.isnan(truth)
    return float(np.sqrt(np.mean((forecast - truth)[seen] ** 2))) if seen.any() else np.nan


@dataclasses.dataclass(frozen=True, eq=False)
class ForecastErrors:
    """The RMSE of each forecast, inf where it diverged. The mean is then inf too; the median is not, unless half of them are."""

    starts: Int[np.ndarray, "W"]  # row t0 of the truth after which each forecast begins
    errors: Float[np.ndarray, "W"]

    @property
    def mean(self) -> float:
        return float(np.mean(self.errors))

    @property
    def median(self) -> float:
        return float(np.median(self.errors))


def n_step_rmse(
    truth: Float[ArrayLike, "T N"],
    forecast: Callable,
    *,
    n: int = 50,
    warmup: int = 100,
    windows: int = 100,
    missing: str = "refuse",
) -> ForecastErrors:
    """RMSE of `n`-step forecasts from `windows` starts spread evenly over the truth, in its units. Smaller is better.

    forecast  a function of histories (W, warmup, N), x_{t0-warmup+1} .. x_{t0}, to forecasts (W, n, N) of x_{t0+1} .. x_{t0+n}
    windows   W, number of forecasts; fewer where the truth has fewer starts, or where nothing is observed ahead
    missing   "mask": of a truth with NaN, only observed values count; histories hold NaN

    Histories and forecasts of different starts may overlap. Raises `ValueError` below warmup + n rows.
    """
    truth = np.asarray(truth, dtype=np.float64)
    starts = np.arange(warmup - 1, len(truth) - n)
    if not starts.size:
        raise ValueError(f"{len(truth)} rows; warmup = {warmup} and n = {n} need at least {warmup + n}.")
    chosen = np.unique(np.linspace(0, len(starts) - 1, windows).round().astype(int))
    return forecast_errors(truth, forecast, starts[chosen], n=n, warmup=warmup, missing=missing)


def forecast_errors(
    truth: Float[ArrayLike, "T N"],
    forecast: Callable,
    starts: Int[ArrayLike, "W"],
    *,
    n: int,
    warmup: int,
    missing: str = "refuse",
) -> ForecastErrors:
    """The errors of `n_step_rmse` for given starts, the rows t0 after which forecasts begin: warmup - 1 <= t0 < T - n."""
    truth, _ = as_orbits(truth, truth, missing)
    starts = np.asarray(starts)
    if starts.min() < warmup - 1 or starts.max() >= len(truth) - n:
        raise ValueError(f"starts reach from {starts.min()} to {starts.max()}; wanted {warmup - 1} to {len(truth) - n - 1}.")
    ahead = truth[starts[:, None] + np.arange(1, n + 1)]
    seen = ~np.isnan(ahead).all(axis=(1, 2))
    if not seen.any():
        raise ValueError(f"nothing is observed within {n} steps of any of {len(starts)} starts. Give a longer series.")
    starts, ahead = starts[seen], ahead[seen]
    history = truth[starts[:, None] + np.arange(-warmup + 1, 1)]
    forecasts = np.asarray(forecast(history), dtype=np.float64)
    if forecasts.shape != ahead.shape:
        raise ValueError(f"forecast returned shape {forecasts.shape} for {history.shape}; wanted (W, n, N) = {ahead.shape}.")
    pairs = zip(ahead, forecasts, strict=True)
    errors = [np.inf if diverged(truth, made) else rmse(true, made, missing=missing) for true, made in pairs]
    return ForecastErrors(starts, np.array(errors))


METRICS = {
    # Not scored: it compares step by step, and a free run of a chaotic system parts from the truth however good the model is.
    "rmse": Metric(
        rmse,
        unit="data",
        higher_is_better=False,
        scored=False,
        references=(PITBENCH,),
        summary="root mean square error between orbits that start together: smaller is better",
    ),
    "n_step_rmse": Metric(
        n_step_rmse,
        unit="data",
        higher_is_better=False,
        takes="forecaster",
        references=(HESS2026,),
        summary="root mean square error of forecasts of some steps: smaller is better",
    ),
}
