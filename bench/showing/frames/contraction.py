"""Forced models cell by cell: updates, forced exponent, and what Proposition 1 promises of it; where contraction begins."""

import numpy as np
import pandas as pd

from bench.measure.outcome import ANSWERS
from bench.showing.frames.cells import of_measure, parameter

MEASURE = "predictability"
METRICS = {"lyapunov": "exponent", "lyapunov_error": "error", "contraction": "promised", "contraction_onset": "onset"}
PROMISED = ("contraction", "contraction_onset")
MODEL = ["observed", "latent_dim", "seed"]  # what tells one trained model from another


def forced(tables) -> pd.DataFrame:
    """One row per cell: observed, latent_dim, seed, alpha, method, updates, cap, status, and a column for each of `METRICS`.

    updates   to the stopping rule, those that were made where it was not met; inf of a solve that has left no number
    promised  log ρ of Proposition 1, which the exponent never exceeds; onset: α*, NaN where none is promised
    """
    tables = of_measure(tables, MEASURE)
    cells = tables["cells"]
    rows = tables["metrics"].drop_duplicates(["cell", "metric"], keep="last")
    wide = rows[rows["metric"].isin(METRICS)].pivot(index="cell", columns="metric", values="value").astype(float)
    wide = wide.reindex(columns=list(METRICS)).rename(columns=METRICS)
    own = cells[["cell", "method", "status", "seed"]].assign(
        observed=parameter(cells, "observed").map(lambda name: name or ""),
        updates=cells["iterations"].astype(float).fillna(np.inf),
        answered=cells["status"].isin(ANSWERS),
        **{name: _setting(cells, name) for name in ("latent_dim", "alpha")},
        cap=pd.to_numeric(parameter(cells, "max_iterations")).astype(float),
    )
    return own.merge(wide, left_on="cell", right_index=True, how="left")


def _setting(cells: pd.DataFrame, name: str) -> pd.Series:
    """A number of each cell: of one that crashed only the question is known."""
    return cells[name].astype(float).fillna(parameter(cells, name).astype(float))


def promised(tables) -> pd.DataFrame:
    """The rows of Proposition 1 of each cell, by cell: `contraction`, log ρ, and `contraction_onset`, α*; none of recurrences."""
    rows = tables["metrics"].drop_duplicates(["cell", "metric"], keep="last")
    rows = rows[rows["metric"].isin(PROMISED)]
    return rows.pivot(index="cell", columns="metric", values="value").astype(float)


def models(found: pd.DataFrame) -> pd.DataFrame:
    """One row per trained model: `begins`, the strength from which on it contracts, and `onset`, where it is promised to."""
    columns = [*MODEL, "begins", "onset"]
    rows = []
    for model, own in found.groupby(MODEL, sort=True):
        curve = own.groupby("alpha")["exponent"].median().dropna()
        rows.append([*model, begins(curve.index.to_numpy(), curve.to_numpy()), own["onset"].median()])
    return pd.DataFrame(rows, columns=columns).astype({"latent_dim": float, "begins": float, "onset": float})


def begins(alpha, exponent) -> float:
    """The smallest strength at which the exponent is below 0, by a straight line from the last strength before it.

    The first strength asked for where the exponent is negative there already, inf where it never is, NaN without an exponent.
    """
    alpha, exponent = np.asarray(alpha, float), np.asarray(exponent, float)
    if not len(alpha):
        return np.nan
    negative = np.flatnonzero(exponent < 0)
    if not len(negative):
        return np.inf
    after = negative[0]
    if after == 0 or not np.isfinite(exponent[after]):  # from minus infinity no line can be drawn
        return float(alpha[after])
    before = after - 1
    share = exponent[before] / (exponent[before] - exponent[after])
    return float(alpha[before] + share * (alpha[after] - alpha[before]))
