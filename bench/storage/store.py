"""Attempts: one folder per attempt at a cell, written once, never changed, never shared.

    DIR/attempts/<cell>-<attempt>/cells.parquet, and runtime, newton, training, metrics where there are rows
    DIR/environments/<environment>.parquet

A process may be killed at any moment, and what it leaves must not be taken for an answer. So a folder is written under a
temporary name, and renamed when all of it is on the disk: whatever has its final name is whole. What the disk or a person has
harmed since cannot be read, and an attempt that cannot be read counts as never made.
"""

import datetime
import os
import secrets
import shutil
from pathlib import Path

from bench import files
from bench.errors import say
from bench.storage import owner, parquet, schema

_TORN = ".torn-"
_UNREADABLE = ".unreadable-"


def new_attempt() -> str:
    """A name for an attempt; later attempts sort after earlier ones."""
    now = datetime.datetime.now(datetime.UTC)
    return f"{now:%Y%m%dT%H%M%S%f}Z-{secrets.token_hex(4)}"


def prepare(folder: Path) -> None:
    """Make the folder of attempts, and see that it can be written to before anything is measured."""
    trial = folder / "attempts" / f".trial-{os.getpid()}"
    trial.parent.mkdir(parents=True, exist_ok=True)
    trial.write_bytes(b"")
    trial.unlink()


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
        parquet.write(torn / f"{name}.parquet", table)
        files.sync(torn / f"{name}.parquet")
    files.sync(torn)
    os.rename(torn, attempts / f"{cell}-{attempt}")
    files.sync(attempts)
    return attempt


def write_environment(folder: Path, row: dict) -> None:
    """Store one row of `environments`, named by its id; a second process that writes the same one changes nothing."""
    path = folder / "environments" / f"{row['environment']}.parquet"
    if parquet.flaw(path):
        files.replace(path, lambda temporary: parquet.write(temporary, schema.table("environments", [row])))


def attempts(folder: Path) -> dict[str, list[str]]:
    """`cell -> attempts`, oldest first. Reads no file."""
    found: dict[str, list[str]] = {}
    try:
        names = sorted(os.listdir(folder / "attempts"))
    except (FileNotFoundError, NotADirectoryError):
        names = []
    for name in names:
        cell, dash, attempt = name.partition("-")
        if dash and not name.startswith("."):
            found.setdefault(cell, []).append(attempt)
    return found


def latest(folder: Path, cells=None) -> dict[str, str]:
    """`cell -> its latest attempt` whose files look whole, of all cells or of those given; the others are named."""
    names = attempts(folder)
    found = {}
    for cell in names if cells is None else names.keys() & set(cells):
        for attempt in reversed(names[cell]):
            reason = _flaw(folder / "attempts" / f"{cell}-{attempt}")
            if reason is None:
                found[cell] = attempt
                break
            say(f"{reason}. Left aside; its cell is answered again unless there is another attempt.")
    return found


def _flaw(attempt: Path) -> str | None:
    """What is wrong with the files of an attempt, as far as their ends show."""
    try:
        names = {"cells.parquet", *(name for name in os.listdir(attempt) if name.endswith(".parquet"))}
    except OSError as error:
        return f"{attempt}: {error.strerror}"
    return next((f"{attempt / name}: {reason}" for name in sorted(names) if (reason := parquet.flaw(attempt / name))), None)


def read(folder: Path, cell: str, attempt: str, table: str, columns=None):
    """One table of one attempt, or some `columns` (an arrow schema) of it; None where the attempt left no rows in it."""
    path = folder / "attempts" / f"{cell}-{attempt}" / f"{table}.parquet"
    return parquet.read(path, columns or schema.TABLES[table]) if path.exists() else None


def set_aside(folder: Path, cell: str, attempt: str) -> None:
    """Take an attempt that cannot be read out of the way, so that it counts as never made; its files stay."""
    path = folder / "attempts" / f"{cell}-{attempt}"
    try:
        path.rename(path.with_name(_UNREADABLE + path.name))
    except FileNotFoundError:
        pass  # another process was first


def sweep(folder: Path) -> None:
    """Remove what killed processes left unfinished; what a living process is writing stays."""
    for torn in (folder / "attempts").glob(f"{_TORN}*"):
        writer, _, host = torn.name.removeprefix(_TORN).rpartition("@")
        try:
            pid, started, _ = writer.split("-", 2)
            writer = {"host": host, "pid": int(pid), "started": float(started)}
        except ValueError:
            continue  # not one of ours
        if owner.alive(writer) is False:
            shutil.rmtree(torn, ignore_errors=True)
