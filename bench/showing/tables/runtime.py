"""Times are medians with quartiles of right answers only, and every speed-up stands beside the sequential time.

A speed-up is the median, with quartiles, of the ratios of paired repetitions. Those of one job with the same index were timed in
turn, so that a disturbance of the machine that lasts longer than one call cancels in them. Calls of different jobs, such as
trainings one after the other, cells that were put back into the queue or run on another day, are no pairs: there it is the ratio
of two medians, without quartiles, and is marked.
"""

import numpy as np
import pandas as pd

from bench.showing.tables.glance import Column, Table, quantity, settings, status, table, words
from bench.showing.tables.grouping import BASELINE, SETTINGS, groups, triple

PHASES = ("forward", "gradient", "update")
PAIR = ["job", "seed", "repetition"]
UNPAIRED = "~"  # before the ratio of two medians
CAPTION = (
    "Seconds per call of right answers, forward and backward: median [quartiles]. Speed-up: sequential / method, median "
    "[quartiles] over repetitions timed in turn, ~: of medians, not timed in turn; below 1x the method is slower. temp: memory "
    "of the compiled gradient beside its arguments and results. Errors: largest of the states, and norm of the gradient's, "
    "relative to the sequential scan, at small sizes in double precision."
)


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


def memory(tables, by=tuple(SETTINGS)) -> pd.DataFrame:
    """The largest `temp_bytes` of each point, failed ones that were compiled included."""
    rows = [{**row, "temp_bytes": costs(members)["temp_bytes"]} for row, members in groups(tables["cells"], by)]
    return pd.DataFrame(rows, columns=[*by, "label", "temp_bytes"])


def timed(tables) -> pd.DataFrame:
    """The timed calls of the cells that are ok: the time of a wrong answer is no time."""
    cells = tables["cells"]
    ok = cells[cells["status"] == "ok"].reindex(columns=["cell", "attempt", "job", "seed"])
    return tables["runtime"].merge(ok, on=["cell", "attempt"])


def speedup(baseline: pd.DataFrame, samples: pd.DataFrame) -> dict:
    """Seconds of `baseline` over those of `samples`, and of how many pairs; without one there is no interval."""
    if samples.index.equals(baseline.index):  # the baseline itself
        return dict.fromkeys(("speedup", "speedup_low", "speedup_high"), 1.0) | {"speedup_pairs": len(samples)}
    known = dict(zip(_pairs(baseline), baseline["seconds"], strict=True))
    calls = zip(_pairs(samples), samples["seconds"], strict=True)
    # Tables from before jobs were stored do not say what was timed in turn.
    ratios = [known[pair] / seconds for pair, seconds in calls if pair in known and isinstance(pair[0], str)]
    found = triple("speedup", ratios) | {"speedup_pairs": len(ratios)}
    return found if ratios else found | {"speedup": baseline["seconds"].median() / samples["seconds"].median()}


def _pairs(samples: pd.DataFrame):
    """What a call and the one that it was timed in turn with have in common."""
    return zip(*(samples[name] for name in PAIR), strict=True)


def no_speedup() -> dict:
    """Where one of the two has no time."""
    return triple("speedup", []) | {"speedup_pairs": 0}


def speedups(frame: pd.DataFrame) -> Column | None:
    """The speed-ups for a terminal, those that are not of pairs marked."""
    unpaired = frame["speedup_pairs"].eq(0) if "speedup_pairs" in frame else pd.Series(False, index=frame.index)
    return quantity(frame, "speedup", "speed-up", sign="x", marks=list(unpaired.map({True: UNPAIRED, False: ""})))


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
        row.update(triple(f"{BASELINE}_s", [] if baseline is None else baseline["seconds"]))
        row.update(no_speedup() if baseline is None or mine.empty else speedup(baseline, mine))
        rows.append(row)
        members.append(own_cells)
    return rows, members


def summarise(tables) -> pd.DataFrame:
    """One row per method and sizes: forward and gradient seconds, speed-up, updates of the solver, memory, errors, status."""
    rows, members = columns(tables)
    for row, own in zip(rows, members, strict=True):
        ok = own[own["status"] == "ok"]
        row["iterations"] = (ok if len(ok) else own)["iterations"].astype(float).median()
        row.update(costs(own))
    return pd.DataFrame(rows)


def costs(cells: pd.DataFrame) -> dict:
    """Largest temporary memory and largest errors of some cells; errors of wrong answers too, as they say how wrong."""
    return {name: cells[name].astype(float).max() for name in ("temp_bytes", "value_error", "gradient_error")}


def glance(frame: pd.DataFrame) -> list[Table]:
    """One line per method and sizes, timed in the last phase."""
    last = next((f"{phase}_s" for phase in reversed(PHASES) if f"{phase}_s" in frame), "gradient_s")
    seconds = [last, f"{BASELINE}_s"]
    frame = frame.assign(iterations=frame["iterations"].replace(0, np.nan))  # of a method that does not iterate
    columns = [
        status(frame),
        quantity(frame, last, alike=seconds),
        quantity(frame, f"{BASELINE}_s", alike=seconds),
        speedups(frame),
        quantity(frame, "iterations", "solver\niters"),
        quantity(frame, "temp_bytes"),
        quantity(frame, "value_error"),
        quantity(frame, "gradient_error"),
    ]
    return [table([*settings(frame), words(frame, "method")], columns)]


def _key(row: dict) -> tuple:
    return tuple(None if pd.isna(row[name]) else row[name] for name in SETTINGS)
