"""From attempts to tables: the latest attempt of every cell, in one parquet file per table.

    DIR/tables/<table>.parquet, and collected.json: which attempts they were made of

Thousands of small files are slow to read, so what was collected once is not read from attempts again. Tables may also outlive
their attempts, as the reference results in this repository do. While a folder has no attempt at all, its tables are the answers;
a run that adds attempts to them keeps their rows, see `keep`.
"""

import dataclasses
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bench import files
from bench.errors import UserError, say
from bench.storage import parquet, schema, store

_ANEW = "The tables are made anew from attempts; cells without one count as missing."


@dataclasses.dataclass(frozen=True)
class Collection:
    """What a folder holds: attempts by cell, those on the disk and those only `kept` in its tables.

    wanted     the attempt that answers each cell
    collected  the attempts that the tables on the disk were made of
    marked     whether there are such tables
    """

    folder: Path
    wanted: dict[str, str]
    collected: dict[str, str]
    kept: dict[str, str]
    marked: bool

    @classmethod
    def of(cls, folder) -> "Collection":
        folder = Path(folder)
        mark = files.read_json(_mark(folder)) or {}
        collected = _unharmed(folder, mark.get("attempts", {}))
        on_disk = store.attempts(folder)
        kept = mark.get("kept", {}) if on_disk else collected
        kept = {cell: attempt for cell, attempt in kept.items() if cell not in on_disk and collected.get(cell) == attempt}
        return cls(folder, kept | store.latest(folder), collected, kept, marked=bool(mark))

    @property
    def fresh(self) -> bool:
        """Whether the tables on the disk were made of exactly the attempts that are wanted."""
        return self.marked and self.wanted == self.collected

    def without_tables(self) -> "Collection":
        """What attempts alone hold."""
        wanted = {cell: attempt for cell, attempt in self.wanted.items() if cell not in self.kept}
        return dataclasses.replace(self, wanted=wanted, collected={}, kept={})

    def table(self, name: str, columns: pa.Schema | None = None) -> tuple[pa.Table, set[str]]:
        """The rows of one table, in order of their cells, and the cells whose attempt cannot be read after all.

        columns  an arrow schema with `cell` and `attempt`; by default all of the table's
        """
        columns = columns or schema.TABLES[name]
        old = _on_disk(self.folder, name, columns) if self.collected else columns.empty_table()
        if self.fresh:
            return old, set()
        new = {cell: attempt for cell, attempt in self.wanted.items() if self.collected.get(cell) != attempt}
        stays = [attempt for cell, attempt in self.wanted.items() if cell not in new]
        parts, unreadable = [old.filter(pc.is_in(old["attempt"], pa.array(stays, pa.string())))], set()
        for cell, attempt in new.items():
            try:
                parts.append(store.read(self.folder, cell, attempt, name, columns))
            except parquet.Unreadable as error:
                say(f"{error}. Left aside; its cell is answered again.")
                unreadable.add(cell)
        rows = pa.concat_tables([part for part in parts if part is not None]).combine_chunks()
        order = np.argsort(rows["cell"].to_numpy().astype(str), kind="stable")
        return rows.take(order), unreadable


def collect(folder: Path) -> dict[str, Path]:
    """Write `DIR/tables/*.parquet`. Running it again changes nothing; earlier attempts stay on the disk.

    Each file is replaced as a whole, so that a reader, or a second `collect`, never meets half a table. Attempts that cannot be
    read are set aside.
    """
    collection = Collection.of(folder)
    paths = {name: collection.folder / "tables" / f"{name}.parquet" for name in schema.TABLES}
    collection, (tables, unreadable) = _reading(collection, _gather)
    if not collection.fresh:
        _write_mark(collection, collection.kept)  # what the tables surely hold while they are replaced one by one
        for name, path in paths.items():
            files.replace(path, lambda temporary, name=name: parquet.write(temporary, tables[name]))
        _write_mark(collection, {cell: attempt for cell, attempt in collection.wanted.items() if cell not in unreadable})
        for cell in unreadable:
            store.set_aside(collection.folder, cell, collection.wanted[cell])
    return paths


def keep(folder: Path) -> None:
    """Before attempts join tables that came without theirs: write down that the rows of these tables stay."""
    collection = Collection.of(folder)
    if collection.kept:
        _write_mark(collection, collection.collected)


def load(folder) -> dict:
    """The tables of one run as pandas DataFrames, see `bench.load`."""
    collection = Collection.of(folder)
    if not collection.marked and not store.attempts(collection.folder):
        raise UserError(f"{folder}: no run is stored here. Give the folder that `pitbench run` wrote to (its --out).")
    _, (tables, _) = _reading(collection, _gather)
    return {name: table.to_pandas() for name, table in tables.items()}


def cells(folder, *names: str) -> list[dict]:
    """Some columns of `cells`, one row for each cell that has an answer; cheap, as no other table is read."""
    columns = pa.schema([schema.TABLES["cells"].field(name) for name in dict.fromkeys(("cell", "attempt", *names))])
    _, (rows, _) = _reading(Collection.of(folder), lambda collection: collection.table("cells", columns))
    return rows.to_pylist()


def _reading(collection: Collection, work) -> tuple[Collection, tuple]:
    """The collection that could be read, and what `work` made of it.

    Where the tables on the disk cannot be read, that is the collection without them.
    """
    try:
        return collection, work(collection)
    except parquet.Unreadable as error:
        say(f"{error}. {_ANEW}")
        collection = collection.without_tables()
        return collection, work(collection)


def _gather(collection: Collection) -> tuple[dict[str, pa.Table], set[str]]:
    """All tables, and the cells that are in none of them since a part of their attempt cannot be read."""
    tables, unreadable = {}, set()
    for name in schema.TABLES:
        if name == "environments":
            tables[name] = _environments(collection, tables["cells"])
        else:
            tables[name], some = collection.table(name)
            unreadable |= some
    if unreadable:
        lost = pa.array(sorted(unreadable), pa.string())
        tables = {
            name: table.filter(pc.invert(pc.is_in(table["cell"], lost))) if "cell" in table.column_names else table
            for name, table in tables.items()
        }
    return tables, unreadable


def _environments(collection: Collection, cells: pa.Table) -> pa.Table:
    """Every environment that a worker has described, and those of cells that only the tables know."""
    columns = schema.TABLES["environments"]
    old = _on_disk(collection.folder, "environments", columns) if collection.collected else columns.empty_table()
    parts = [old if collection.fresh else old.filter(pc.is_in(old["environment"], cells["environment"].combine_chunks()))]
    known = set(parts[0]["environment"].to_pylist())
    for path in sorted((collection.folder / "environments").glob("[!.]*.parquet")):
        if path.stem not in known:
            try:
                parts.append(parquet.read(path, columns))
            except parquet.Unreadable as error:
                say(f"{error}. The environment that it describes is left out.")
    return pa.concat_tables(parts)


def _mark(folder: Path) -> Path:
    return folder / "tables" / "collected.json"


def _write_mark(collection: Collection, attempts: dict[str, str]) -> None:
    mark = {"schema_version": schema.SCHEMA_VERSION, "attempts": attempts, "kept": collection.kept}
    files.replace_json(_mark(collection.folder), mark)


def _unharmed(folder: Path, collected: dict[str, str]) -> dict[str, str]:
    """`collected`, unless a table that was made of it cannot be read: then attempts are collected anew."""
    for name in schema.TABLES if collected else ():
        path = folder / "tables" / f"{name}.parquet"
        reason = parquet.flaw(path)
        if reason and (reason != "missing" or name == "cells"):  # tables made before the schema grew lack some
            say(f"{path}: {reason}. {_ANEW}")
            return {}
    return collected


def _on_disk(folder: Path, name: str, columns: pa.Schema) -> pa.Table:
    """A table as it was collected; one that was before the schema grew lacks columns, or is not there at all."""
    path = folder / "tables" / f"{name}.parquet"
    return parquet.read(path, columns) if path.exists() else columns.empty_table()
