"""Whatever happens to a file of a run, the rest is shown and its cell counts as missing until it is answered again."""

import os
import shutil
import warnings

import pytest

import bench
from bench import files
from bench.errors import Notice
from bench.running.status import status
from bench.storage import collect, parquet, schema, store

CELLS = ("a", "b", "c")
RUNTIME = [{"phase": "forward", "repetition": i, "seconds": 0.5} for i in range(300)]


@pytest.fixture
def folder(tmp_path):
    """A run of three cells, not yet collected."""
    files.replace_json(
        tmp_path / "experiment.json", {"name": "x", "measure": "m", "figure": "", "cells": [{"id": cell} for cell in CELLS]}
    )
    for cell in CELLS:
        store.write(tmp_path, cell, {"cells": [{"status": "ok", "T": 8}], "runtime": RUNTIME})
    return tmp_path


def _cut(size):
    def harm(path):
        os.truncate(path, size if size >= 0 else path.stat().st_size + size)

    return harm


def _overwrite(path):
    path.write_bytes(b"\0" * path.stat().st_size)


def _flip(path):
    content = bytearray(path.read_bytes())
    content[40] ^= 0xFF  # in the first page
    path.write_bytes(content)


def _tear_footer(path):
    content = bytearray(path.read_bytes())
    content[-60:-20] = b"\xff" * 40
    path.write_bytes(content)


def _text(path):
    path.write_text("cell,attempt\n")


def _folder(path):
    path.unlink()
    path.mkdir()


HARMS = {
    "empty": _cut(0),
    "4 bytes": _cut(4),
    "100 bytes": _cut(100),
    "last byte lost": _cut(-1),
    "zeros": _overwrite,
    "text": _text,
    "a folder": _folder,
}
INSIDE = {"a flipped byte": _flip, "a torn footer": _tear_footer}


def harmed(folder, cell, table):
    (attempt,) = (folder / "attempts").glob(f"{cell}-*")
    return attempt / f"{table}.parquet"


def noticed(work, *arguments):
    """What `work` gives, and the notices."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = work(*arguments)
    return result, list(dict.fromkeys(str(each.message) for each in caught if issubclass(each.category, Notice)))


@pytest.mark.parametrize("collected", [False, True], ids=["", "collected before"])
@pytest.mark.parametrize("table", ["cells", "runtime"])
@pytest.mark.parametrize("harm", HARMS.values(), ids=list(HARMS))
def test_a_harmed_attempt_is_missing_and_named(folder, harm, table, collected):
    if collected:
        collect.collect(folder)
    path = harmed(folder, "b", table)
    harm(path)
    for look in (lambda: set(store.latest(folder)), lambda: {row["cell"] for row in collect.cells(folder)}):
        found, notices = noticed(look)
        assert found == {"a", "c"} and len(notices) == 1 and str(path) in notices[0]
    state, notices = noticed(status, folder)
    assert (state.statuses, state.missing) == ({"ok": 2}, 1) and len(notices) == 1
    tables, _ = noticed(bench.load, folder)
    assert list(tables["cells"]["cell"]) == ["a", "c"] and len(tables["runtime"]) == 600
    noticed(collect.collect, folder)
    assert list(bench.load(folder)["runtime"]["cell"].unique()) == ["a", "c"]
    store.write(folder, "b", {"cells": [{"status": "ok"}]})  # as answering it again does
    tables, notices = noticed(bench.load, folder)
    assert list(tables["cells"]["cell"]) == ["a", "b", "c"] and not notices


@pytest.mark.parametrize("table", ["cells", "runtime"])
@pytest.mark.parametrize("harm", INSIDE.values(), ids=list(INSIDE))
def test_harm_that_only_reading_shows_is_set_aside_when_it_is_collected(folder, harm, table):
    path = harmed(folder, "b", table)
    harm(path)
    tables, notices = noticed(bench.load, folder)
    assert list(tables["cells"]["cell"]) == ["a", "c"] and set(tables["runtime"]["cell"]) == {"a", "c"}
    assert len(notices) == 1 and str(path) in notices[0]
    noticed(collect.collect, folder)
    assert set(store.latest(folder)) == {"a", "c"} and not noticed(bench.load, folder)[1]


def test_an_attempt_without_its_cell_or_that_is_a_file_is_missing(folder):
    harmed(folder, "a", "cells").unlink()
    shutil.rmtree(harmed(folder, "b", "cells").parent)
    (folder / "attempts" / "b-20260101").write_text("")
    (folder / "attempts" / "notes").write_text("not an attempt")
    found, notices = noticed(collect.cells, folder)
    assert [row["cell"] for row in found] == ["c"] and len(notices) == 2


def test_an_earlier_attempt_stands_in_for_a_harmed_one(folder):
    store.write(folder, "b", {"cells": [{"status": "timeout"}]})
    latest = store.latest(folder)["b"]
    _cut(100)(folder / "attempts" / f"b-{latest}" / "cells.parquet")
    for _ in range(2):
        found, _ = noticed(collect.cells, folder, "status")
        assert [row["status"] for row in found] == ["ok", "ok", "ok"]
        noticed(collect.collect, folder)


@pytest.mark.parametrize("table", ["cells", "runtime"])
@pytest.mark.parametrize("harm", (HARMS | INSIDE).values(), ids=list(HARMS | INSIDE))
def test_harmed_tables_are_made_anew_from_attempts(folder, harm, table):
    path = collect.collect(folder)[table]
    harm(path)
    tables, notices = noticed(bench.load, folder)
    assert list(tables["cells"]["cell"]) == list(CELLS) and len(tables["runtime"]) == 900
    assert len(notices) == 1 and str(path) in notices[0]
    if path.is_dir():
        path.rmdir()
    noticed(collect.collect, folder)
    assert not noticed(bench.load, folder)[1]


@pytest.mark.parametrize("harm", HARMS.values(), ids=list(HARMS))
def test_harmed_tables_without_attempts_are_missing_cells(folder, harm):
    path = collect.collect(folder)["runtime"]
    shutil.rmtree(folder / "attempts")
    harm(path)
    state, notices = noticed(status, folder)
    assert state.missing == 3 and len(notices) == 1
    assert noticed(bench.load, folder)[0]["cells"].empty


@pytest.mark.parametrize("content", ["", "{", "[]", "null", "{}", "\xff"])
@pytest.mark.parametrize("name", ["tables/collected.json", "running/a.json", "experiment.json"])
def test_harmed_json_is_as_good_as_none(folder, name, content):
    collect.collect(folder)
    (folder / "running").mkdir()
    (folder / name).write_text(content, encoding="latin-1")
    assert len(bench.load(folder)["cells"]) == 3
    if name != "experiment.json":
        assert status(folder).statuses == {"ok": 3}


def test_a_harmed_environment_is_left_out_and_written_again(folder):
    row = {"environment": "e", "hostname": "here"}
    store.write_environment(folder, row)
    path = folder / "environments" / "e.parquet"
    _cut(50)(path)
    tables, notices = noticed(bench.load, folder)
    assert tables["environments"].empty and str(path) in notices[0]
    store.write_environment(folder, row)
    assert list(bench.load(folder)["environments"]["hostname"]) == ["here"]


def test_what_is_collected_is_not_read_again(folder, monkeypatch):
    collect.collect(folder)
    store.write(folder, "d", {"cells": [{"status": "ok"}]})
    read = []
    monkeypatch.setattr(store, "read", lambda folder, cell, *rest: read.append(cell))
    collect.cells(folder, "status")
    assert read == ["d"]


def test_new_attempts_join_tables_that_came_without_theirs(folder):
    """As in a repository that keeps the tables of a run."""
    collect.collect(folder)
    shutil.rmtree(folder / "attempts")
    collect.keep(folder)
    store.write(folder, "b", {"cells": [{"status": "diverged"}]})
    for _ in range(2):
        tables = bench.load(folder)
        assert dict(zip(tables["cells"]["cell"], tables["cells"]["status"], strict=True)) == {
            "a": "ok",
            "b": "diverged",
            "c": "ok",
        }
        assert set(tables["runtime"]["cell"]) == {"a", "c"}
        collect.collect(folder)


def test_a_collector_that_dies_half_way_loses_nothing(folder, monkeypatch):
    collect.collect(folder)
    shutil.rmtree(folder / "attempts")
    collect.keep(folder)
    store.write(folder, "d", {"cells": [{"status": "ok"}]})
    with monkeypatch.context() as patched:
        replace, left = files.replace, iter([True, True, True])  # the mark and two tables
        patched.setattr(files, "replace", lambda *arguments: next(left) and replace(*arguments))
        with pytest.raises(StopIteration):
            collect.collect(folder)
    assert len(bench.load(folder)["cells"]) == 4 and len(bench.load(folder)["runtime"]) == 900


def test_environments_of_no_cell_are_dropped_with_the_rows_that_were_measured_there(folder):
    for name in ("old", "new"):
        store.write_environment(folder, {"environment": name})
        store.write(folder, "a", {"cells": [{"status": "ok", "environment": name}]})
        collect.collect(folder)
        assert name in set(bench.load(folder)["environments"]["environment"])
        shutil.rmtree(folder / "environments")
        shutil.rmtree(folder / "attempts")
        collect.keep(folder)
    assert list(bench.load(folder)["environments"]["environment"]) == ["new"]


def test_torn_names_that_are_not_ours_are_left_alone(folder):
    (folder / "attempts" / ".torn-x").mkdir()
    store.sweep(folder)
    assert (folder / "attempts" / ".torn-x").exists()


def test_whole_files_have_no_flaw(folder):
    assert not any(parquet.flaw(path) for path in folder.rglob("*.parquet"))
    assert set(schema.TABLES["cells"].names) == set(
        parquet.read(harmed(folder, "a", "cells"), schema.TABLES["cells"]).column_names
    )
