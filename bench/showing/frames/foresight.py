"""Forecasts beside what they were made of: updates that were counted, and seconds that were taken.

A solve that was stopped at its cap is known to need more updates than that, which is what its forecast is held against.
"""

import pandas as pd

from bench.showing.frames.predictability import MET, solves
from bench.showing.vocabulary.order import BASELINES

ROUNDING = 0.5  # a forecast is a real number, a count a whole one


def forecasts(tables) -> pd.DataFrame:
    """The rows of `predictability.solves` that have a forecast or could have one, with `count`, `told`, `held` and `failed`.

    count  updates, or the cap where the solve was stopped there; NaN where it left no answer or diverged
    told   whether there are both a forecast and a count
    held   whether the interval holds the count; for a solve that was stopped, whether it reaches beyond the cap
    """
    found = solves(tables)
    attrs = found.attrs
    found = found[~found["method"].isin(BASELINES)].reset_index(drop=True)
    values = {name: found[name].astype(float) for name in ("forecast", "forecast_low", "forecast_high", "iterations", "cap")}
    found = found.assign(**values)
    stopped = found["status"].eq("not_converged")
    found["count"] = found["iterations"].where(found["status"].isin(MET)).mask(stopped, found["cap"].fillna(found["iterations"]))
    found["told"] = found["forecast"].notna() & found["count"].notna()
    above, below = found["forecast_high"] + ROUNDING >= found["count"], found["forecast_low"] - ROUNDING <= found["count"]
    found["held"] = found["told"] & above & (below | stopped)
    found["failed"] = ~found["status"].isin(MET)
    found.attrs = attrs
    return found


def choices(tables) -> pd.DataFrame:
    """A row for each solve beside a timed step-by-step scan: was it forecast to be `parallel`, was it, and is that `right`?

    An update of a solver costs what it costs in the median over all problems of one size, whatever they are, so that what is
    left to forecast of a time is the number of updates. A solve that was stopped has taken at least that for all it was allowed.
    """
    found = solves(tables)
    scans = found[found["method"].isin(BASELINES)].groupby("problem")["seconds"].min()
    rows = forecasts(tables)
    rows = rows[rows["told"]].assign(scan=rows["problem"].map(scans))
    size = ["label", "system", "T", "latent_dim", "dtype", "device"]
    update = (rows["seconds"] / (rows["count"] + 1)).groupby([rows[name] for name in size], dropna=False).transform("median")
    taken = rows["seconds"].fillna((rows["count"] + 1) * update)
    rows = rows.assign(taken=taken, foreseen=(rows["forecast"] + 1) * update)
    rows = rows[rows["scan"].notna() & rows["taken"].notna()]
    rows = rows.assign(parallel=rows["foreseen"] < rows["scan"], faster=rows["taken"] < rows["scan"])
    return rows.assign(right=rows["parallel"] == rows["faster"]).reset_index(drop=True)
