"""Newton updates are counted per sequence, and a sequence that was never solved counts as infinitely many.

Few updates are expected where the forced Lyapunov exponent is negative, so it stands beside them.
"""

import numpy as np
import pandas as pd

from bench.showing.tables.glance import NOTHING, Column, Table, interval, settings, table
from bench.showing.tables.grouping import SETTINGS, groups, parameter, tidy, triple
from bench.showing.tables.rendering import number

CAPTION = (
    "Updates of the solver until its rule stops it: median [range] over sequences, a failed sequence counts as inf. "
    "lambda_f: Lyapunov exponent of the forced map, per step."
)
# What sets the points of a line apart beside alpha; each has its own columns and panels.
CHOICES = ["guess", "rule"]
MARKS = {
    **{"not_converged": "n", "diverged": "d", "wrong_answer": "w", "timeout": "t", "out_of_memory": "m"},
    **{"error": "e", "crashed": "c", "unavailable": "u", "skipped": "s"},
}
EXPONENT = "forced_lyapunov"


def counts(tables) -> pd.DataFrame:
    """One row per sequence: `updates` performed and whether it `failed`; one row for a whole cell that left no sequences.

    In a failed cell those sequences failed that end on a non-finite residual or at the cap, or all if there are no such.
    """
    newton = tables["newton"].sort_values("update")
    last = newton.groupby(["cell", "sequence"], as_index=False).tail(1)[["cell", "sequence", "update", "residual"]]
    cells = tables["cells"]
    cells = cells.assign(cap=pd.to_numeric(parameter(cells, "max_iterations")))
    rows = cells[["cell", "status", "iterations", "cap"]].merge(last, on="cell", how="left")
    rows["updates"] = rows["update"].astype(float).fillna(rows["iterations"].astype(float))
    bad = rows["status"] != "ok"
    suspect = bad & (~np.isfinite(rows["residual"].astype(float)) | (rows["updates"] >= rows["cap"]))
    unexplained = bad & ~suspect.groupby(rows["cell"]).transform("any")
    return rows.assign(failed=suspect | unexplained)


def exponents(tables) -> pd.Series:
    """Forced Lyapunov exponent of each cell, per time step."""
    rows = tables["metrics"]
    return rows[rows["metric"] == EXPONENT].groupby("cell")["value"].median().astype(float)


def points(tables, by) -> pd.DataFrame:
    """One row per point: quartiles and range of the updates, sequences, share converged, exponent, status, cells."""
    sequences, exponent = counts(tables), exponents(tables)
    cells = tables["cells"].assign(**{name: parameter(tables["cells"], name) for name in CHOICES})
    rows = []
    for row, members in groups(cells, by):
        own = sequences[sequences["cell"].isin(members["cell"])]
        updates = own["updates"].where(~own["failed"], np.inf)
        row.update(sequences=len(own), converged=1 - own["failed"].mean(), cap=own["cap"].max())
        row.update(triple("updates", updates.dropna()), updates_min=updates.min(), updates_max=updates.max())
        row["lambda_f"] = exponent.reindex(members["cell"]).median()
        rows.append(row)
    names = ["label", "status", "failed", "cells", "sequences", "converged", "cap", "lambda_f"]
    updates = ["updates", "updates_low", "updates_high", "updates_min", "updates_max"]
    return pd.DataFrame(rows, columns=[*by, "method", *names, *updates])


def summarise(tables) -> pd.DataFrame:
    """One row per method, guess, rule and sizes: median and range of the updates, share converged, forced Lyapunov exponent."""
    rows = points(tables, [*SETTINGS, *CHOICES])
    rows = rows.assign(method=rows["label"], updates_low=rows["updates_min"], updates_high=rows["updates_max"])
    order = ["updates", "updates_low", "updates_high", "converged", "sequences", "lambda_f", "status", "failed", "cells"]
    return rows[[*SETTINGS, "method", *CHOICES, *order]]


def glance(frame: pd.DataFrame) -> list[Table | str]:
    """One line per method, sizes, guess and rule, with the strengths across; below each size its exponents."""
    frame = frame.assign(alpha=frame["alpha"].astype(float) if "alpha" in frame else np.nan)
    sizes = [name for name in SETTINGS if name in frame and name != "alpha"]
    choices = ["method", *CHOICES]
    choices = [name for name in choices if name in frame and frame[name].nunique(dropna=False) > 1] or ["method"]
    lines = []
    for _, group in frame.groupby(sizes, dropna=False, sort=False) if sizes else [(None, frame)]:
        size = dict(group[sizes].iloc[0])
        for _, line in group.groupby(choices, dropna=False, sort=False):
            cells = [(row["alpha"], _cell(row)) for _, row in line.iterrows()]
            lines.append({**size, **{name: line[name].iloc[0] or "" for name in choices}, "cells": cells})
        if group["lambda_f"].notna().any():
            exponents = group.groupby("alpha", dropna=False)["lambda_f"].median().map(_exponent)
            lines.append({**size, **dict.fromkeys(choices, ""), choices[0]: "lambda_f", "cells": list(exponents.items())})
    lines = pd.DataFrame(lines)
    strengths = sorted(frame["alpha"].dropna().unique()) + [np.nan] * bool(frame["alpha"].isna().any())
    columns = [_column(alpha, lines["cells"], len(strengths)) for alpha in strengths]
    marks = [f"{mark} = {status}" for status, mark in MARKS.items() if frame["status"].str.contains(status).any()]
    note = [f"Marked cells, of which some or all sequences failed: {', '.join(marks)}."] if marks else []
    return [table(settings(lines, [*sizes, *choices]), columns), *note]


def _column(alpha: float, lines, count: int) -> Column:
    """The updates at one strength, line by line, and the exponents."""
    found = [next((own for key, own in cells if key == alpha or np.isnan(key) and np.isnan(alpha)), None) for cells in lines]
    marks, values, intervals = zip(*(each or ("", NOTHING, "") for each in found), strict=True)
    head = "no alpha" if np.isnan(alpha) else f"alpha={tidy(alpha)}" if alpha == 0 else tidy(alpha)
    math = "" if np.isnan(alpha) else rf"$\alpha = {tidy(alpha)}$"
    one = {"head": "updates", "latex": "updates"} if count == 1 else {"head": head, "latex": math}
    return Column(values=list(values), intervals=list(intervals), marks=list(marks), **one)


def _cell(row) -> tuple[str, str, str]:
    """Mark, median and range."""
    mark = "".join(mark for status, mark in MARKS.items() if status in row["status"])
    middle, *ends = (float(row[name]) for name in ("updates", "updates_low", "updates_high"))
    return (f"{mark} " if mark else ""), tidy(middle), interval(middle, *ends)


def _exponent(value: float) -> tuple[str, str, str]:
    return "", (number(value, 2) if not abs(value) < 1 else f"{value:.3f}"), ""
