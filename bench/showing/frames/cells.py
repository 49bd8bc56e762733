"""The cells of a run and their parameters, as pandas frames."""

import json

import pandas as pd

from bench.measure.outcome import SKIPPED
from bench.question.cell import PARAMETERS


def of_measure(tables, measure: str) -> dict:
    """The tables with only the cells of one measure, and only the rows of those cells."""
    cells = tables["cells"]
    return _with_rows(tables, _with_device(cells[cells["measure"] == measure]))


def on_device(tables, device: str) -> dict:
    """The tables with only the cells that were answered on this kind of device, and only the rows of those cells."""
    cells = _with_device(tables["cells"])
    return tables | _with_rows(tables, cells[cells["device"] == device].reset_index(drop=True))


def _with_device(cells: pd.DataFrame) -> pd.DataFrame:
    """A cell whose process died does not know its device; where there was only one, it belongs with the others."""
    return cells.assign(device=cells["device"].dropna().iloc[0]) if cells["device"].nunique() == 1 else cells


def _with_rows(tables, cells: pd.DataFrame) -> dict:
    rest = {name: table for name, table in tables.items() if name not in ("cells", "environments")}
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
