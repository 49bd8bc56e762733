"""Cells of a text file as numbers, and which mark stands before decimals; what can be read in two ways is refused."""

import contextlib
import re

import numpy as np
from jaxtyping import Float

from systems.reading.table import SeriesError

# What programs write where a value is missing, in small letters: pandas' list.
MISSING = frozenset(
    [
        "",
        "nan",
        "-nan",
        "na",
        "n/a",
        "#n/a",
        "#na",
        "#n/a n/a",
        "<na>",
        "null",
        "none",
        "1.#ind",
        "-1.#ind",
        "1.#qnan",
        "-1.#qnan",
    ]
)
TRUTH = {"true": 1.0, "false": 0.0}
_POINT = re.compile(r"[+-]?(\d+\.\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_COMMA = re.compile(r"[+-]?(\d+,\d*|,\d+)([eE][+-]?\d+)?", re.ASCII)
_GROUPED = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+", re.ASCII)


def is_missing(cell: str) -> bool:
    return cell.strip().lower() in MISSING


def is_number(cell: str, mark: str = ".") -> bool:
    """Whether a cell is a number as `mark` has it, or says that there is none."""
    try:
        _number(cell, mark)
    except ValueError:
        return False
    return True


def looks_numeric(cell: str) -> bool:
    """Whether a cell is a number with either mark, or says that there is none."""
    return is_number(cell) or is_number(cell, ",")


def decimal_mark(cells, asked: str, label: str) -> str:
    """`asked`, or the mark that all `cells` agree on; a comma that may group thousands is refused, as are both marks at once."""
    if asked != "auto":
        return asked
    stripped = [cell.strip() for cell in cells if "," in cell]
    commas = [cell for cell in stripped if _COMMA.fullmatch(cell)]
    if not commas:
        return "."
    if all(_GROUPED.fullmatch(cell) for cell in commas):
        raise SeriesError(
            f'{label}: the comma in "{commas[0]}" stands before decimals or groups thousands. '
            'Set decimal = "," for decimals; else write numbers without thousands separators.'
        )
    pointed = next((cell for cell in cells if _POINT.fullmatch(cell.strip())), None)
    if pointed is not None:
        raise SeriesError(
            f'{label}: both "{commas[0]}" and "{pointed.strip()}": a comma and a point stand before decimals. '
            "Write all numbers alike."
        )
    return ","


def to_numbers(cells, mark: str, label: str) -> Float[np.ndarray, "rows"]:
    """The values of one column, NaN where one is missing; a column of nothing but true and false is one of 1 and 0."""
    together = "".join(cells)
    if mark == "." and "_" not in together and together.isascii():
        with contextlib.suppress(ValueError):
            return np.array(list(map(float, cells)))  # as below at a fifth of the cost, where none is missing
    with contextlib.suppress(ValueError):
        return np.array([_number(cell, mark) for cell in cells])
    words = [cell.strip().lower() for cell in cells]
    if all(word in TRUTH or word in MISSING for word in words):
        return np.array([TRUTH.get(word, np.nan) for word in words])
    row = next(row for row, cell in enumerate(cells) if not is_number(cell, mark))
    raise SeriesError(f'{label} holds "{cells[row].strip()}" in row {row} (counted from 0), which is not a number.')


def _number(cell: str, mark: str) -> float:
    cell = cell.strip()
    if mark == ",":
        if "." in cell and not is_missing(cell):
            raise ValueError("a point where decimals follow a comma")
        cell = cell.replace(",", ".")
    try:
        value = float(cell)
    except ValueError:
        if is_missing(cell):
            return np.nan
        raise
    if "_" in cell or not cell.isascii():  # what Python reads and nobody means
        raise ValueError("not a plain number")
    return value
