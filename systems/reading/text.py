"""Text files of comma separated values and their kin: which encoding they have, which separator, and which lines are rows."""

import csv
import dataclasses
import re
from pathlib import Path
from typing import Literal

from systems.reading.header import has_names, is_unnamed, without_row_numbers
from systems.reading.numbers import decimal_mark, looks_numeric, to_numbers
from systems.reading.table import SeriesError, Table

SEPARATORS = (",", ";", "\t", "|", " ")  # in order of preference; a blank stands for any number of blanks and tabs
SEEN = 200  # rows from which the separator is found
_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_COMMENT = re.compile(r"\s*#(?!N/A|NA\b)")
_EXCEL = re.compile(r'"?sep=(.)"?')
_GROUPED = re.compile(r"\s*[+-]?[1-9]\d{0,2}( \d{3})+([.,]\d+)?\s*", re.ASCII)
_PADDED = re.compile(r"\s*0\d+\s*", re.ASCII)


@dataclasses.dataclass(frozen=True)
class Format:
    """How a text file is written, as far as the user has said; the rest is found out."""

    separator: str = ""  # one character, a blank for any number of blanks; "": it is found
    decimal: Literal["auto", ".", ","] = "auto"
    header: Literal["auto", "yes", "no"] = "auto"  # whether the first row names the columns


def read_text(file: Path, given: Format) -> Table:
    """The table in a text file. Blank lines and lines that start with # are no rows; cells may stand in double quotes.

    Raises `SeriesError` for rows of different lengths, and wherever names, separators or decimal marks can be taken in two ways.
    """
    label = f'file "{file}"'
    lines = _lines(_decoded(file, label))
    if lines and (excel := _EXCEL.fullmatch(lines[0])):
        given, lines = dataclasses.replace(given, separator=given.separator or excel[1]), lines[1:]
    kept = [line for line in lines if line.strip() and not _COMMENT.match(line)]
    if not kept:
        raise SeriesError(f"{label}: no rows. A table of shape (time, variables) is wanted.")
    separator = given.separator or _separator(kept, given.decimal, label)
    rows = _rows(kept, separator, label)
    names_first = has_names(rows, given.header, label, quoted='"' in kept[0] and not any('"' in line for line in kept[1:]))
    _check_lengths(rows, separator, names_first, label)
    names, rows = (rows[0], rows[1:]) if names_first else ([str(i) for i in range(len(rows[0]))], rows)
    columns = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in names]
    while names_first and not names[-1].strip() and not any(cell.strip() for cell in columns[-1]):
        names, columns = names[:-1], columns[:-1]  # a separator at the end of every line
    if not names:
        raise SeriesError(f"{label}: no columns. A table of shape (time, variables) is wanted.")
    if len(names) == 1:
        _check_gaps(lines, label)
    if not names_first and separator == "," and given.decimal == "auto":
        _check_padding(columns, label)
    names, columns = without_row_numbers(names, columns, label) if names_first else (names, columns)
    mark = decimal_mark([cell for column in columns for cell in column], given.decimal, label)

    def numbers(i):
        if names_first and i == 0 < len(names) - 1 and is_unnamed(names[0]):
            raise SeriesError(f"{label}: the first column has no name: an index of the rows, or a variable? Give it a name.")
        return to_numbers(columns[i], mark, f'{label}: column "{names[i]}"')

    return Table(tuple(names), len(rows), numbers)


def _decoded(file: Path, label: str) -> str:
    data = file.read_bytes()
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise SeriesError(f"{label}: not text in UTF-8 ({error}). Save it as UTF-8.") from None
    if "\0" in text:
        raise SeriesError(f"{label}: not a text file, it holds zero bytes. Save it as comma separated text in UTF-8.")
    return text


def _lines(text: str) -> list[str]:
    return re.split(r"\r\n|\n|\r", text)


def _rows(lines: list[str], separator: str, label: str) -> list[list[str]]:
    if separator == " ":
        lines, separator = [re.sub(r"[ \t]+", " ", line.strip()) for line in lines], " "
    try:
        return list(csv.reader((line + "\n" for line in lines), delimiter=separator, skipinitialspace=True, strict=True))
    except csv.Error as error:
        raise SeriesError(f"{label}: not a table of separated values ({error}). Is a quotation mark missing?") from None


def _separator(lines: list[str], decimal: str, label: str) -> str:
    """The separator with which the first lines become rows of one length, and most cells are numbers."""
    found, best = "", -1.0
    for separator in SEPARATORS:
        if separator == decimal or (separator == " " and all(map(_GROUPED.fullmatch, lines[:SEEN]))):
            continue
        try:
            rows = _rows(lines[:SEEN], separator, label)
        except SeriesError:
            continue
        cells = [cell for row in rows[1:] or rows for cell in row]
        share = sum(map(looks_numeric, cells)) / len(cells)
        if len(rows[0]) > 1 and all(len(row) == len(rows[0]) for row in rows) and share > best:
            found, best = separator, share
    if found:
        return found
    used = [separator for separator in SEPARATORS[:-1] if separator != decimal]
    return max(used, key=lambda separator: sum(separator in line for line in lines[1:SEEN]))


def _check_lengths(rows: list[list[str]], separator: str, names_first: bool, label: str) -> None:
    wanted = len(rows[0])
    for i, row in enumerate(rows):
        if len(row) != wanted:
            what = "the line of names" if names_first else "the first row"
            raise SeriesError(
                f"{label}: {len(row)} cells in row {i - names_first} (counted from 0), {wanted} in {what}, separated by "
                f'"{separator}". Give every row as many cells as there are columns, each with a name; where commas stand before '
                'decimals set decimal = ",", and separator if another one is meant.'
            )


def _check_gaps(lines: list[str], label: str) -> None:
    """Raise an error for a blank line between the values of a single column, which may stand for a missing value."""
    text = [i for i, line in enumerate(lines) if line.strip() and not _COMMENT.match(line)]
    for i in range(text[0], text[-1]):
        if not lines[i].strip():
            raise SeriesError(f"{label}: line {i + 1} is blank: a missing value? Write nan there, or remove the line.")


def _check_padding(columns: list[list[str]], label: str) -> None:
    """Raise an error for cells like 05 after a comma: `3,05` may be one number with decimals, or two in columns of their own."""
    for column in columns[1:]:
        for cell in column:
            if _PADDED.fullmatch(cell):
                raise SeriesError(
                    f'{label}: "{cell}" after a comma: decimals, or a column of its own? Set decimal = "," or decimal = ".".'
                )
