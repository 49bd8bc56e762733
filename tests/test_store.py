"""Whatever has its final name is whole, nothing is written twice, and the tables hold the latest attempt of every cell."""

import json
import os
import shutil
import time

import pyarrow.parquet as pq
import pytest

import bench
from bench.errors import UserError
from bench.running import claims
from bench.storage import owner, schema, store
from bench.storage.collect import collect

DEAD = {"pid": 2**22 + 1, "started": 1.0}  # no such process: pids end at 2^22


def attempt(folder, cell, status="ok", **tables):
    return store.write(folder, cell, {"cells": [{"status": status, "T": 8}], **tables})


def test_the_latest_attempt_is_collected_and_every_attempt_stays(tmp_path):
    attempt(tmp_path, "a", "timeout")
    attempt(tmp_path, "a", "ok", runtime=[{"phase": "forward", "repetition": i, "seconds": 0.5} for i in range(3)])
    attempt(tmp_path, "b", "diverged")
    collect(tmp_path)
    cells = pq.read_table(tmp_path / "tables" / "cells.parquet").to_pandas().set_index("cell")
    assert cells["status"].to_dict() == {"a": "ok", "b": "diverged"}
    assert len(bench.load(tmp_path)["runtime"]) == 3
    assert [len(names) for names in store.attempts(tmp_path).values()] == [2, 1]


def test_collecting_again_changes_nothing_and_new_attempts_are_seen_before_collecting(tmp_path):
    attempt(tmp_path, "a")
    before = {path: path.stat().st_mtime_ns for path in collect(tmp_path).values()}
    assert {path: path.stat().st_mtime_ns for path in collect(tmp_path).values()} == before
    attempt(tmp_path, "b")
    assert sorted(bench.load(tmp_path)["cells"]["cell"]) == ["a", "b"]


def test_tables_collected_before_the_schema_grew_load_with_what_they_lack(tmp_path):
    attempt(tmp_path, "a", metrics=[{"metric": "dstsp_gmm", "value": 0.3, "floor": 0.03}])
    paths = collect(tmp_path)
    paths["orbits"].unlink()
    pq.write_table(pq.read_table(paths["metrics"]).drop_columns("noise"), paths["metrics"])
    shutil.rmtree(tmp_path / "attempts")  # as in a repository that keeps the tables of a run
    for _ in range(2):
        tables = bench.load(tmp_path)
        assert tables["metrics"]["value"].tolist() == [0.3] and tables["metrics"]["noise"].isna().all()
        assert tables["orbits"].empty and list(tables["orbits"]) == schema.TABLES["orbits"].names
        collect(tmp_path)  # makes nothing of no attempts


def test_orbits_are_collected(tmp_path):
    rows = [{"step": t, "variable": 0, "truth": 0.5, "generated": float(t)} for t in range(3)]
    attempt(tmp_path, "a", orbits=rows)
    collect(tmp_path)
    assert bench.load(tmp_path)["orbits"]["generated"].tolist() == [0.0, 1.0, 2.0]


def test_torn_attempts_are_ignored_and_swept_once_their_writer_is_dead(tmp_path):
    attempt(tmp_path, "a")
    me = owner.me()
    torn = [
        tmp_path / "attempts" / f".torn-{pid}-{started}-b-20250101T000000Z-0@{host}"
        for pid, started, host in [(DEAD["pid"], 1.0, me["host"]), (me["pid"], me["started"], me["host"]), (1, 1.0, "elsewhere")]
    ]
    for folder in torn:
        folder.mkdir()
        (folder / "cells.parquet").write_bytes(b"PAR1 half a file")
    assert list(bench.load(tmp_path)["cells"]["cell"]) == ["a"]
    store.sweep(tmp_path)
    assert [folder.exists() for folder in torn] == [False, True, True]


def test_rows_that_fit_no_table_leave_nothing(tmp_path):
    with pytest.raises(KeyError, match='table "cells" has no column colour. Known: cell, attempt'):
        store.write(tmp_path, "a", {"cells": [{"colour": "blue"}]})
    with pytest.raises(KeyError, match='table "colours": no such table. Known: cells'):
        store.write(tmp_path, "a", {"colours": [{"cell": "a"}]})
    assert not store.attempts(tmp_path)


def test_every_table_has_its_schema_even_when_empty(tmp_path):
    attempt(tmp_path, "a")
    for name, path in collect(tmp_path).items():
        found = pq.read_schema(path)
        assert found.equals(schema.TABLES[name])
        assert found.metadata[b"schema_version"] == str(schema.SCHEMA_VERSION).encode()
    row = pq.read_table(tmp_path / "tables" / "cells.parquet").to_pylist()[0]
    assert row["residual"] is None and row["T"] == 8


def test_files_of_an_older_schema_are_read_with_nulls(tmp_path):
    name = attempt(tmp_path, "a")
    path = tmp_path / "attempts" / f"a-{name}" / "cells.parquet"
    pq.write_table(pq.read_table(path).drop_columns(["isolation"]), path)
    attempt(tmp_path, "b")
    assert bench.load(tmp_path)["cells"]["isolation"].isna().all()


def test_tables_of_version_1_are_read_by_the_names_of_today(tmp_path):
    """What white noise scores was called failure, and which call of a measure timed a cell was not stored."""
    name = attempt(tmp_path, "a", metrics=[{"metric": "rmse", "value": 0.3, "noise": 1.4}])
    folder = tmp_path / "attempts" / f"a-{name}"
    before = {
        "cells": pq.read_table(folder / "cells.parquet").drop_columns(["job"]),
        "metrics": pq.read_table(folder / "metrics.parquet").rename_columns({"noise": "failure"}),
    }
    for table, rows in before.items():
        pq.write_table(rows, folder / f"{table}.parquet")
    for collected in (False, True):  # from the attempt, and as in a repository that keeps the tables of a run
        if collected:
            for table, path in collect(tmp_path).items():
                if table in before:
                    pq.write_table(before[table], path)
            shutil.rmtree(tmp_path / "attempts")
        tables = bench.load(tmp_path)
        assert tables["metrics"]["noise"].tolist() == [1.4] and "failure" not in tables["metrics"]
        assert tables["cells"]["job"].isna().all() and tables["cells"]["T"].tolist() == [8]


def test_tables_of_version_2_are_read_without_forecasts_and_prefixes(tmp_path):
    forecasts = ["forecast", "forecast_low", "forecast_high"]
    store.write(tmp_path, "a", {"cells": [{"T": 8, "forecast": 3.0}], "prefixes": [{"sequence": 0, "length": 1, "updates": 1}]})
    paths = collect(tmp_path)
    paths["prefixes"].unlink()
    pq.write_table(pq.read_table(paths["cells"]).drop_columns(forecasts), paths["cells"])
    shutil.rmtree(tmp_path / "attempts")
    tables = bench.load(tmp_path)
    assert tables["cells"][forecasts].isna().all(axis=None) and tables["cells"]["T"].tolist() == [8]
    assert tables["prefixes"].empty and list(tables["prefixes"]) == schema.TABLES["prefixes"].names


def test_a_prefix_that_is_not_solved_has_null_updates(tmp_path):
    rows = [{"sequence": 0, "length": 1, "updates": 1}, {"sequence": 0, "length": 5, "updates": None}]
    attempt(tmp_path, "a", prefixes=rows)
    found = bench.load(tmp_path)["prefixes"]
    assert found["length"].tolist() == [1, 5] and found["updates"].isna().tolist() == [False, True]


def test_a_folder_without_a_run_is_named(tmp_path):
    with pytest.raises(UserError, match="no run is stored here"):
        bench.load(tmp_path / "nowhere")


def test_a_claim_keeps_others_away_until_its_process_is_dead(tmp_path):
    mine, other = claims.Claims(tmp_path), claims.Claims(tmp_path)
    assert mine.claim("a") and mine.claim("a") and not other.claim("a")
    mine.release("a")
    assert other.claim("a")
    path = tmp_path / "running" / "b.json"
    path.write_text(json.dumps(owner.me() | DEAD | {"since_utc": ""}))
    assert not claims.held(path) and mine.claim("b") and claims.held(path)


def test_a_claim_of_another_host_lives_as_long_as_it_is_touched(tmp_path):
    path = tmp_path / "running" / "a.json"
    path.parent.mkdir()
    path.write_text(json.dumps(DEAD | {"host": "elsewhere", "since_utc": ""}))
    assert not claims.Claims(tmp_path).claim("a")
    silent = time.time() - 2 * claims.SILENT_S
    os.utime(path, (silent, silent))
    assert claims.Claims(tmp_path).claim("a")


def test_a_later_process_with_the_same_pid_is_somebody_else():
    me = owner.me()
    assert owner.alive(me) is True
    assert owner.alive(me | {"started": me["started"] - 100}) is False
    assert owner.alive(me | {"host": "elsewhere"}) is None
