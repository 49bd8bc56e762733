"""Cells that differ only in their seed are one row of a table and one point of a figure; nothing else is ever pooled."""

import collections
import json
from pathlib import Path

import numpy as np
import pandas as pd

from bench.measure.disturbance import disturbed
from bench.showing.tables.symbols import SYMBOLS

SETTINGS = ["system", "latent_dim", "hidden_dim", "T", "batch", "alpha", "dtype", "device"]
PARAMETERS = ["method_parameters", "system_parameters", "measure_parameters"]
EFFORT = {"repeats", "repetitions", "budget_s", "timeout_s"}  # how long a cell was measured, not what it asks
BASELINE = "sequential"
# The order of rows, lines and colours: the baseline, then by family. Methods not named here come last, by name.
SEQUENTIAL = [BASELINE, "sequential-free"]
METHODS = [
    *("deer", "quasi-deer", "gtf-deer", "gtf-quasi-deer", "gtf-schwarz", "gtf-shooting", "gtf-parareal", "gtf-mgrit"),
    *("elk", "quasi-elk", "picard", "jacobi", "lssm", "lssm-scheduled", "mamba2", "low-rank", "low-rank-schwarz"),
    *("schwarz-shared", "schwarz-gossip", "schwarz-mean", "schwarz-local", "mamba2-cuda"),
    *("gtf-deer-published", "gtf-deer-windowed", "gtf-deer-damped", "gtf-deer-clipped", "gtf-quasi-deer-clipped"),
    *("gtf-quasi-deer-hutchinson", "gtf-elk", "gtf-elk-filter", "gtf-quasi-elk", "gtf-quasi-elk-filter", "auto"),
]


def of_measure(tables, measure: str) -> dict:
    """The tables with only the cells of one measure, and only the rows of those cells."""
    cells = tables["cells"]
    cells = cells[cells["measure"] == measure]
    # A cell whose process died does not know its device; where there was only one, it belongs with the others.
    if cells["device"].nunique() == 1:
        cells = cells.assign(device=cells["device"].dropna().iloc[0])
    rest = {name: tables[name] for name in ("runtime", "newton", "training", "metrics", "orbits")}
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


def problems(cells: pd.DataFrame) -> pd.Series:
    """The data of each cell in words: `lorenz63, observed x`, a file by its name; of the parameters those that vary."""
    flat = [parameters(text) for text in cells["system_parameters"]]
    flat = [{**own, "path": Path(own["path"]).name} if "path" in own else own for own in flat]
    table = pd.DataFrame(flat, index=cells.index, dtype=object)
    out = cells["system"].astype(object).copy()
    for _, rows in table.groupby(cells["system"]):
        varying = [name for name in rows if rows[name].nunique(dropna=False) > 1 and name != "path"]
        for name in [name for name in ("path",) if name in rows] + varying:
            out[rows.index] += rows[name].map(lambda value, name=name: _trait(name, value))
    return out


def labels(cells: pd.DataFrame, shown=(), within=()) -> pd.Series:
    """The method of each cell, with those settings that vary within the method and that `shown` does not name already.

    within  columns or series: a setting that is the same wherever they are, as `T` may fix the batch, does not vary
    """
    table = cells[SETTINGS].astype(object)
    for column in PARAMETERS:
        flat = pd.DataFrame([parameters(text) for text in cells[column]], index=cells.index, dtype=object)
        table = table.join(flat[[name for name in flat if name not in table and name not in EFFORT]])
    table = table[[name for name in table if name.split(".")[-1] not in shown]]
    out = cells["method"].astype(object).copy()
    within = [cells[each] if isinstance(each, str) else each for each in within]
    for _, rows in table.groupby(cells["method"]):
        beside = [rows] if not within else [own for _, own in rows.groupby([each[rows.index] for each in within], dropna=False)]
        for name in (name for name in rows if any(own[name].nunique(dropna=False) > 1 for own in beside)):
            known = rows.loc[rows[name].notna() & rows[name].ne(""), name]
            out[known.index] += known.map(lambda value, name=name: f", {SYMBOLS.get(name, name)}={tidy(value)}")
    return out


def groups(cells: pd.DataFrame, by=tuple(SETTINGS)):
    """Yield `(row, cells)` for each point: `by` as columns, the method and its label, the tally of statuses and the ids."""
    if cells.empty:
        return
    # What is the same wherever system and T are stands in their columns already: parameters of a system, a warm-up of T/4.
    decided = [name for name in ("system", "T") if name in by]
    cells = cells.assign(label=labels(cells, shown=by, within=decided), _rank=cells["method"].map(rank))
    keys = [*by, "_rank", "method", "label"]
    if cells["alpha"].nunique() == 1 and "alpha" in keys:  # methods without forcing have none: no reason to stand apart
        keys.append(keys.pop(keys.index("alpha")))
    busy = disturbed(cells)
    for key, members in cells.groupby(keys, dropna=False, sort=True):
        found = dict(zip(keys, key, strict=True))
        row = {name: found[name] for name in (*by, "method", "label")}
        row["status"] = tally(members["status"])
        row["failed"] = int((members["status"] != "ok").sum())
        if busy.any():
            row["disturbed"] = int(busy[members.index].sum())
        row["cells"] = " ".join(members["cell"].astype(str))
        yield row, members


def rank(method: str) -> int:
    """The place of a method in every table and legend."""
    order = [*SEQUENTIAL, *METHODS]
    return order.index(method) if method in order else len(order)


def tally(statuses) -> str:
    """`ok`, `timeout`, or with several seeds `2 ok, 1 timeout`."""
    counts = collections.Counter(map(str, statuses))
    if len(statuses) == 1 or list(counts) == ["ok"]:
        return next(iter(counts))
    return ", ".join(f"{count} {status}" for status, count in sorted(counts.items()))


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
    """Those of `columns` that have one value in all rows, with the value.

    A forcing strength that only some methods have, all of them the same, is one value too.
    """
    known = [name for name in columns if name in frame and frame[name].nunique(dropna=name == "alpha") <= 1]
    return {name: next(iter(frame[name].dropna()), None) for name in known}


def failures(cells: pd.DataFrame, limit: int = 10) -> list[str]:
    """One line per failure: which cell, its status and the reason; equal ones are counted.

    Where there would be more than `limit` lines, one per method, status and reason: their cells are in the table.
    """
    failed = cells[cells["status"] != "ok"]
    once = singular(cells, SETTINGS)
    varying = [name for name in SETTINGS if name not in once]
    reason = failed["error_message"].fillna("").astype(str).map(_brief)
    what = ": " + failed["status"].astype(str) + reason.map(lambda text: f", {text}" if text else "")
    where = labels(cells, shown=varying)
    for name in varying:
        where += cells[name].map(lambda value, name=name: "" if pd.isna(value) else f", {SYMBOLS.get(name, name)}={tidy(value)}")
    counts, unit = (where[failed.index] + what).value_counts(sort=False), "seeds"
    if len(counts) > limit:
        counts, unit = (failed["method"] + what).value_counts(sort=False), "cells"
    return [line if count == 1 else f"{line} ({count} {unit})" for line, count in counts.items()]


def _brief(reason: str) -> str:
    """A reason whole; of a log, what it is and its last line, where the error stands."""
    lines = list(filter(None, map(str.strip, reason.splitlines())))
    return " ".join(lines) if len(lines) < 3 else f"{lines[0]} … {lines[-1]}"


def tidy(value) -> str:
    """A setting as a person would write it: 0.05 and 128, never 128.0."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def _trait(name: str, value) -> str:
    if value is None or value == "" or pd.isna(value):
        return ""
    return f", {value}" if name == "path" else f", observed {value}" if name == "observed" else f", {name}={tidy(value)}"


def _flatten(tree: dict, prefix: str = "") -> dict:
    flat = {}
    for name, value in tree.items():
        if isinstance(value, dict):
            flat.update(_flatten(value, f"{prefix}{name}."))
        else:
            flat[prefix + name] = json.dumps(value) if isinstance(value, list) else value
    return flat
