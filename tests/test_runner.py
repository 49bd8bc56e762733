"""Whatever a measure does, its cells leave rows and the run goes on; whatever stops the run, finished cells stay.

Workers are real child processes, and starting one takes more than a second: each test makes the most of one run.
"""

import contextlib
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

import bench
from bench import files
from bench.errors import UserError
from bench.measure.outcome import STATUSES
from bench.question import config, matrix
from bench.running import needed, runner, worker
from bench.running.status import status
from bench.storage import collect, store

pytest_plugins = ["runner_doubles"]

MISBEHAVING = Path(__file__).with_name("misbehaving.py")

HEAD = 'title = "A test"\nmeasure = "misbehave"\n[fixed]\nmethod = "sequential"\nsystem = "lorenz63"\nT = 8\nbatch = 1\n'


def experiment(tmp_path, *grids, run="", head=HEAD):
    path = tmp_path / "test.toml"
    path.write_text("\n".join([head, *(f"[[grid]]\n{grid}" for grid in grids), "[run]", run]))
    return path


def run(path, out, **options):
    """Run an experiment inside this process; its worker is a child as always."""
    resolved = config.load(str(path))
    cells = matrix.cells(resolved)
    return runner.run(resolved, cells, cells, runner.Options(out=out, plugins=(str(MISBEHAVING),), **options))


@contextlib.contextmanager
def started(path, out):
    """A run in a process of its own, as the command line starts it; killed when the test is done with it."""
    command = [sys.executable, "-c", "import bench.cli; bench.cli.main()", "run", str(path), "--out", str(out)]
    process = psutil.Popen([*command, "--plugin", str(MISBEHAVING)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        for each in [*process.children(), process] if process.is_running() else []:
            each.kill()
        process.communicate()


def until(condition, timeout_s=60):
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def answered(out):
    return {(cell, name) for cell, names in store.attempts(out).items() for name in names}


def test_every_way_to_end_leaves_a_row(tmp_path, misbehaving):
    ways = "answer not_converged column memory exit segfault hang killed killed_once".split()
    grids = [f'how = {ways}\nflag = "{tmp_path / "flag"}"', 'how = "raise"\nseed = [0, 1, 2]']
    path, out = experiment(tmp_path, *grids, run="timeout_s = 5"), tmp_path / "out"
    assert run(path, out) == runner.Result(answered=12, left=0)

    tables = bench.load(out)
    cells = tables["cells"]
    cells["how"] = [row.split('"how": "')[1].split('"')[0] for row in cells["measure_parameters"]]
    once = cells[cells["how"] != "raise"].set_index("how")
    assert once["status"].to_dict() == {
        "answer": "ok",
        "not_converged": "not_converged",
        "column": "error",
        "memory": "out_of_memory",
        "exit": "crashed",
        "segfault": "crashed",
        "hang": "timeout",
        "killed": "out_of_memory",
        "killed_once": "ok",
    }
    assert cells[cells["how"] == "raise"].sort_values("seed")["status"].tolist() == ["ok", "error", "ok"]
    messages = once["error_message"]
    assert "has no column colour. Known: cell, attempt" in messages["column"]
    assert messages["exit"] == "The worker ended with exit code 3. Its last lines:\nabout to leave"
    assert "SIGSEGV (signal 11)" in messages["segfault"]
    assert messages["hang"] == "stopped after 5 s."
    assert messages["killed"].startswith("Out of memory, or killed twice from outside: The worker was ended by SIGKILL")
    assert 5 <= once["wall_s"]["hang"] < 60
    assert cells["environment"].nunique() == 1 and set(cells["environment"]) == set(tables["environments"]["environment"])
    assert set(cells["device"]) == {"cpu"} and cells["started_utc"].notna().all()
    assert once["compile_s"]["answer"] == 0.25 and len(tables["runtime"]) == 2
    assert all(len(names) == 1 for names in store.attempts(out).values())  # one killed worker is no answer, and leaves no row
    assert not list((out / "running").iterdir()) and status(out).missing == 0

    before = answered(out)
    assert run(path, out) == runner.Result(answered=0, left=0)
    assert answered(out) == before


def test_imports_are_on_no_cell_s_clock(tmp_path, misbehaving):
    """Neither the timeout nor the wall time of the first cell counts what a worker does before it can work."""
    slow = tmp_path / "slow.py"
    slow.write_text("import time\ntime.sleep(4)\nMETRICS = {}")
    path, out = experiment(tmp_path, "seed = [0, 1]", run="timeout_s = 3"), tmp_path / "out"
    resolved = config.load(str(path))
    cells = matrix.cells(resolved)
    runner.run(resolved, cells, cells, runner.Options(out=out, plugins=(str(MISBEHAVING), str(slow))))
    answers = bench.load(out)["cells"]
    assert answers["status"].tolist() == ["ok", "ok"] and answers["wall_s"].max() < 3


@pytest.mark.parametrize("flags", [None, "--xla_cpu_enable_fast_math=false"])
def test_a_worker_compiles_as_the_environment_says_and_else_by_flags_of_its_own(tmp_path, misbehaving, monkeypatch, flags):
    """And says with the numbers which: XLA knows its flags, or no row would be `ok`."""
    monkeypatch.setenv("XLA_FLAGS", flags) if flags else monkeypatch.delenv("XLA_FLAGS")
    run(experiment(tmp_path, 'how = "answer"'), tmp_path / "out")
    tables = bench.load(tmp_path / "out")
    assert tables["cells"]["status"].tolist() == ["ok"]
    (captured,) = tables["environments"]["json"]
    assert json.loads(captured)["flags"]["XLA_FLAGS"] == (flags or worker.ONE_KERNEL)


def test_killed_workers_and_killed_runners_lose_the_running_cell_alone(tmp_path, misbehaving):
    path, out = experiment(tmp_path, "seconds = 0.3\nseed = [0, 1, 2, 3, 4, 5, 6]"), tmp_path / "out"
    with started(path, out) as first:
        until(lambda: len(answered(out)) >= 1)
        first.children()[0].kill()
        until(lambda: len(answered(out)) >= 4)
        (worker,) = first.children()
        first.kill()
        before = answered(out)
        until(lambda: not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE, 5)
    assert status(out).lost
    with started(path, out) as second:
        _, errors = second.communicate(timeout=60)
    assert second.returncode == 0, errors
    assert before <= answered(out)
    cells = bench.load(out)["cells"]
    assert sorted(cells["seed"]) == list(range(7)) and set(cells["status"]) == {"ok"}
    assert not status(out).lost and not list((out / "attempts").glob(".*"))


def test_two_runners_share_the_work(tmp_path, misbehaving):
    path, out = experiment(tmp_path, "seconds = 0.4\nT = [1, 2, 3, 4]"), tmp_path / "out"
    with started(path, out) as first, started(path, out) as second:
        for process in (first, second):
            _, errors = process.communicate(timeout=60)
            assert process.returncode == 0, errors
    assert [len(names) for names in store.attempts(out).values()] == [1] * 4
    assert bench.load(out)["cells"]["status"].tolist() == ["ok"] * 4


# As in a shell's background job; what ignores it hands that on to every child.
@pytest.mark.skipif(signal.getsignal(signal.SIGINT) is signal.SIG_IGN, reason="Ctrl-C is ignored in this session")
def test_ctrl_c_ends_cleanly(tmp_path, misbehaving):
    path, out = experiment(tmp_path, 'how = ["answer", "hang"]\nseed = [0, 1]'), tmp_path / "out"
    with started(path, out) as process:
        until(lambda: len(answered(out)) == 2 and len(status(out).running) == 2)
        (worker,) = process.children()
        process.send_signal(signal.SIGINT)
        shown, errors = process.communicate(timeout=60)
    assert process.returncode == 130 and not worker.is_running()
    assert "Interrupted: 2 cells left. The same command goes on with them." in shown and "Traceback" not in errors
    assert not list((out / "running").iterdir())
    assert len(bench.load(out)["cells"]) == 2


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_an_interrupted_job_hands_over_what_it_has(tmp_path, misbehaving, name):
    if signal.getsignal(sent := signal.Signals[name]) is signal.SIG_IGN:
        pytest.skip(f"{name} is ignored in this session")
    flag, out = tmp_path / "flag", tmp_path / "out"
    path = experiment(tmp_path, f'seed = [0, 1]\nflag = "{flag}"', head=HEAD.replace("misbehave", "patient"))
    with started(path, out) as process:
        until(flag.exists)
        process.send_signal(sent)
        shown, errors = process.communicate(timeout=60)
    assert process.returncode == 130 and "Interrupted" not in shown and "Traceback" not in errors
    assert bench.load(out)["cells"]["status"].tolist() == ["ok", "ok"] and not list((out / "running").iterdir())


def test_isolated_cells_have_a_process_each(tmp_path, misbehaving):
    path, out = experiment(tmp_path, "seed = [0, 1]", run='isolation = "cell"'), tmp_path / "out"
    run(path, out)
    assert bench.load(out)["cells"]["temp_bytes"].nunique() == 2  # the test measure reports its pid there


def test_what_is_unavailable_here_is_a_row_with_the_reason(tmp_path, misbehaving, broken):
    head = HEAD.replace("sequential", "broken-method")
    assert run(experiment(tmp_path, head=head), tmp_path / "out") == runner.Result(answered=1, left=0)
    (row,) = bench.load(tmp_path / "out")["cells"].to_dict("records")
    assert (row["status"], row["error_message"]) == ("unavailable", "method broken-method: ImportError: no GPU")


def test_a_measure_that_forgets_a_cell_is_told(tmp_path, misbehaving):
    path, out = experiment(tmp_path, head=HEAD.replace("misbehave", "silent")), tmp_path / "out"
    run(path, out)
    (row,) = bench.load(out)["cells"].to_dict("records")
    assert row["error_message"] == 'measure "silent" ended without an outcome for this cell.'


def test_a_spent_budget_starts_nothing(tmp_path, misbehaving):
    result = run(experiment(tmp_path, "seed = [0, 1]"), tmp_path / "out", budget_s=0)
    assert result == runner.Result(answered=0, left=2, spent=True)


def test_a_worker_that_cannot_start_says_why(tmp_path, misbehaving):
    with pytest.raises(UserError, match="No worker could be started: The worker ended with exit code 1.*\n.*"):
        run(experiment(tmp_path, run='device = "abacus"'), tmp_path / "out")


def test_one_folder_holds_one_experiment(tmp_path, misbehaving):
    out = tmp_path / "out"
    run(experiment(tmp_path), out, budget_s=0)
    assert files.read_json(out / "experiment.json")["name"] == "test"
    other = experiment(tmp_path).rename(tmp_path / "other.toml")
    with pytest.raises(UserError, match=r'holds the experiment "test" \(misbehave\), not "other" \(misbehave\)'):
        run(other, out, budget_s=0)


def test_rerun_chooses_by_the_latest_row(tmp_path, misbehaving):
    cells = matrix.cells(config.load(str(experiment(tmp_path, "seed = [0, 1, 2, 3]"))))
    for cell, state, sha in zip(cells, ["ok", "ok", "timeout"], ["new", "old", "new"], strict=False):
        store.write(tmp_path, cell.id, {"cells": [{"status": state, "git_sha": sha}]})
    answers = {row["cell"]: row for row in collect.cells(tmp_path, "status", "git_sha")}

    def seeds(*rerun):
        return [cell.seed for cell in needed.needed(cells, answers, rerun, "new")]

    assert (seeds(), seeds("failed"), seeds("stale"), seeds("all")) == ([3], [2, 3], [1, 3], [0, 1, 2, 3])
    assert seeds("failed", "stale") == [1, 2, 3]


@pytest.mark.parametrize("status", STATUSES)
def test_each_status_is_answered_again_on_one_word_only(tmp_path, misbehaving, status):
    (cell,) = matrix.cells(config.load(str(experiment(tmp_path))))
    answers = {cell.id: {"status": status, "git_sha": "old"}}
    words = [word for word in ("failed", "diverged") if needed.needed([cell], answers, (word,), "old")]
    again = "error crashed timeout out_of_memory unavailable".split()
    assert words == ([] if status in ("ok", "skipped") else ["failed"] if status in again else ["diverged"])


@pytest.mark.parametrize(("word", "message"), [("some", "want one of failed"), ("diverge", 'Did you mean "diverged"')])
def test_other_words_for_rerun_are_refused(tmp_path, misbehaving, word, message):
    path = experiment(tmp_path)
    with pytest.raises(UserError, match=f'--rerun "{word}": .*{message}'):
        run(path, tmp_path / "out", rerun=("failed", word))
    assert not (tmp_path / "out").exists()


def test_stale_needs_a_commit_to_compare_with():
    with pytest.raises(UserError, match="PITBENCH_GIT_SHA"):
        needed.check_rerun(("stale",), None)
