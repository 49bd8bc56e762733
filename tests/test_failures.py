"""Why a cell failed is told whole, at the end of a run, in `pitbench failures` and with the log of its worker."""

import pytest
from test_runner import experiment, run

import bench
from advice import ADVICE
from bench import files
from bench.question import config, matrix
from bench.running.status import status
from bench.showing.frames.cells import PARAMETERS
from bench.showing.tables.failures import failures as in_tables
from bench.storage import store

pytest_plugins = ["runner_doubles"]

LONG = "ValueError: " + "of all the reasons that there might be this one is the longest, " * 5 + "and here it ends"
SHORT_LOG = "It ended. Its last lines:\n\nthe only one\n"


@pytest.fixture
def shown(pitbench, tmp_path):
    """What `pitbench failures` says of a run."""
    return lambda: pitbench("failures", tmp_path / "out")[1]


def test_reasons_and_logs_are_shown_whole(tmp_path, misbehaving, shown):
    out = tmp_path / "out"
    run(experiment(tmp_path, 'how = ["exit", "column", "not_converged", "answer"]', 'how = "raise"\nseed = 1'), out)
    text = shown()
    (log,) = {path for path in (out / "logs").iterdir() if "about to leave" in path.read_text()}
    first, second, *_, last = text.split("1 crashed: Died\n")[1].split("\n\n")[0].splitlines()
    assert (first.strip(), second.strip()) == ("The worker ended with exit code 3. Its last lines:", "about to leave")
    assert last == f"  log: {log}" and "seed 1 is not liked" in text
    assert text.startswith("3 of 5 cells failed; `pitbench run` with --rerun failed tries them again.")
    assert "1 of 5 cells have another answer than ok; --rerun diverged asks them again.\n\n1 not_converged" in text
    advised = " ".join(text.rpartition("What to do next:")[2].split())
    assert {status for status, advice in ADVICE.items() if advice in advised} == {"crashed", "error", "not_converged"}


def test_long_reasons_are_wrapped_and_cells_of_one_reason_counted(tmp_path, shown):
    out = tmp_path / "out"
    row = {"status": "error", "error_type": "ValueError", "error_message": LONG, "method": "deer", "system": "x"}
    row |= {"T": 8, "log": "logs/that-was-empty.log"}
    asked = [{"id": cell} for cell in "abcdefgh"]
    files.replace_json(out / "experiment.json", {"name": "x", "measure": "m", "figure": "", "cells": asked})
    for cell in "abcdefghij":  # two of them the experiment does not ask for
        store.write(out, cell, {"cells": [row]})
    lines = shown().splitlines()
    assert " ".join(" ".join(line.split()) for line in lines).count(LONG) == 1 and max(map(len, lines)) <= 120
    assert "8 error: ValueError" in lines and "  and 3 more" in lines and "log:" not in shown()


def test_nothing_to_tell(tmp_path, misbehaving, shown):
    run(experiment(tmp_path), tmp_path / "out")
    assert shown() == "All 1 cells that have a row are ok.\n"


@pytest.mark.parametrize(
    ("message", "told"),
    [(LONG, LONG), (SHORT_LOG, "It ended. Its last lines: the only one"), ("a\nb\nc\nError: d", "a … Error: d")],
)
def test_tables_tell_reasons_whole(tmp_path, message, told):
    row = {"status": "error", "error_message": message, "method": "deer"}
    store.write(tmp_path, "a", {"cells": [row | dict.fromkeys(PARAMETERS, "{}")]})
    (line,) = in_tables(bench.load(tmp_path)["cells"])
    assert line == f"deer: error, {told}"


def test_status_counts_what_others_disturbed(tmp_path, misbehaving):
    out = tmp_path / "out"
    run(experiment(tmp_path, "seed = [0, 1]"), out, budget_s=0)
    cells = matrix.cells(config.load(str(tmp_path / "test.toml")))
    for cell, cores in zip(cells, (0.1, 1.5), strict=True):
        store.write(out, cell.id, {"cells": [{"status": "ok", "foreign_cores": cores}]})
    assert status(out).disturbed == 1 and "     1 measured while other programs took more than 0.25 of a core" in str(status(out))
