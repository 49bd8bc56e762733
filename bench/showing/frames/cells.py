"""The cells of a run and their parameters, as pandas frames."""

import json

import pandas as pd

from bench.measure.outcome import SKIPPED
from bench.question.cell import PARAMETERS


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


def _flatten(tree: dict, prefix: str = "") -> dict:
    flat = {}
    for name, value in tree.items():
        if isinstance(value, dict):
            flat.update(_flatten(value, f"{prefix}{name}."))
        else:
            flat[prefix + name] = json.dumps(value) if isinstance(value, list) else value
    return flat


def failed(statuses: pd.Series) -> pd.Series:
    """Which statuses are failures in a table or a figure: all but those of answers and of cells that were never asked."""
    return ~statuses.isin(["ok", SKIPPED])
