"""A folder that was asked several questions: what is shown answers the last one, and nothing of the others is pooled with it."""

import dataclasses

import pytest
from typer.testing import CliRunner

import bench
import bench.cli
from bench import files
from bench.measure.outcome import Outcome
from bench.question.cell import Cell
from bench.showing import show
from bench.storage import folder, store
from bench.storage.rows import Context, rows

METRICS = {"dstsp_gmm": 0.2, "dstsp_bins": 0.1, "lyapunov_max": 0.9}


def cells(seeds, **parameters):
    return [Cell("reconstruction", "sequential", "lorenz63", 200, 16, seed=seed, method_parameters=parameters) for seed in seeds]


def ask(out, asked, score=1.0, answered=None):
    """What `pitbench run lorenz63` leaves: the cells it asked for beside the experiment, and an attempt at each."""
    described = {"name": "lorenz63", "title": "", "reproduces": "", "measure": "reconstruction", "figure": "", "profile": "cpu"}
    files.replace_json(
        out / "experiment.json", described | {"cells": [{"id": cell.id} | dataclasses.asdict(cell) for cell in asked]}
    )
    for cell in asked if answered is None else answered:
        scored = [{"metric": name, "value": score * value, "higher_is_better": False} for name, value in METRICS.items()]
        outcome = Outcome("ok", tables={"metrics": scored, "training": [{"update": 1, "loss": 0.1}]})
        store.write(out, cell.id, rows(cell, outcome, Context("lorenz63", "shared"), started=None, wall_s=1.0))


def test_cells_of_other_settings_change_no_table_and_no_verdict(tmp_path):
    ask(tmp_path, cells(range(5)))
    before = show.table(tmp_path, "text")
    assert "reproduced" in before.lower() and "5 of 5" in before and "other cell" not in before
    ask(tmp_path, cells(range(5), updates=10), score=1e3)  # --set updates=10
    assert "not reproduced" in show.table(tmp_path, "text").lower()
    ask(tmp_path, cells(range(5)), answered=[])  # the first command again: nothing to do
    after = show.table(tmp_path, "text")
    assert "5 other cells lie in" in after
    assert after.replace(folder.read(tmp_path).note + "\n\n", "") == before


@pytest.mark.parametrize("format", ["markdown", "latex", "csv"])
def test_the_other_formats_show_the_same_cells(tmp_path, format):
    ask(tmp_path, cells(range(2)))
    before = show.table(tmp_path, format)
    ask(tmp_path, cells(range(2), updates=10))
    ask(tmp_path, cells(range(2)), answered=[])
    assert show.table(tmp_path, format) == before
    result = CliRunner().invoke(bench.cli.app, ["table", str(tmp_path), "--format", format])
    assert result.stdout.strip() == before.strip() and "2 other cells" in result.stderr


def test_figures_have_the_points_of_the_last_question(tmp_path):
    ask(tmp_path, cells(range(2)))
    ask(tmp_path, cells([0], updates=10))
    csv = next(path for path in show.draw(tmp_path) if path.suffix == ".csv")
    found = csv.read_text()
    assert cells([0], updates=10)[0].id in found and cells([0])[0].id not in found


def test_all_cells_are_there_for_those_who_ask(tmp_path):
    ask(tmp_path, cells(range(2)))
    ask(tmp_path, cells([0], updates=10))
    assert len(bench.load(tmp_path)["cells"]) == 3 and len(bench.load(tmp_path, asked=True)["cells"]) == 1
    assert len(bench.load(tmp_path, asked=True)["metrics"]) == len(METRICS)


def test_tables_that_lie_alone_are_shown_whole(tmp_path):
    ask(tmp_path, cells(range(2)))
    (tmp_path / "experiment.json").unlink()
    assert len(folder.read(tmp_path).tables["cells"]) == 2 and not folder.read(tmp_path).note
