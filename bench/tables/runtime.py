"""Times are medians with quartiles of right answers only, and every speed-up stands beside the sequential time.

A speed-up is the ratio of two medians. Its interval is the quartiles of the ratios of paired repetitions: repetitions with
the same index were interleaved, so a disturbance of the machine that lasts longer than one call cancels in them.
"""

import numpy as np
import pandas as pd

from .grouping import BASELINE, SETTINGS, groups, triple

PHASES = ("forward", "gradient", "update")
PAIR = ["environment", "seed", "repetition"]
CAPTION = (
    "Seconds per call: median [quartiles] of right answers; gradient = forward + backward. "
    "Speed-up: sequential / method, ratio of medians [quartiles of paired repetitions]."
)
DETAILS = ["temp_bytes", "value_error", "gradient_error"]  # in the summary, not in the report of a run


def times(tables, by=tuple(SETTINGS)) -> pd.DataFrame:
    """One row per point and phase: median, quartiles and number of seconds, iterations, status, the cells it stands for.

    Where no cell of a point is ok, its rows are there with NaN for the seconds.
    """
    samples = timed(tables)
    phases = [phase for phase in PHASES if phase in set(tables["runtime"]["phase"])] or ["forward", "gradient"]
    rows = []
    for row, members in groups(tables["cells"], by):
        own = samples[samples["cell"].isin(members["cell"])]
        for phase in phases:
            taken = own[own["phase"] == phase]
            rows.append({**row, "phase": phase, "samples": len(taken), **triple("seconds", taken["seconds"])})
    columns = [*by, "method", "label", "status", "failed", "cells", "phase", "samples", "seconds", "seconds_low", "seconds_high"]
    return pd.DataFrame(rows, columns=columns)


def timed(tables) -> pd.DataFrame:
    """The timed calls of the cells that are ok: the time of a wrong answer is no time."""
    cells = tables["cells"]
    ok = cells.loc[cells["status"] == "ok", ["cell", "attempt", "environment", "seed"]]
    return tables["runtime"].merge(ok, on=["cell", "attempt"])


def speedup(baseline: pd.DataFrame, samples: pd.DataFrame) -> dict:
    """Seconds of `baseline` over those of `samples`; no interval where the two were not interleaved in one environment."""
    ratio = baseline["seconds"].median() / samples["seconds"].median()
    paired = baseline.merge(samples, on=PAIR, suffixes=("_baseline", "_method"))
    interval = triple("speedup", paired["seconds_baseline"] / paired["seconds_method"])
    return {**interval, "speedup": ratio}


class Baselines:
    """Finds the sequential samples at the same sizes; of several sequential variants the fastest: a baseline must be strong."""

    def __init__(self, cells: pd.DataFrame, samples: pd.DataFrame):
        self._exact: dict = {}
        self._any_alpha: dict = {}
        for row, members in groups(cells[cells["method"] == BASELINE]):
            own = samples[samples["cell"].isin(members["cell"])]
            if len(own):
                for known, key in ((self._exact, _key(row)), (self._any_alpha, _key({**row, "alpha": None}))):
                    if key not in known or own["seconds"].median() < known[key]["seconds"].median():
                        known[key] = own

    def find(self, row: dict) -> pd.DataFrame | None:
        """The samples for the sizes in `row`, if possible at the same alpha: the cost of a scan does not depend on alpha."""
        found = self._exact.get(_key(row))
        return found if found is not None else self._any_alpha.get(_key({**row, "alpha": None}))


def columns(tables, phases=PHASES) -> tuple[list[dict], list[pd.DataFrame]]:
    """The time columns of each point, with the speed-up in its last phase; and the cells of each point."""
    cells, samples = tables["cells"], timed(tables)
    present = [phase for phase in phases if phase in set(samples["phase"])]
    last = present[-1] if present else None
    baselines = Baselines(cells, samples[samples["phase"] == last])
    rows, members = [], []
    for row, own_cells in groups(cells):
        own = samples[samples["cell"].isin(own_cells["cell"])]
        baseline, mine = baselines.find(row), own[own["phase"] == last]
        row["method"] = row.pop("label")
        for phase in present:
            row.update(triple(f"{phase}_s", own.loc[own["phase"] == phase, "seconds"]))
        row[f"{BASELINE}_s"] = np.nan if baseline is None else baseline["seconds"].median()
        nothing = triple("speedup", [])
        row.update(nothing if baseline is None or mine.empty else speedup(baseline, mine))
        rows.append(row)
        members.append(own_cells)
    return rows, members


def summarise(tables) -> pd.DataFrame:
    """One row per method and sizes: forward and gradient seconds, speed-up, updates of the solver, memory, errors, status."""
    rows, members = columns(tables)
    for row, own in zip(rows, members, strict=True):
        ok = own[own["status"] == "ok"]
        row["iterations"] = (ok if len(ok) else own)["iterations"].astype(float).median()
        row["temp_bytes"] = own["temp_bytes"].astype(float).max()
        for error in ("value_error", "gradient_error"):  # also of the wrong answers: it says how wrong
            row[error] = own[error].astype(float).max()
    return pd.DataFrame(rows)


def _key(row: dict) -> tuple:
    return tuple(None if pd.isna(row[name]) else row[name] for name in SETTINGS)
