"""Parquet files that may be torn: what is wrong with one, and its rows in the columns that we know."""

import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from bench.storage.schema import FORMER_NAMES

_MAGIC = b"PAR1"


class Unreadable(Exception):
    """A file that is no whole table; the message names it and says what is wrong."""


def flaw(path: Path) -> str | None:
    """What is wrong with a file as far as its two ends show, which a cut or an overwritten one has lost; reads 12 bytes."""
    try:
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            head = file.read(4)
            file.seek(max(size - 8, 0))
            tail = file.read(8)
    except FileNotFoundError:
        return "missing"
    except OSError as error:
        return error.strerror
    if not size:
        return "empty"
    cut = tail[4:] != _MAGIC or int.from_bytes(tail[:4], "little") + 12 > size
    return "cut off or overwritten" if head != _MAGIC or cut else None


def write(path: Path, table: pa.Table) -> None:
    """Write a table with a checksum for every page, which `read` compares."""
    pq.write_table(table, path, write_page_checksum=True)


def read(path: Path, columns: pa.Schema) -> pa.Table:
    """The rows in `columns`: those that the file lacks are null, or have an older name, and others are left out."""
    if reason := flaw(path):
        raise Unreadable(f"{path}: {reason}")
    try:
        file = pq.ParquetFile(path, page_checksum_verification=True)
        present = set(file.schema_arrow.names)
        stored = {name: name if name in present else FORMER_NAMES.get(name) for name in columns.names}
        rows = file.read(columns=[name for name in stored.values() if name in present])
        count, there = file.metadata.num_rows, {name: each for name, each in stored.items() if each in present}
        arrays = [
            rows[there[each.name]].cast(each.type) if each.name in there else pa.nulls(count, each.type) for each in columns
        ]
    except (pa.ArrowException, OSError, ValueError) as error:
        raise Unreadable(f"{path}: {' '.join(str(error).split())}") from None
    return pa.Table.from_arrays(arrays, schema=columns)
