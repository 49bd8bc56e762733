"""Two runs on one machine measure one job at a time, and say so; what others do to a timed cell is recorded."""

import os
import subprocess
import sys
import time

import pandas as pd
import pytest
from synthetic_tables import Tables
from test_runner import experiment, run, started, until

import bench
from bench import errors
from bench.measure import disturbance
from bench.running import alone, claims
from bench.showing import tables

pytest_plugins = ["runner_doubles"]


@pytest.fixture
def locks(tmp_path, monkeypatch):
    monkeypatch.setenv(alone.FOLDER, str(tmp_path / "locks"))


HOLD = """
import os, sys
from bench.running import alone
os.sched_setaffinity(0, map(int, sys.argv[1:]))
machine = alone.Alone()
assert machine.take(lambda: True)
print("taken", flush=True)
sys.stdin.read()
os._exit(0)  # without giving it back, as a process that is killed
"""


@pytest.fixture
def elsewhere(locks):
    """A function that has another process, pinned to some cores, hold the machine; and one that ends it."""
    processes = []

    def hold(cores):
        command = [sys.executable, "-c", HOLD, *map(str, cores)]
        processes.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
        assert processes[-1].stdout.readline() == "taken\n"

    def end():
        while processes:
            processes.pop().communicate()

    yield hold, end
    end()


def test_the_machine_is_taken_by_one_at_a_time(elsewhere):
    hold, end = elsewhere
    cores = os.sched_getaffinity(0)
    hold(cores)
    asked = []
    assert not alone.Alone().take(lambda: asked.append(1) or len(asked) < 3) and len(asked) == 3
    end()
    mine = alone.Alone()
    assert mine.take(lambda: False)
    mine.give()


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="needs two cores")
def test_only_runs_that_share_a_core_wait_for_each_other(elsewhere, monkeypatch):
    hold, _ = elsewhere
    first, *others = sorted(os.sched_getaffinity(0))
    hold({first})
    for cores, free in ((others, True), ([first, *others], False), ([first], False)):
        monkeypatch.setattr(alone, "_cores", lambda cores=cores: cores)
        machine = alone.Alone()
        assert machine.take(lambda: False) is free
        machine.give()


def test_locks_without_a_folder_are_said_and_do_not_stop_a_run(monkeypatch):
    monkeypatch.setenv(alone.FOLDER, "/dev/null/locks")
    with pytest.warns(errors.Notice, match="/dev/null/locks: Not a directory. Going on without locks there") as said:
        assert alone.Alone().take(lambda: False)
    assert len({str(each.message) for each in said}) == 1


def test_locks_that_cannot_be_had_are_said_and_do_not_stop_a_run(tmp_path, monkeypatch):
    monkeypatch.setenv(alone.FOLDER, str(tmp_path / "locks"))
    machine = alone.Alone()

    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(alone.filelock.FileLock, "acquire", refuse)
    with pytest.warns(errors.Notice, match="Permission denied. Going on without locks there"):
        assert machine.take(lambda: False)


def test_two_runs_take_turns_and_say_so(tmp_path, misbehaving, locks):
    # long enough for the second to be there before the first has ended, on a busy machine too
    path, outs = experiment(tmp_path, "seconds = 6.0"), [tmp_path / "first", tmp_path / "second"]
    with started(path, outs[0]) as first:
        until(lambda: claims.all_claims(outs[0]))
        with started(path, outs[1]) as second:
            said = [process.communicate(timeout=120)[1] for process in (first, second)]
    assert "waiting for another run on this machine, as one job at a time is measured, since" in said[1]
    cells = pd.concat([bench.load(out)["cells"] for out in outs]).sort_values("started_utc")
    ended = cells["started_utc"] + pd.to_timedelta(cells["wall_s"], unit="s")
    assert (ended.iloc[:-1].to_numpy() <= cells["started_utc"].iloc[1:].to_numpy()).all()
    assert len(cells) == 2 and set(cells["status"]) == {"ok"}


def test_a_budget_ends_the_waiting(tmp_path, misbehaving, elsewhere):
    hold, _ = elsewhere
    hold(os.sched_getaffinity(0))
    began = time.monotonic()
    result = run(experiment(tmp_path), tmp_path / "out", budget_s=1.0)
    assert (result.answered, result.left, result.spent) == (0, 1, True) and 1.0 <= time.monotonic() - began < 10


BUSY = "import time\nend = time.monotonic() + 60\nwhile time.monotonic() < end: pass"


def test_work_of_others_is_told_from_ours():
    other = subprocess.Popen([sys.executable, "-c", BUSY])
    try:
        time.sleep(0.3)
        foreign = disturbance.Foreign()
        assert foreign.cores() is None  # too short a time to say anything
        time.sleep(2.0)
        assert foreign.cores() > 0.5
    finally:
        other.kill()
        other.wait()


def test_programs_that_we_call_are_ours():
    foreign = disturbance.Foreign()
    subprocess.run([sys.executable, "-c", BUSY.replace("60", "1.5")], check=True)
    _, _, own = (now - then for now, then in zip(disturbance._sample(), foreign._since, strict=True))
    assert own > 0.3  # of 1.5 s, on a busy machine


def test_our_own_work_is_not_foreign(monkeypatch):
    at = iter([(0.0, 100.0, 10.0), (2.0, 103.0, 13.0), (2.0, 103.5, 12.0)])
    monkeypatch.setattr(disturbance, "_sample", lambda: next(at))
    foreign = disturbance.Foreign()
    assert foreign.cores() == 0.0 and foreign.cores() == pytest.approx(0.75)


def test_every_cell_has_its_load(tmp_path, misbehaving):
    run(experiment(tmp_path, "seconds = 1.2\nseed = [0, 1]"), tmp_path / "out")
    cells = bench.load(tmp_path / "out")["cells"]
    assert cells["load_1m"].notna().all() and (cells["foreign_cores"] >= 0).all()


def test_rows_that_others_disturbed_are_marked():
    made = Tables()
    for method, cores in (("deer", 0.1), ("deer", 1.5), ("gtf-deer", 0.3), ("sequential", None)):
        cell = made.cell("runtime", method, foreign_cores=cores, seed=len(made._rows["cells"]))
        made.add("runtime", cell, phase="forward", repetition=[0, 1], seconds=[0.1, 0.2])
    frames = made.frames()
    assert disturbance.disturbed(frames["cells"]).tolist() == [False, True, True, False]
    frame = tables.summary(frames).set_index("method")
    assert frame["disturbed"].to_dict() == {"deer": 1, "gtf-deer": 1, "sequential": 0}
    assert "2 of 4 cells were measured while other programs kept more than 0.25 of a core busy" in tables.text_report(frames)
