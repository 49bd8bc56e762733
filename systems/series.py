"""Reading a user's time series from disk: the right reader, the chosen columns, and errors that say what to do next."""

import csv
import functools
import hashlib
import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from registry import UnknownName, suggest
from systems.checks import check_choice
from systems.reading.arrays import read_archive, read_array
from systems.reading.parquet import read_parquet
from systems.reading.table import SeriesError as SeriesError
from systems.reading.table import SeriesWarning, Table
from systems.reading.text import Format, read_text

FOUND = Format()
SUFFIXES = (".npy", ".npz", ".csv", ".parquet")


class Series(NamedTuple):
    """The chosen columns of a file, as it was when it was read."""

    names: tuple[str, ...]
    values: Float[np.ndarray, "T N"]  # shared and read-only
    rounding: Float[np.ndarray, "N"]  # of the numbers of each column, relative to their size
    digest: str  # hash of the bytes of the file


def read_series(path: str | Path, columns: str | tuple[str, ...] = "", given: Format = FOUND) -> Series:
    """Names and float64 values of the chosen `columns` of a file, time first; "" chooses all.

    columns  names for .csv and .parquet, numbers from 0 for .npy, .npz and a .csv without names: a tuple, or a text in which
             commas separate them and names with a comma stand in double quotes, '"voltage, mV",current'
    given    how a .csv is written, as far as that is not to be found out

    An array of shape (T,) is one variable. A changed file is read anew. A file that cannot be read raises `SeriesError`, an
    unknown column raises `UnknownName`. Both are `ValueError`s.
    """
    file = Path(path).expanduser()
    if not file.is_file():
        raise SeriesError(f'file "{path}": no such file (looked in {file.resolve().parent}). Give an existing path.')
    suffix = file.suffix.lower()
    if suffix not in SUFFIXES:
        raise SeriesError(
            f'file "{path}": unknown suffix "{file.suffix}".{suggest(suffix, SUFFIXES)} Known: {", ".join(SUFFIXES)}.'
        )
    if suffix != ".csv" and given != FOUND:
        raise SeriesError(f'file "{path}": separator, decimal and header are settings of .csv files. Leave them out.')
    stat = file.stat()
    return _read(file, wanted_columns(columns), given, (stat.st_mtime_ns, stat.st_size))


def wanted_columns(columns: str | tuple[str, ...]) -> tuple[str, ...]:
    """The names in a setting `columns`; an empty tuple stands for all."""
    if not isinstance(columns, str):
        return tuple(columns)
    try:
        (names,) = csv.reader([columns], skipinitialspace=True, strict=True) if columns else [[]]
    except (csv.Error, ValueError):
        raise SeriesError(f'columns = "{columns}": want names separated by commas, \'voltage,"current, mA"\'.') from None
    return tuple(names)


@functools.lru_cache(maxsize=4)
def _read(file: Path, wanted: tuple[str, ...], given: Format, version) -> Series:
    table, digest = _opened(file, given, version)
    label = f'file "{file}"'
    if not table.names:
        raise SeriesError(f"{label}: no columns. A table of shape (time, variables) is wanted.")
    chosen = _positions(wanted, table.names, label) if wanted else range(len(table.names))
    try:
        values = np.stack([table.numbers(i) for i in chosen], axis=1)
    except SeriesError as error:
        numeric = ",".join(f'"{name}"' if "," in name else name for name in table.numeric())
        advice = f'Choose others, for example columns = "{numeric}".' if numeric else "Is the table comma separated?"
        raise SeriesError(f"{error} {advice}") from None
    if not wanted:
        _tell_of_counts(label, table.names, values)
    values.flags.writeable = False
    rounding = np.array([table.rounding(i) for i in chosen])
    return Series(tuple(table.names[i] for i in chosen), values, rounding, digest)


@functools.lru_cache(maxsize=2)
def _opened(file: Path, given: Format, _version) -> tuple[Table, str]:
    """A file as a table of all its columns, and a hash of its bytes."""
    read = {".npy": read_array, ".npz": read_archive, ".parquet": read_parquet}.get(file.suffix.lower())
    try:
        table = read(file) if read else read_text(file, given)
        with open(file, "rb") as data:
            return table, hashlib.file_digest(data, "sha256").hexdigest()[:16]
    except OSError as error:
        raise SeriesError(f'file "{file}": cannot be read ({error}).') from error


def _positions(wanted: tuple[str, ...], known: tuple[str, ...], label: str) -> list[int]:
    """The index of each of `wanted` in `known`. Blanks around a name count only where they tell two names apart."""
    positions = []
    stripped = [each.strip() for each in known]
    for name in wanted:
        matches = _all_of(name, known) or _all_of(name.strip(), stripped)
        if not matches:
            check_choice(name, known, label=label, key="columns")
        if len(matches) > 1:
            raise UnknownName(f'{label}: columns: {len(matches)} columns are called "{name}". Give each a name of its own.')
        if matches[0] in positions:
            raise UnknownName(f'{label}: columns: "{name}" is named {wanted.count(name)} times. Name it once.')
        positions += matches
    return positions


def _all_of(name: str, names) -> list[int]:
    return [i for i, each in enumerate(names) if each == name]


def _tell_of_counts(label: str, names, values: Float[np.ndarray, "T N"]) -> None:
    """Warn of a column that changes evenly from row to row: more often than a variable it is time, or counts rows."""
    if len(values) < 3:
        return
    with np.errstate(over="ignore", invalid="ignore"):
        steps = np.diff(values, axis=0)
        even = (np.abs(steps - steps[0]) <= 1e-6 * np.abs(steps[0])).all(axis=0) & (steps[0] != 0)
    for i in np.flatnonzero(even):
        warnings.warn(
            f'{label}: column "{names[i]}" changes by {steps[0, i]:g} from row to row, as time or a count of rows does. '
            "It is taken as a variable: choose others with columns if it is none.",
            SeriesWarning,
            stacklevel=2,
        )
