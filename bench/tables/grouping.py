"""Cells that differ only in their seed are one row of a table and one point of a figure; nothing else is ever pooled."""

import json

import numpy as np
import pandas as pd

SETTINGS = ["system", "latent_dim", "hidden_dim", "T", "batch", "alpha", "dtype", "device"]
PARAMETERS = ["method_parameters", "system_parameters", "measure_parameters"]
EFFORT = {"repeats", "repetitions", "warmup", "timeout_s"}  # how long a cell was measured, not what it asks
SYMBOLS = {"latent_dim": "M", "hidden_dim": "L", "batch": "S"}
BASELINE = "sequential"


def of_measure(tables, measure: str) -> dict:
    """The tables with only the cells of one measure, and only the rows of those cells."""
    cells = tables["cells"]
    cells = cells[cells["measure"] == measure]
    # A cell whose process died does not know its device; where there was only one, it belongs with the others.
    if cells["device"].nunique() == 1:
        cells = cells.assign(device=cells["device"].dropna().iloc[0])
    rest = {name: tables[name] for name in ("runtime", "newton", "training", "metrics")}
    return {"cells": cells, **{name: table.merge(cells[["cell", "attempt"]]) for name, table in rest.items()}}


def parameters(text) -> dict:
    """The JSON object in a cell as flat `name -> value`; nested names are joined by dots, lists become text."""
    found = json.loads(text) if isinstance(text, str) and text.strip() else {}
    return _flatten(found) if isinstance(found, dict) else {}


def parameter(cells: pd.DataFrame, name: str) -> pd.Series:
    """One parameter of each cell, wherever it is nested; None where a cell does not have it."""

    def find(row):
        flat = {key: value for column in PARAMETERS for key, value in parameters(row[column]).items()}
        return next((value for key, value in flat.items() if key.split(".")[-1] == name), None)

    return pd.Series([find(row) for _, row in cells.iterrows()], index=cells.index, dtype=object)


def labels(cells: pd.DataFrame, shown=()) -> pd.Series:
    """The method of each cell, with those settings that vary within the method and that `shown` does not name already."""
    table = cells[SETTINGS].astype(object)
    for column in PARAMETERS:
        flat = pd.DataFrame([parameters(text) for text in cells[column]], index=cells.index, dtype=object)
        table = table.join(flat[[name for name in flat if name not in table and name not in EFFORT]])
    table = table[[name for name in table if name.split(".")[-1] not in shown]]
    out = cells["method"].astype(object).copy()
    for _, rows in table.groupby(cells["method"]):
        for name in (name for name in rows if rows[name].nunique(dropna=False) > 1):
            known = rows.loc[rows[name].notna(), name]
            out[known.index] += known.map(lambda value, name=name: f", {SYMBOLS.get(name, name)}={tidy(value)}")
    return out


def groups(cells: pd.DataFrame, by=tuple(SETTINGS), hidden=()):
    """Yield `(row, cells)` for each point: `by` as columns, the method and its label, the tally of statuses and the ids.

    `hidden` names parameters that distinguish no lines because the caller shows them in another way.
    """
    if cells.empty:
        return
    cells = cells.assign(label=labels(cells, shown={*by, *hidden}), _first=cells["method"] != BASELINE)
    keys = [*by, "_first", "method", "label"]
    for key, members in cells.groupby(keys, dropna=False, sort=True):
        row = dict(zip(keys, key, strict=True))
        row.pop("_first")
        row["status"] = tally(members["status"])
        row["failed"] = int((members["status"] != "ok").sum())
        row["cells"] = " ".join(members["cell"].astype(str))
        yield row, members


def tally(statuses) -> str:
    """`ok`, `timeout`, or with several seeds `2 ok, 1 timeout`."""
    counts = pd.Series(statuses).value_counts().sort_index()
    if len(statuses) == 1 or list(counts.index) == ["ok"]:
        return str(counts.index[0])
    return ", ".join(f"{count} {status}" for status, count in counts.items())


def spread(values, low: float = 0.25, high: float = 0.75) -> tuple[float, float, float]:
    """Median and two quantiles; infinite values count as what they are, NaN for no values at all."""
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
    """Those of `columns` that have one value in all rows, with the value."""
    known = [name for name in columns if name in frame]
    return {name: frame[name].iloc[0] for name in known if frame[name].nunique(dropna=False) == 1}


def failures(cells: pd.DataFrame, limit: int = 20) -> list[str]:
    """One line per failure: which cell, its status and the reason; equal ones are counted, and more than `limit` cut off."""
    failed = cells[cells["status"] != "ok"]
    if failed.empty:
        return []
    varying = [name for name in SETTINGS if cells[name].nunique(dropna=False) > 1]
    where = labels(cells, shown=varying)
    for name in varying:
        where += cells[name].map(lambda value, name=name: f", {SYMBOLS.get(name, name)}={tidy(value)}")
    reason = failed["error_message"].fillna("").astype(str).str.split("\n").str[0].str.slice(0, 120)
    lines = where[failed.index] + ": " + failed["status"].astype(str) + reason.map(lambda text: f", {text}" if text else "")
    counts = lines.value_counts(sort=False)
    out = [line if count == 1 else f"{line} ({count} seeds)" for line, count in counts.items()]
    if len(out) > limit:
        out[limit:] = [f"and {len(out) - limit} more: see `status` and `error_message` in `cells`"]
    return out


def tidy(value) -> str:
    """A setting as a person would write it: 0.05 and 128, never 128.0."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def _flatten(tree: dict, prefix: str = "") -> dict:
    flat = {}
    for name, value in tree.items():
        if isinstance(value, dict):
            flat.update(_flatten(value, f"{prefix}{name}."))
        else:
            flat[prefix + name] = json.dumps(value) if isinstance(value, list) else value
    return flat
