"""Reading a user's time series from disk; every way in which that can go wrong says what to do next."""

import contextlib
import csv
import functools
import zipfile
from pathlib import Path

import numpy as np
from jaxtyping import Float

from registry import suggest
from systems.checks import column_indices

SUFFIXES = (".npy", ".npz", ".csv", ".parquet")


class SeriesError(ValueError):
    """A file that cannot be used as a series; the message says what was found, what was wanted and the next step."""


def read_series(path: str, columns: str) -> tuple[tuple[str, ...], Float[np.ndarray, "T N"]]:
    """Names and float64 values of the chosen `columns` of `path`, time first; "" chooses all.

    `columns` is comma separated: names for .csv and .parquet, 0-based numbers for .npy, .npz and a .csv without a line of names.
    An array of shape (T,) is one variable. The values are shared and read-only; a changed file is read anew. What cannot be read
    raises `SeriesError`; an unknown column raises `UnknownName`. Both are `ValueError`s.
    """
    file = Path(path).expanduser()
    if not file.is_file():
        raise SeriesError(f'file "{path}": no such file (looked in {file.resolve().parent}). Give an existing path.')
    if file.suffix.lower() not in SUFFIXES:
        near = suggest(file.suffix.lower(), SUFFIXES)
        raise SeriesError(f'file "{path}": unknown suffix "{file.suffix}".{near} Known: {", ".join(SUFFIXES)}.')
    stat = file.stat()
    return _read(file, columns, (stat.st_mtime_ns, stat.st_size))


@functools.lru_cache(maxsize=4)
def _read(file: Path, columns: str, _version):
    read = {".npy": _array, ".npz": _archive, ".csv": _csv, ".parquet": _parquet}[file.suffix.lower()]
    names, values = read(file, [name.strip() for name in columns.split(",")] if columns else [])
    values.flags.writeable = False
    return names, values


def _array(file: Path, wanted: list[str]):
    with _explained(file):
        array = np.load(file, allow_pickle=False)
    return _numeric_array(file, array, wanted)


def _archive(file: Path, wanted: list[str]):
    with _explained(file), np.load(file, allow_pickle=False) as archive:
        if len(archive.files) != 1:
            held = ", ".join(archive.files) or "none"
            raise SeriesError(f'file "{file}": one array is wanted, {len(archive.files)} are there ({held}). Save one by itself.')
        array = archive[archive.files[0]]
    return _numeric_array(file, array, wanted)


@contextlib.contextmanager
def _explained(file: Path):
    """Turns what `np.load` says of a pickled or broken file into a `SeriesError`."""
    try:
        yield
    except SeriesError:
        raise
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise SeriesError(
            f'file "{file}": not an array of numbers ({error}). Pickled objects are not read, as loading them runs code: '
            "save a float array of shape (time, variables) with np.save."
        ) from error


def _numeric_array(file: Path, array: np.ndarray, wanted: list[str]):
    if array.dtype.kind not in "iufb":
        raise SeriesError(f'file "{file}": the array holds {array.dtype}, real numbers are wanted. Save it as float64.')
    if array.ndim not in (1, 2) or 0 in array.shape[1:]:
        raise SeriesError(f'file "{file}": shape {array.shape}, wanted (time, variables) or (time,). Reshape it before saving.')
    array = array.reshape(len(array), -1)
    known = tuple(str(number) for number in range(array.shape[1]))
    chosen = column_indices(wanted, known, label=f'file "{file}"', key="columns") if wanted else list(range(len(known)))
    return tuple(known[i] for i in chosen), array[:, chosen].astype(np.float64)


def _csv(file: Path, wanted: list[str]):
    import pandas as pd

    try:
        with open(file, newline="", encoding="utf-8-sig") as lines:
            first = next(csv.reader(lines), [])
        nameless = bool(first) and all(map(_is_number, first))
        table = pd.read_csv(file, header=None if nameless else "infer", encoding="utf-8-sig", skipinitialspace=True)
    except (ValueError, OSError, csv.Error) as error:  # pandas' parser errors are ValueErrors
        raise SeriesError(f'file "{file}": not a comma separated table ({error}).') from error
    return _numeric_table(file, table.rename(columns=str), wanted)


def _parquet(file: Path, wanted: list[str]):
    import pandas as pd

    try:
        table = pd.read_parquet(file)
    except (ValueError, OSError) as error:  # pyarrow's errors are ValueErrors
        raise SeriesError(f'file "{file}": not a parquet table ({error}).') from error
    return _numeric_table(file, table.rename(columns=str), wanted)


def _numeric_table(file: Path, table, wanted: list[str]):
    from pandas.api.types import is_complex_dtype, is_numeric_dtype

    known = tuple(table.columns)
    chosen = column_indices(wanted, known, label=f'file "{file}"', key="columns") if wanted else range(len(known))
    for i in chosen:
        dtype = table.dtypes.iloc[i]
        if not is_numeric_dtype(dtype) or is_complex_dtype(dtype):
            numbers = ",".join(name for name, kind in table.dtypes.items() if is_numeric_dtype(kind))
            advice = f'Choose others, for example columns = "{numbers}".' if numbers else "Is the table comma separated?"
            raise SeriesError(f'file "{file}": column "{known[i]}" holds {dtype}, not real numbers. {advice}')
    values = [table.iloc[:, i].to_numpy(dtype=np.float64, na_value=np.nan) for i in chosen]
    if not values:
        raise SeriesError(f'file "{file}": no columns. A table of shape (time, variables) is wanted.')
    return tuple(known[i] for i in chosen), np.stack(values, axis=1)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
