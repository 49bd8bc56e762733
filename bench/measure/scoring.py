"""How a reconstruction is scored, and what the scores stand between: a second true orbit, and white noise."""

import dataclasses

import numpy as np

import metrics


@dataclasses.dataclass(frozen=True)
class Scoring:
    """Settings of the scores; the fields are those of `Reconstruction`."""

    delay: int
    lag: int
    history: int
    rmse_steps: int
    rmse_windows: int

    def bounds(self, truth, second_orbit) -> dict:
        """What a second true orbit and what white noise score, by metric, None where that says nothing.

        Tried before training, as it fails where the data cannot be scored.
        """
        needed = self.history + self.rmse_steps
        if len(truth) < needed:
            raise ValueError(
                f"the test split has {len(truth)} rows; history = {self.history} and forecasts of rmse_steps = {self.rmse_steps} "
                f"need {needed}. Give a longer series, or lower rmse_steps."
            )
        noise = np.random.default_rng(0)
        mean, spread = truth.mean(0), truth.std(0)
        try:
            floors = self.of_orbit(truth, second_orbit)
            failures = self.of_orbit(truth, noise.normal(mean, spread, truth.shape))
        except ValueError as error:
            raise ValueError(f"the test split, {len(truth)} rows, cannot be scored: {error}") from error
        guess = lambda history: noise.normal(mean, spread, (len(history), self.rmse_steps, truth.shape[1]))  # noqa: E731
        failures["n_step_rmse"] = self.of_forecasts(truth, guess)
        return {name: (floors.get(name), failures[name]) for name in failures}

    def of_orbit(self, truth, generated) -> dict:
        """Divergences of a free run from the truth, by metric."""
        embedding = {"delay": self.delay, "lag": self.lag}
        scores = {
            "dstsp_gmm": metrics.state_space_divergence(truth, generated, **embedding),
            "power_spectrum_hellinger": metrics.power_spectrum_distance(truth, generated),
        }
        if truth.shape[1] * self.delay <= 5:  # more boxes than points beyond
            scores["dstsp_bins"] = metrics.binned_divergence(truth, generated, **embedding)
        return scores

    def of_forecasts(self, truth, forecast) -> float:
        """The mean n-step error of `forecast(history)` from evenly spread points of the truth."""
        errors = metrics.n_step_rmse(truth, forecast, n=self.rmse_steps, warmup=self.history, windows=self.rmse_windows)
        return float(errors.mean)

    def rows(self, scores: dict, bounds: dict) -> list[dict]:
        """Rows of the table `metrics`."""
        return [
            {
                "metric": name,
                "value": float(value),
                "unit": metrics.get(name).unit,
                "higher_is_better": metrics.get(name).higher_is_better,
                "floor": bounds[name][0],
                "noise": bounds[name][1],
            }
            for name, value in scores.items()
        ]
