"""Attempts: one folder per attempt at a cell, written once, never changed, never shared.

    DIR/attempts/<cell>-<attempt>/cells.parquet, and runtime, newton, training, metrics where there are rows
    DIR/environments/<environment>.parquet

A folder is written under a temporary name and renamed when all of it is on the disk: whatever has its final name is whole.
"""

import datetime
import os
import secrets
import shutil
from pathlib import Path

import pyarrow.parquet as pq

from bench import files, owner, schema

_TORN = ".torn-"


def new_attempt() -> str:
    """A name for an attempt; later attempts sort after earlier ones."""
    now = datetime.datetime.now(datetime.UTC)
    return f"{now:%Y%m%dT%H%M%S%f}Z-{secrets.token_hex(4)}"


def write(folder: Path, cell: str, rows: dict[str, list[dict]]) -> str:
    """Store the rows of one attempt at `cell`, table by table, and return the attempt's name."""
    attempt = new_attempt()
    keys = {"cell": cell, "attempt": attempt}
    tables = {name: schema.table(name, [keys | row for row in some]) for name, some in rows.items() if some}
    attempts = folder / "attempts"
    me = owner.me()
    torn = attempts / f"{_TORN}{me['pid']}-{me['started']}-{cell}-{attempt}@{me['host']}"
    torn.mkdir(parents=True)
    for name, table in tables.items():
        pq.write_table(table, torn / f"{name}.parquet")
        files.sync(torn / f"{name}.parquet")
    files.sync(torn)
    os.rename(torn, attempts / f"{cell}-{attempt}")
    files.sync(attempts)
    return attempt


def write_environment(folder: Path, row: dict) -> None:
    """Store one row of `environments`, named by its id; a second process that writes the same one changes nothing."""
    path = folder / "environments" / f"{row['environment']}.parquet"
    if not path.exists():
        files.replace(path, lambda temporary: pq.write_table(schema.table("environments", [row]), temporary))


def attempts(folder: Path) -> dict[str, list[str]]:
    """`cell -> attempts`, oldest first. Reads no file."""
    found: dict[str, list[str]] = {}
    try:
        names = sorted(os.listdir(folder / "attempts"))
    except FileNotFoundError:
        names = []
    for name in names:
        if not name.startswith("."):
            cell, _, attempt = name.partition("-")
            found.setdefault(cell, []).append(attempt)
    return found


def latest(folder: Path) -> dict[str, str]:
    """`cell -> its latest attempt`. Reads no file."""
    return {cell: names[-1] for cell, names in attempts(folder).items()}


def read(folder: Path, cell: str, attempt: str, table: str):
    """One table of one attempt as an arrow table; None where the attempt left no rows in it."""
    path = folder / "attempts" / f"{cell}-{attempt}" / f"{table}.parquet"
    return schema.read(path, table) if path.exists() else None


def sweep(folder: Path) -> None:
    """Remove what killed processes left unfinished; what a living process is writing stays."""
    for torn in (folder / "attempts").glob(f"{_TORN}*"):
        writer, _, host = torn.name.removeprefix(_TORN).rpartition("@")
        pid, started, _ = writer.split("-", 2)
        if owner.alive({"host": host, "pid": int(pid), "started": float(started)}) is False:
            shutil.rmtree(torn, ignore_errors=True)
