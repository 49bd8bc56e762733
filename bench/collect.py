"""From attempts to tables: the latest attempt of every cell, in one parquet file per table."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from bench import files, schema, store
from bench.errors import UserError


def collect(folder: Path) -> dict[str, Path]:
    """Write `DIR/tables/*.parquet`. Running it again changes nothing; earlier attempts stay on the disk.

    Each file is replaced as a whole, so that a reader, or a second `collect`, never meets half a table.
    """
    folder = Path(folder)
    latest = store.latest(folder)
    paths = {name: folder / "tables" / f"{name}.parquet" for name in schema.TABLES}
    alone = not latest and _mark(folder).exists()  # tables without the attempts that they were made of, as in a repository
    if not alone and not _fresh(folder, latest):
        tables = gather(folder, latest)
        _mark(folder).unlink(missing_ok=True)
        for name, path in paths.items():
            files.replace(path, lambda temporary, name=name: pq.write_table(tables[name], temporary))
        files.replace_json(_mark(folder), {"schema_version": schema.SCHEMA_VERSION, "attempts": latest})
    return paths


def load(folder) -> dict:
    """The tables of one run as pandas DataFrames, see `bench.load`."""
    folder = Path(folder)
    latest = store.latest(folder)
    if not latest and not _mark(folder).exists():
        raise UserError(f"{folder}: no run is stored here. Give the folder that `pitbench run` wrote to (its --out).")
    if latest and not _fresh(folder, latest):
        return {name: table.to_pandas() for name, table in gather(folder, latest).items()}
    return {name: _collected(folder / "tables" / f"{name}.parquet", name).to_pandas() for name in schema.TABLES}


def _collected(path: Path, name: str) -> pa.Table:
    """A table on the disk; one that was collected before the schema grew lacks columns, or is not there at all."""
    return schema.read(path, name) if path.exists() else schema.TABLES[name].empty_table()


def gather(folder: Path, latest: dict[str, str]) -> dict[str, pa.Table]:
    """The tables that the attempts `cell -> attempt` make."""
    tables = {}
    for name, columns in schema.TABLES.items():
        if name == "environments":
            parts = [schema.read(path, name) for path in sorted((folder / "environments").glob("[!.]*.parquet"))]
        else:
            parts = [store.read(folder, cell, attempt, name) for cell, attempt in latest.items()]
        tables[name] = pa.concat_tables([columns.empty_table(), *(part for part in parts if part is not None)])
    return tables


def _mark(folder: Path) -> Path:
    return folder / "tables" / "collected.json"


def _fresh(folder: Path, latest: dict[str, str]) -> bool:
    """Whether the tables on the disk were made of exactly these attempts."""
    return files.read_json(_mark(folder)) == {"schema_version": schema.SCHEMA_VERSION, "attempts": latest}
