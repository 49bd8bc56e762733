"""What a cell is called in a row or a legend: its method and its data, with those settings that vary."""

from pathlib import Path

import pandas as pd

from bench.question.cell import PARAMETERS
from bench.showing.frames.cells import parameters
from bench.showing.vocabulary.numbers import is_missing, tidy
from bench.showing.vocabulary.order import SETTINGS
from bench.showing.vocabulary.symbols import symbol

EFFORT = {"repeats", "repetitions", "budget_s", "timeout_s"}  # how long a cell was measured, not what it asks


def problems(cells: pd.DataFrame) -> pd.Series:
    """The data of each cell in words: `lorenz63, observed x`, a file by its name; of the parameters those that vary."""
    flat = [parameters(text) for text in cells["system_parameters"]]
    flat = [{**own, "path": Path(own["path"]).name} if "path" in own else own for own in flat]
    table = pd.DataFrame(flat, index=cells.index, dtype=object)
    out = cells["system"].astype(object).copy()
    for _, rows in table.groupby(cells["system"]):
        named = [name for name in rows if name == "path"]
        named += [name for name in rows if name != "path" and rows[name].nunique(dropna=False) > 1]
        for name in named:
            out[rows.index] += rows[name].map(lambda value, name=name: _trait(name, value))
    return out


def labels(cells: pd.DataFrame, shown=(), within=()) -> pd.Series:
    """The method of each cell, with those settings that vary within the method and that `shown` does not name already.

    Two cells of one label are pooled, or drawn as one line: a setting that varies and is named nowhere would mix two questions.

    within  columns or series: a setting that is one wherever they are, as `T` may fix the batch, does not vary
    """
    settings = _settings(cells)
    settings = settings[[name for name in settings if name.split(".")[-1] not in shown]]
    places = [cells[each] if isinstance(each, str) else each for each in within]
    out = cells["method"].astype(object).copy()
    for _, own in settings.groupby(cells["method"]):
        for name in _varying(own, places):
            given = own.loc[own[name].notna() & own[name].ne(""), name]
            out[given.index] += given.map(lambda value, name=name: f", {symbol(name)}={tidy(value)}")
    return out


def _settings(cells: pd.DataFrame) -> pd.DataFrame:
    """Everything that was asked of each cell, a column per setting; where two parts have one of a name, the first has it."""
    table = cells[SETTINGS].astype(object)
    for column in PARAMETERS:
        flat = pd.DataFrame([parameters(text) for text in cells[column]], index=cells.index, dtype=object)
        table = table.join(flat[[name for name in flat if name not in table and name not in EFFORT]])
    return table


def _varying(settings: pd.DataFrame, places: list[pd.Series]) -> list[str]:
    """The settings with several values, or with several at some one of the `places` where there are any."""
    groups = [settings]
    if places:
        groups = [own for _, own in settings.groupby([each[settings.index] for each in places], dropna=False)]
    return [name for name in settings if any(own[name].nunique(dropna=False) > 1 for own in groups)]


def _trait(name: str, value) -> str:
    if is_missing(value) or value == "":
        return ""
    return f", {value}" if name == "path" else f", observed {value}" if name == "observed" else f", {name}={tidy(value)}"
