"""Series in numpy's own formats, .npy and .npz: real numbers of shape (time, variables) or (time,)."""

import contextlib
import zipfile
from pathlib import Path

import numpy as np

from systems.reading.table import SeriesError, Table, rounding_of

MANY = 50  # an array with more variables than this, and more than it has rows, was saved with its axes swapped


def read_array(file: Path) -> Table:
    """The one array of a .npy file."""
    with _explained(file):
        array = np.load(file, allow_pickle=False)
    if not isinstance(array, np.ndarray):
        raise SeriesError(f'file "{file}": an archive of arrays that is named as one array. Call it {file.stem}.npz.')
    return _table(file, array)


def read_archive(file: Path) -> Table:
    """The one array of a .npz file."""
    with _explained(file), np.load(file, allow_pickle=False) as archive:
        if not isinstance(archive, np.lib.npyio.NpzFile):
            raise SeriesError(f'file "{file}": one array that is named as an archive. Call it {file.stem}.npy.')
        if len(archive.files) != 1:
            held = ", ".join(archive.files) or "none"
            raise SeriesError(f'file "{file}": one array is wanted, {len(archive.files)} are there ({held}). Save one by itself.')
        array = archive[archive.files[0]]
    return _table(file, array)


@contextlib.contextmanager
def _explained(file: Path):
    """Turn the errors of `np.load` for a pickled or broken file into a `SeriesError`."""
    try:
        yield
    except SeriesError:
        raise
    except (ValueError, TypeError, OSError, EOFError, SyntaxError, zipfile.BadZipFile, zipfile.zlib.error) as error:
        raise SeriesError(
            f'file "{file}": not an array of numbers ({error}). Pickled objects are not read, as loading them runs code: '
            "save a float array of shape (time, variables) with np.save."
        ) from error


def _table(file: Path, array: np.ndarray) -> Table:
    if array.dtype.names:
        held = ", ".join(array.dtype.names)
        raise SeriesError(
            f'file "{file}": a structured array with the fields {held}, real numbers are wanted. '
            "Save numpy.lib.recfunctions.structured_to_unstructured of it."
        )
    if array.dtype.kind not in "iufb":
        raise SeriesError(f'file "{file}": the array holds {array.dtype}, real numbers are wanted. Save it as float64.')
    if array.ndim not in (1, 2) or 0 in array.shape[1:]:
        raise SeriesError(f'file "{file}": shape {array.shape}, wanted (time, variables) or (time,). Reshape it before saving.')
    array = array[:, None] if array.ndim == 1 else array
    rows, variables = array.shape
    if variables > max(rows, MANY):
        raise SeriesError(f'file "{file}": {variables} variables in {rows} rows: time comes first. Save its transpose.')
    return Table(
        tuple(map(str, range(variables))), rows, lambda i: array[:, i].astype(np.float64), lambda i: rounding_of(array.dtype)
    )
