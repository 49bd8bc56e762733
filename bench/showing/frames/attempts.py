"""Answers of every tolerance: what each method needed for one, case by case.

Methods cannot be compared at one tolerance, as it means something else to each of them. They are compared by the time to an
accurate answer instead. A case is a problem: sizes, forcing strength and what is observed. A method has one attempt per tolerance
in it. Attempts with an accurate value and gradient (`ok`) compete, and the fastest of them stands for the method; a method
without one fails in this case.
"""

import collections

import numpy as np
import pandas as pd

from bench.measure.outcome import SOLVED
from bench.showing.frames.cells import failed, parameter, parameters
from bench.showing.frames.grouping import tally, triple
from bench.showing.frames.labels import labels
from bench.showing.frames.speedups import PACE, compared, seconds
from bench.showing.frames.times import costs, timed
from bench.showing.vocabulary.numbers import tidy
from bench.showing.vocabulary.order import BASELINE, BASELINES, SETTINGS, rank
from bench.showing.vocabulary.symbols import symbol

CASE = ["observed", *SETTINGS]
# What a speed-up must differ from 1 by: windows of which one suffices are the sequential scan itself, and were measured at 1.1.
CLEAR = 1.15
DEFAULT_TOLERANCE = {"float32": 1e-6, "float64": 1e-10}  # of a solver that is given none, see methods.solvers.base


def attempts(tables) -> pd.DataFrame:
    """One row per case, method and tolerance, seeds pooled.

    Seconds, speed-ups (`speedup`: sequential / method, in the gradient) and `to_best` (method / fastest) are those of accurate
    answers.
    """
    cells, samples = _described(tables["cells"]), timed(tables)
    if cells.empty:
        return pd.DataFrame(columns=_COLUMNS)
    nothing = samples.iloc[:0]
    by_cell = collections.defaultdict(lambda: nothing, iter(samples.groupby("cell")))
    frames = []
    for case, members in cells.groupby(CASE, dropna=False, sort=True):
        rows, own = [], []
        for (_, method, label, tolerance), group in members.groupby(["_rank", "method", "label", "tolerance"], dropna=False):
            right = (group["status"] == "ok").all()
            taken = pd.concat([by_cell[cell] for cell in group["cell"]]) if right else samples.iloc[:0]
            rows.append(dict(zip(CASE, case, strict=True)) | {"method": method, "label": label, "tolerance": tolerance})
            rows[-1] |= _summary(group, taken)
            own.append(taken[taken["phase"] == "gradient"])
        frames.append(pd.DataFrame(_compared(rows, own), columns=_COLUMNS))
    return pd.concat(frames, ignore_index=True)


def curves(tables) -> pd.DataFrame:
    """The attempts with `seconds` of the gradient (median and quartiles), for inaccurate answers too.

    How inaccurate an answer is stands in `gradient_error`.
    """
    attempted, samples = attempts(tables), tables["runtime"]
    samples = samples[samples["phase"] == "gradient"]
    found = [triple("seconds", samples.loc[samples["cell"].isin(cells.split()), "seconds"]) for cells in attempted["cells"]]
    return attempted.join(pd.DataFrame(found, index=attempted.index, columns=["seconds", "seconds_low", "seconds_high"]))


def case_names(frame: pd.DataFrame) -> pd.Series:
    """What tells the rows' cases apart beside T and alpha, in words: `observed x, M=16`."""
    varying = [name for name in CASE if name not in ("T", "alpha") and frame[name].nunique(dropna=False) > 1]
    words = frame[varying].apply(lambda row: ", ".join(_setting(*item) for item in row.items()), axis=1)
    return words if varying else pd.Series("", index=frame.index)


def decided(attempted: pd.DataFrame) -> pd.DataFrame:
    """One row per case and method: its fastest accurate attempt, or else the one with the smallest tolerance.

    `cells` are those of all its attempts.
    """
    case = [name for name in CASE if name in attempted]
    names = [name for name in ("method", "label") if name in attempted]
    rows = []
    for _, tried in attempted.groupby([*case, *names], dropna=False, sort=False):
        right = tried["gradient_s"].notna()
        best = tried["gradient_s"].idxmin() if right.any() else tried["tolerance"].fillna(0).idxmin()
        rows.append({**tried.loc[best], "cells": " ".join(tried["cells"])})
    return pd.DataFrame(rows, columns=attempted.columns)


_COLUMNS = [
    *(*CASE, "method", "label", "tolerance", "status", "failed", "cells"),
    *(f"{phase}{unit}{end}" for unit in ("_s", "_step_s") for phase in SOLVED for end in ("", "_low", "_high")),
    *(f"{BASELINE}_s", *PACE[PACE.index("strongest") :], "to_best"),
    *("iterations", "temp_bytes", "value_error", "gradient_error"),
]


def _described(cells: pd.DataFrame) -> pd.DataFrame:
    """The cells with what is observed, the tolerance of those methods that have one, and the label under which they compete."""
    observed = parameter(cells, "observed").fillna("").replace("", "all")
    iterative = cells["method_parameters"].map(lambda text: "tolerance" in parameters(text)).astype(bool)
    given = pd.to_numeric(parameter(cells, "tolerance"))
    tolerance = given.fillna(cells["dtype"].map(DEFAULT_TOLERANCE)).where(iterative)
    label = labels(cells, shown=(*CASE, "tolerance"))
    return cells.assign(observed=observed, tolerance=tolerance, label=label, _rank=cells["method"].map(rank))


def _summary(cells: pd.DataFrame, samples: pd.DataFrame) -> dict:
    row = {"status": tally(cells["status"]), "failed": int(failed(cells["status"]).sum()), "cells": " ".join(cells["cell"])}
    for phase in SOLVED:
        row |= seconds(phase, samples.loc[samples["phase"] == phase, "seconds"], cells["T"].iloc[0])
    return row | costs(cells) | {"iterations": cells["iterations"].astype(float).median()}


def _compared(rows: list[dict], samples: list[pd.DataFrame]) -> list[dict]:
    """The rows of one case beside the fastest variant of each sequential scan, and the fastest method."""
    taken = np.array([row["gradient_s"] for row in rows])
    found = {}
    for i in np.argsort(taken)[::-1]:  # the fastest last, which stays
        if rows[i]["method"] in BASELINES and np.isfinite(taken[i]):
            found[rows[i]["method"]] = samples[i]
    fastest = np.nanmin(taken) if np.isfinite(taken).any() else np.nan
    for row, own in zip(rows, samples, strict=True):
        row[f"{BASELINE}_s"] = found[BASELINE]["seconds"].median() if BASELINE in found else np.nan
        row["to_best"] = row["gradient_s"] / fastest
        row |= compared(found, own)
    return rows


def _setting(name: str, value) -> str:
    value = "none" if pd.isna(value) else tidy(value)
    return f"{name} {value}" if value.isalpha() else f"{symbol(name)}={value}"


def varying(points) -> list[str]:
    """The settings that `case_names` names, so that the line of sizes need not."""
    names = [name for name in CASE if name not in ("T", "alpha") and points[name].nunique(dropna=False) > 1]
    return [*names, "observed_dim"] if "observed" in names else names
