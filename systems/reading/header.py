"""Whether the first row of a text file names the columns, and which columns merely number the rows."""

import itertools
import re
import warnings

import numpy as np

from systems.reading.numbers import is_missing, looks_numeric
from systems.reading.table import SeriesError, SeriesWarning

SEEN = 1000  # rows from which it is judged
_WHOLE = re.compile(r"\s*-?\d+\s*", re.ASCII)
_FRACTIONAL = re.compile(r"\s*[+-]?(\d+[.,]\d*|[.,]\d+|\d+(?=[eE]))([eE][+-]?\d+)?\s*", re.ASCII)
_UNNAMED = re.compile(r"\s*|Unnamed: \d+")


def has_names(rows: list[list[str]], asked: str, label: str, *, quoted: bool) -> bool:
    """Whether `rows[0]` are names of columns.

    Names that are no numbers are easily told. But pandas writes 0, 1, 2, … over columns without names, and that may be data as
    well. Where names are likelier they are taken, with a warning; else the file is refused until `header` says what is meant.

    asked   "yes", "no" or "auto"
    quoted  whether the first row, and no other, stands in quotes
    """
    if asked != "auto":
        return asked == "yes"
    first, rest = rows[0], rows[1:]
    if quoted or not all(map(looks_numeric, first)):
        return True
    if not rest or any(len(row) != len(first) for row in rest[:SEEN]):
        return False
    if len(first) > 1 and not first[0].strip() and not any(map(is_missing, first[1:])):
        index = [row[0] for row in rest]
        return numbers_rows(index) and (index[0].strip() == "0" or _counts(first[1:]))
    columns = [[cell for cell in column if not is_missing(cell)] for column in zip(*rest[:SEEN], strict=True)]
    fractional = [column for column in columns if column and all(map(_FRACTIONAL.fullmatch, column))]
    by_python = any(map(_by_python, fractional))
    if _counts(first) and (by_python or (fractional and len(first) > 2)):
        warnings.warn(f"{label}: the first row, {', '.join(first)}, is taken as names of columns.", SeriesWarning, stacklevel=2)
        return True
    unlike_the_rest = len(fractional) == len(first) and _rise(first) and (by_python or len(first) > 1)
    if not _counts(first) and not unlike_the_rest:
        return False
    raise SeriesError(
        f"{label}: the first row, {', '.join(first)}, may name the columns, as pandas does, or hold data. "
        'Set header = "yes" or header = "no".'
    )


def _counts(names: list[str]) -> bool:
    """Whether they are 0, 1, 2, …"""
    return [name.strip() for name in names] == [str(i) for i in range(len(names))]


def _rise(names: list[str]) -> bool:
    """Whether they are whole numbers that rise, as years over columns do."""
    if not all(map(_WHOLE.fullmatch, names)):
        return False
    return all(one < other for one, other in itertools.pairwise(map(int, names)))


def numbers_rows(cells: list[str]) -> bool:
    """Whether the cells of a column are whole numbers in equal steps: they count rows."""
    if not cells or not all(map(_WHOLE.fullmatch, cells)):
        return False
    steps = np.diff([int(cell) for cell in cells])
    return bool((steps == steps[0]).all() and steps[0] > 0) if len(steps) else True


def without_row_numbers(names: list[str], columns: list[list[str]], label: str) -> tuple[list[str], list[list[str]]]:
    """Names and columns without the index that `DataFrame.to_csv` writes as a first column without a name."""
    while len(names) > 1 and is_unnamed(names[0]) and numbers_rows(columns[0]):
        warnings.warn(f"{label}: the first column, which has no name and counts rows, is left out.", SeriesWarning, stacklevel=2)
        names, columns = names[1:], columns[1:]
    return names, columns


def is_unnamed(name: str) -> bool:
    """Whether this is what pandas writes over an index without a name, or what it calls that column when it reads it."""
    return bool(_UNNAMED.fullmatch(name))


def _by_python(cells: list[str]) -> bool:
    """Whether Python wrote these real numbers. It would have written 0 as 0.0, so a 0 above them is a name."""
    cells = [cell.strip() for cell in cells]
    exact = all(repr(float(cell.replace(",", "."))) == cell.replace(",", ".") for cell in cells)
    return exact and any(cell.endswith(".0") or len(_digits(cell)) > 15 for cell in cells)


def _digits(cell: str) -> str:
    """The significant digits of a number: other programs write at most 15."""
    return re.sub(r"[eE].*|\D", "", cell).lstrip("0")
