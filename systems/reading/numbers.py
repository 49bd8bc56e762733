"""Cells of a text file as numbers, and which mark stands before decimals. Where that can be read in two ways, it is refused."""

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
    """Whether a cell is a number with `mark` before its decimals, or says that a value is missing."""
    try:
        _number(cell, mark)
    except ValueError:
        return False
    return True


def looks_numeric(cell: str) -> bool:
    """Whether a cell is a number with either mark, or says that a value is missing."""
    return is_number(cell) or is_number(cell, ",")


def decimal_mark(cells, asked: str, label: str) -> str:
    """`asked`, or for "auto" the mark on which all `cells` agree.

    An error where the commas may group thousands, and where both marks occur.
    """
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
    """The values of one column, NaN where one is missing. In a column of true and false, these are 1 and 0."""
    together = "".join(cells)
    if mark == "." and "_" not in together and together.isascii():
        with contextlib.suppress(ValueError):
            return np.array(list(map(float, cells)))  # where no value is missing, as below at a fifth of the cost
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
    if "_" in cell or not cell.isascii():  # Python reads 1_000 as a number, but in a data file nobody means one
        raise ValueError("not a plain number")
    return value
