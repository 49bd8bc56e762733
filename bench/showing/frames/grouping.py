"""Cells that differ only in their seed are one row of a table and one point of a figure; nothing else is ever pooled."""

import collections

import numpy as np
import pandas as pd

from bench.measure.disturbance import disturbed
from bench.measure.outcome import SKIPPED
from bench.showing.frames.cells import failed
from bench.showing.frames.labels import labels
from bench.showing.vocabulary.order import SETTINGS, rank


def groups(cells: pd.DataFrame, by=tuple(SETTINGS), deciding=("system", "T")):
    """Yield each point of a table or a figure as `(row, cells)`.

    deciding  settings in `by`: another that follows from them needs no place in a label
    row       a dictionary: the settings in `by`, the method and its label, the tally of statuses, failures and the cells' ids
    cells     the rows of the table `cells` that are pooled in it
    """
    if cells.empty:
        return
    decided = [name for name in deciding if name in by]  # as a warm-up of T/4 follows from T, whose column says it
    cells = cells.assign(label=labels(cells, shown=by, within=decided), _rank=cells["method"].map(rank))
    keys = [*by, "_rank", "method", "label"]
    if cells["alpha"].nunique() == 1 and "alpha" in keys:  # methods without forcing have none: no reason to stand apart
        keys.append(keys.pop(keys.index("alpha")))
    busy = disturbed(cells)
    for key, members in cells.groupby(keys, dropna=False, sort=True):
        found = dict(zip(keys, key, strict=True))
        row = {name: found[name] for name in (*by, "method", "label")}
        row["status"] = tally(members["status"])
        row["failed"] = int(failed(members["status"]).sum())
        if busy.any():
            row["disturbed"] = int(busy[members.index].sum())
        row["cells"] = " ".join(members["cell"].astype(str))
        yield row, members


def tally(statuses) -> str:
    """`ok`, `timeout`, or with several seeds `2 ok, 1 timeout`; all of them ok, or skipped, need no number."""
    counts = collections.Counter(map(str, statuses))
    if len(statuses) == 1 or list(counts) in (["ok"], [SKIPPED]):
        return next(iter(counts))
    return ", ".join(f"{count} {status}" for status, count in sorted(counts.items()))


def spread(values, low: float = 0.25, high: float = 0.75) -> tuple[float, float, float]:
    """Median and two quantiles. An infinite value is worse than any other, and stays infinite; without any value all are NaN."""
    values = np.asarray(values, dtype=float)
    if not values.size:
        return (np.nan,) * 3
    with np.errstate(invalid="ignore"):
        linear = np.quantile(values, [0.5, low, high])
    # Interpolating between a number and infinity, or two infinities, gives NaN: the infinite neighbour is the honest answer.
    nearest = np.quantile(values, [0.5, low, high], method="lower" if np.isneginf(values).any() else "higher")
    return tuple(np.where(np.isnan(linear), nearest, linear).tolist())


def triple(name: str, values, low: float = 0.25, high: float = 0.75) -> dict:
    """`spread` as the three columns `name, name_low, name_high`."""
    return dict(zip((name, f"{name}_low", f"{name}_high"), spread(values, low, high), strict=True))


def singular(frame: pd.DataFrame, columns) -> dict:
    """Those of `columns` that have one value in all rows, with the value.

    A forcing strength is one value even where some methods have none, if all others agree.
    """
    known = [name for name in columns if name in frame and frame[name].nunique(dropna=name == "alpha") <= 1]
    return {name: next(iter(frame[name].dropna()), None) for name in known}
