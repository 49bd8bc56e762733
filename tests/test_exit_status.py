"""The exit status says how a run ended: 0 all answered, 1 a cell failed, 2 a mistake, 3 the budget is spent, 130 interrupted."""

import errno
import os

import pytest
from test_runner import MISBEHAVING, experiment

from advice import ADVICE
from bench import errors, files
from bench.measure.outcome import STATUSES
from bench.question import config, matrix
from bench.running import runner
from bench.storage import collect, store

pytest_plugins = ["runner_doubles"]


@pytest.fixture
def run(pitbench, tmp_path):
    """`pitbench run` of the file that `experiment` writes, into tmp_path/out."""

    def call(*arguments):
        return pitbench("run", tmp_path / "test.toml", "--plugin", MISBEHAVING, "--out", tmp_path / "out", *arguments)

    return call


@pytest.mark.parametrize("status", STATUSES)
def test_an_answer_is_0_and_a_failure_is_1(run, tmp_path, misbehaving, status):
    """Also where there is nothing to do since the cell failed in an earlier run."""
    (cell,) = matrix.cells(config.load(str(experiment(tmp_path))))
    store.write(tmp_path / "out", cell.id, {"cells": [{"status": status, "measure": "misbehave"}]})
    code, shown, _ = run()
    failed = status in ("error", "crashed", "timeout", "out_of_memory", "unavailable")
    assert code == failed and "Nothing to do" in shown
    assert ("1 of 1 cells failed: `pitbench failures" in shown) == failed
    assert (ADVICE[status] in " ".join(shown.split())) == failed


def test_statuses_of_real_runs(run, tmp_path):
    experiment(tmp_path, 'how = ["answer", "not_converged", "exit", "column"]', run="timeout_s = 60")
    code, shown, said = run("--budget", "0")
    assert code == 3 and "Budget of 0 spent: 4 cells left. The same command goes on with them." in shown
    code, shown, said = run("-w", "how=='exit'")
    assert code == 1 and "crashed" in shown and "The worker ended with exit code 3." in said
    assert run("-w", "how=='answer'")[0] == 0
    assert run("-w", "how=='not_converged'")[0] == 0
    assert run("-w", "how=='column'")[0] == 1
    assert run("-w", "how!='exit'", "-w", "how!='column'")[0] == 0  # only chosen cells count
    before = {cell: len(names) for cell, names in store.attempts(tmp_path / "out").items()}
    assert run("--rerun", "failed")[0] == 1
    again = {cell for cell, names in store.attempts(tmp_path / "out").items() if len(names) > before[cell]}
    states = {row["cell"]: row["status"] for row in collect.cells(tmp_path / "out", "status")}
    assert {states[cell] for cell in again} == {"crashed", "error"} and len(again) == 2


def test_a_method_that_is_not_available_here_is_1(run, tmp_path, monkeypatch):
    experiment(tmp_path)
    monkeypatch.setattr(runner, "reason", lambda cell: "no GPU")
    code, _, said = run()
    assert code == 1 and said.endswith(": no GPU\n")


@pytest.mark.parametrize("word", ["failed", "diverged", "all"])
def test_an_interrupted_run_is_130(run, tmp_path, misbehaving, monkeypatch, word):
    experiment(tmp_path)

    def interrupt(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr("bench.running.executors.local.Child.__init__", interrupt)
    code, shown, _ = run("--rerun", word)
    assert code == 130 and "Interrupted: 1 cells left." in shown
    monkeypatch.setattr(runner, "run", interrupt)
    assert run()[0] == 130


def _a_file(path):
    path.write_text("")


def _in_a_file(path):
    path.parent.mkdir(exist_ok=True)
    path.mkdir()
    (path / "attempts").write_text("")


@pytest.mark.parametrize("obstacle", [_a_file, _in_a_file])
def test_an_out_that_is_no_folder_is_one_line_and_2(run, tmp_path, obstacle):
    experiment(tmp_path)
    obstacle(tmp_path / "out")
    code, shown, said = run()
    assert (code, shown) == (2, "") and said.startswith("pitbench: ") and "Traceback" not in said
    assert str(tmp_path / "out") in said and len(said.splitlines()) == 1


@pytest.mark.parametrize("verb", ["status", "table", "plot", "collect", "failures"])
def test_a_file_for_a_folder_is_one_line_and_2(pitbench, tmp_path, verb):
    _a_file(tmp_path / "out")
    code, shown, said = pitbench(verb, tmp_path / "out")
    assert (code, shown) == (2, "") and said == (
        f"pitbench: {tmp_path / 'out'}: no run is stored here. Give the folder that `pitbench run` wrote to (its --out).\n"
    )


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EDQUOT, errno.EIO])
@pytest.mark.parametrize("where", ["files.replace", "storage.store.write", "running.claims.Claims._create"])
def test_what_the_system_refuses_is_one_line_and_2(run, tmp_path, misbehaving, monkeypatch, where, number):
    experiment(tmp_path, 'how = "exit"')

    def refuse(*arguments, **more):
        raise OSError(number, os.strerror(number), "a/file")

    if where != "files.replace":  # the answer of the worker is written by this process
        run("--budget", "0")
    monkeypatch.setattr(f"bench.{where}", refuse)
    code, _, said = run()
    assert code == 2 and f"pitbench: a/file: {os.strerror(number)}." in said.splitlines()[-1] and "Traceback" not in said


def test_a_folder_that_is_only_read_is_enough_where_there_is_nothing_to_do(run, tmp_path, misbehaving, monkeypatch):
    experiment(tmp_path)
    assert run()[0] == 0

    def refuse(path, write):
        raise OSError(errno.EROFS, "Read-only file system", str(path))

    monkeypatch.setattr(files, "replace", refuse)
    code, shown, _ = run()
    assert code == 0 and "Nothing to do" in shown


def test_a_refusal_names_file_reason_and_next_step():
    error = OSError(errno.ENOSPC, "No space left on device", "a/b")
    assert errors.refusal(error) == (
        "a/b: No space left on device. Make room on the disk; the same command goes on where this one ended."
    )
    assert errors.refusal(FileNotFoundError("plug-in file x.py: no such file.")) == "plug-in file x.py: no such file."
    assert errors.refusal(OSError(errno.EIO, "Input/output\nerror", None)) == "Input/output error."
