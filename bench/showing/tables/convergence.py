"""Newton updates are counted per sequence, and a sequence that was never solved counts as infinitely many.

Few updates are expected where the forced Lyapunov exponent is negative, so it stands beside them.
"""

import numpy as np
import pandas as pd

from bench.showing.frames.newton import SOLVER_SETTINGS, points
from bench.showing.tables.glance import NOTHING, Column, Table, settings, table
from bench.showing.vocabulary.numbers import interval, number, tidy
from bench.showing.vocabulary.order import SETTINGS
from bench.showing.vocabulary.statuses import SIGNS, letters

CAPTION = (
    "Updates of the solver until its rule stops it: median [range] over sequences, a failed sequence counts as inf. "
    "lambda_f: Lyapunov exponent of the forced map, per step."
)


def summarise(tables) -> pd.DataFrame:
    """One row per method, guess, rule and sizes: median and range of the updates, share converged, forced Lyapunov exponent."""
    rows = points(tables, [*SETTINGS, *SOLVER_SETTINGS])
    rows = rows.assign(method=rows["label"], updates_low=rows["updates_min"], updates_high=rows["updates_max"])
    order = ["updates", "updates_low", "updates_high", "converged", "sequences", "lambda_f", "status", "failed", "cells"]
    return rows[[*SETTINGS, "method", *SOLVER_SETTINGS, *order]]


def glance(frame: pd.DataFrame) -> list[Table | str]:
    """One line per method, sizes, guess and rule, with the strengths across; below each size its exponents."""
    frame = frame.assign(alpha=frame["alpha"].astype(float) if "alpha" in frame else np.nan)
    sizes = [name for name in SETTINGS if name in frame and name != "alpha"]
    choices = [name for name in ("method", *SOLVER_SETTINGS) if name in frame and frame[name].nunique(dropna=False) > 1] or [
        "method"
    ]
    lines = pd.DataFrame(_lines(frame, sizes, choices))
    strengths = sorted(frame["alpha"].dropna().unique()) + [np.nan] * bool(frame["alpha"].isna().any())
    columns = [_column(alpha, lines["cells"], len(strengths)) for alpha in strengths]
    failed = [name for name in SIGNS if name != "ok" and frame["status"].str.contains(name).any()]
    marks = [f"{letters(name)} = {name}" for name in failed]
    note = [f"Marked cells, of which some or all sequences failed: {', '.join(marks)}."] if marks else []
    return [table(settings(lines, [*sizes, *choices]), columns), *note]


def _lines(frame: pd.DataFrame, sizes: list[str], choices: list[str]) -> list[dict]:
    """The lines of the table: what each is about, and in `cells` its text by strength."""
    lines = []
    for _, same_size in frame.groupby(sizes, dropna=False, sort=False) if sizes else [(None, frame)]:
        size = dict(same_size[sizes].iloc[0])
        for _, line in same_size.groupby(choices, dropna=False, sort=False):
            cells = [(row["alpha"], _cell(row)) for _, row in line.iterrows()]
            lines.append({**size, **{name: line[name].iloc[0] or "" for name in choices}, "cells": cells})
        if same_size["lambda_f"].notna().any():
            exponents = same_size.groupby("alpha", dropna=False)["lambda_f"].median().map(_exponent)
            lines.append({**size, **dict.fromkeys(choices, ""), choices[0]: "lambda_f", "cells": list(exponents.items())})
    return lines


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
    mark = letters(row["status"])
    middle, *ends = (float(row[name]) for name in ("updates", "updates_low", "updates_high"))
    return (f"{mark} " if mark else ""), tidy(middle), interval(middle, *ends)


def _exponent(value: float) -> tuple[str, str, str]:
    return "", (number(value, 2) if not abs(value) < 1 else f"{value:.3f}"), ""
