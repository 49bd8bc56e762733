"""Runs and their scores as points of a figure."""

import numpy as np
import pandas as pd

from bench.showing.frames.labels import labels, problems
from bench.showing.frames.newton import EXPONENT
from bench.showing.frames.scores import scores
from bench.showing.vocabulary.symbols import SCORES


def labelled(cells) -> tuple[pd.DataFrame, bool]:
    """The cells with the problem and the label of each, and whether sequence lengths are compared.

    Lengths are compared where a method has several on one problem. A forcing strength is part of the problem where every method
    has several.
    """
    cells = cells.assign(problem=problems(cells))
    over = bool((cells.groupby(["problem", "method"])["T"].nunique() > 1).any())
    strengths = cells.groupby(["problem", "method"])["alpha"].nunique()
    if len(strengths) and (strengths > 1).all():
        cells["problem"] += cells["alpha"].map(lambda alpha: f", α = {alpha:g}")
        cells = cells.sort_values("alpha", kind="stable")
    within = ["problem", "T"] if over else ["problem"]
    return cells.assign(label=labels(cells, shown=("T",) if over else (), within=within)), over


def ranked_metrics(tables) -> list[str]:
    """The metrics that have a better and a worse, the well-known ones first."""
    rows = tables["metrics"][tables["metrics"]["higher_is_better"].notna()]
    found = [name for name in dict.fromkeys(rows["metric"]) if name != EXPONENT]
    known = [name for name in SCORES if name in found]
    return known + [name for name in found if name not in known]


def values(tables, owners, metrics):
    """One point per run and metric, `panel` being the metric; without a value where a run left none."""
    columns = ["value", "floor", "noise"]
    found, parts = scores(tables), [owners.assign(panel="", x=np.nan, **dict.fromkeys(columns, np.nan)).iloc[:0]]
    for metric in metrics:
        own = found.loc[found["metric"] == metric, ["cell", *columns]]
        parts.append(owners.merge(own, on="cell", how="left").assign(panel=metric, x=np.nan))
    return pd.concat(parts)


def lost(points) -> pd.Series:
    """Which points stand for a run that was lost: it scored infinity, or failed and left no value.

    The iterations of the solver are no score, and may be missing without anything being lost.
    """
    return np.isinf(points["value"]) | (points["value"].isna() & points["status"].ne("ok") & points["panel"].ne("iterations"))
