"""Seconds and memory of right answers, point by point."""

import pandas as pd

from bench.measure.outcome import PHASES, SOLVED
from bench.showing.frames.grouping import groups, triple
from bench.showing.vocabulary.order import SETTINGS


def timed(tables) -> pd.DataFrame:
    """The timed calls of the cells that are ok: the time of a wrong answer is no time."""
    cells = tables["cells"]
    ok = cells[cells["status"] == "ok"].reindex(columns=["cell", "attempt", "job", "seed"])
    return tables["runtime"].merge(ok, on=["cell", "attempt"])


def times(tables, by=tuple(SETTINGS)) -> pd.DataFrame:
    """One row per point and phase: median, quartiles and number of seconds, iterations, status, the cells it stands for.

    Where no cell of a point is ok, its rows are there with NaN for the seconds.
    """
    samples = timed(tables)
    phases = [phase for phase in PHASES if phase in set(tables["runtime"]["phase"])] or SOLVED
    rows = []
    for row, members in groups(tables["cells"], by):
        own = samples[samples["cell"].isin(members["cell"])]
        for phase in phases:
            taken = own[own["phase"] == phase]
            rows.append({**row, "phase": phase, "samples": len(taken), **triple("seconds", taken["seconds"])})
    columns = [*by, "method", "label", "status", "failed", "cells", "phase", "samples", "seconds", "seconds_low", "seconds_high"]
    return pd.DataFrame(rows, columns=columns)


def memory(tables, by=tuple(SETTINGS)) -> pd.DataFrame:
    """The largest `temp_bytes` of each point, failed ones that were compiled included."""
    rows = [{**row, "temp_bytes": costs(members)["temp_bytes"]} for row, members in groups(tables["cells"], by)]
    return pd.DataFrame(rows, columns=[*by, "label", "temp_bytes"])


def costs(cells: pd.DataFrame) -> dict:
    """Largest scratch memory and largest errors of some cells; errors of wrong answers too, as they say how wrong."""
    return {name: cells[name].astype(float).max() for name in ("temp_bytes", "value_error", "gradient_error")}
