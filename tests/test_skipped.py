"""A grid crosses parts that do not all go together: what fits is answered, the rest is skipped and says why."""

import json

import numpy as np
import pytest
import synthetic_tables as synthetic
from test_feasible import SERIES, experiment, refused  # noqa: F401  (a fixture)
from test_runner import MISBEHAVING
from test_solvers_experiment import RUNS as SOLVERS

from bench.measure.outcome import SKIPPED
from bench.question import config, matrix
from bench.question.cell import Cell
from bench.running.needed import RERUNS, needed
from bench.showing import figures, tables
from bench.storage import collect

pytest_plugins = ["runner_doubles"]

# What only some cells of a grid cannot have, and whether a cell is one of these.
CROSSED = {
    "a model and a forcing": (
        'method = ["gtf-deer", "lssm"]\nforcing = ["projected"]',
        lambda cell: cell.method == "lssm",
        "does not fit its model",
    ),
    "a training and a batch": (
        'method = ["gtf-deer", "schwarz-local"]\nwindows = 2\noverlap = 0',
        lambda cell: cell.method == "schwarz-local",
        "batch = 2: a decomposed training",
    ),
    "a length and a file": ("T = [20, 5000]", lambda cell: cell.T == 5000, "5001 rows wanted, 800 rows in the train split"),
    "a length and a warm-up": ("T = [20, 40]\nwarmup = 20", lambda cell: cell.T == 20, "warmup = 20, but it must be less"),
    "a model and its sizes": (
        "latent_dim = [5, 9]\nslow_units = 6",
        lambda cell: cell.method_parameters["latent_dim"] == 5,
        "slow_units = 6: must be at most",
    ),
    "a rank and a model": (
        'method = ["low-rank"]\nextra_rank = [0, 9]',
        lambda cell: "extra_rank" in cell.method_parameters,
        "rank 12",
    ),
    "a solver and a model": (
        'method = ["gtf-deer", "mamba2"]\nmodel = "mamba2"\nlatent_dim = 8\nhead_dim = 4',
        lambda cell: cell.method == "gtf-deer",
        "only the solver of method mamba2",
    ),
}


@pytest.mark.parametrize("case", CROSSED)
def test_what_does_not_go_together_is_marked_and_the_rest_is_left_alone(experiment, case):  # noqa: F811
    grid, hit, message = CROSSED[case]
    found = matrix.cells(config.load(str(experiment(grid))))
    assert {hit(cell) for cell in found} == {True, False}
    for cell in found:
        assert (message in cell.misfit) if hit(cell) else cell.misfit == ""


def test_data_with_gaps_are_skipped_by_the_methods_that_cannot_mask_them(experiment):  # noqa: F811
    holed = np.where(np.arange(len(SERIES))[:, None] == 5, np.nan, SERIES)
    found = matrix.cells(config.load(str(experiment('method = ["gtf-deer", "lssm"]\nmissing = "mask"', rows=holed))))
    assert ["values are missing" in cell.misfit for cell in found] == [False, True]


def test_a_file_that_cannot_be_read_is_a_mistake_also_beside_one_that_can(experiment, tmp_path):  # noqa: F811
    toml = experiment(f'path = ["{tmp_path}/series.npy", "{tmp_path}/sereis.npy"]')
    refused(toml, "no such file")


def test_the_reason_is_no_part_of_the_question(experiment):  # noqa: F811
    fits, other = matrix.cells(config.load(str(experiment("T = [20, 5000]"))))
    assert "misfit" not in fits.to_json() and fits.id == Cell.from_json(fits.to_json()).id
    read = Cell.from_json(json.loads(json.dumps(other.to_json())))
    assert (read, read.id, read.misfit) == (other, other.id, other.misfit)
    assert Cell.from_json(other.to_json() | {"misfit": ""}).id == other.id


@pytest.mark.parametrize("word", [None, *RERUNS])
def test_a_skipped_cell_is_asked_again_by_all_and_where_it_is_of_another_commit(word):
    cell = Cell("runtime", "deer", "lorenz63", T=8, batch=1, misfit="too short")
    again = needed([cell], {cell.id: {"status": SKIPPED, "git_sha": "a"}}, (word,) if word else (), "b")
    assert bool(again) == (word in ("all", "stale"))


@pytest.fixture
def crossed(tmp_path, misbehaving, monkeypatch):
    """A run of four cells of which two do not fit; what the command line says of it: `crossed(verb, *arguments)`."""
    from test_runner import experiment as write

    path = write(tmp_path, 'method = ["gtf-deer", "lssm"]\nforcing = "projected"\nseed = [0, 1]')
    return [path, "--plugin", MISBEHAVING, "--out", tmp_path / "out"], tmp_path / "out"


def test_a_run_answers_what_fits_and_tells_of_the_rest(pitbench, crossed):
    where, out = crossed
    code, shown, said = pitbench("plan", *where)
    assert code == 0 and "4 cells: 0 done, 0 failed, 2 missing, 2 skipped as their parts do not go together." in shown
    assert "2 of 4 cells are skipped" in said and "does not fit its model" in said

    code, shown, said = pitbench("run", *where)
    assert code == 0 and "2 skipped" in shown and "cells failed" not in shown and "2 of 4 cells were skipped" in shown
    rows = {row["cell"]: row for row in collect.cells(out, "status", "error_message", "method")}
    assert {(row["method"], row["status"]) for row in rows.values()} == {("gtf-deer", "ok"), ("lssm", SKIPPED)}
    assert all(("does not fit its model" in (row["error_message"] or "")) == (row["method"] == "lssm") for row in rows.values())

    assert "2 done, 0 failed, 0 missing, 2 skipped" in pitbench("plan", *where)[1]
    code, shown, _ = pitbench("run", *where, "--rerun", "failed", "--rerun", "diverged")
    assert code == 0 and shown.startswith("Nothing to do: all 4 cells have a row")
    shown = pitbench("failures", out)[1]
    assert shown.startswith("2 of 4 cells were skipped") and "does not fit its model" in shown and "  skipped: " in shown
    assert pitbench("run", *where, "-m", "lssm")[0] == 0


def skipping(made: dict, out) -> dict:
    """Made-up tables in which the cells `out` were skipped."""
    cells = made["cells"]
    rest = {name: table[~table["cell"].isin(cells.loc[out, "cell"])] for name, table in made.items() if "cell" in table}
    status, message = cells["status"].mask(out, SKIPPED), cells["error_message"].mask(out, "it does not fit")
    return made | rest | {"cells": cells.assign(status=status, error_message=message)}


MADE = {
    **{name: synthetic.RUNS[name] for name in ("runtime", "convergence", "reconstruction", "predictability")},
    "work_precision": SOLVERS["all"],
}


@pytest.mark.parametrize("measure", tables.SUMMARIES)
def test_tables_count_it_apart_and_figures_name_it(measure):
    cells = MADE[measure]["cells"]
    one = cells["method"].nunique() == 1
    made = skipping(MADE[measure], out := cells["alpha"].eq(0.0) if one else cells["method"].eq("gtf-deer"))
    frame = tables.summary(made)
    own = frame[frame["status"] == SKIPPED]
    assert len(own) and not own["failed"].any() and sum(len(ids.split()) for ids in own["cells"]) == out.sum()
    text = tables.text_report(made, None)
    assert f"{out.sum()} of {len(cells)} cells were skipped" in text and "it does not fit" in text
    assert tables.render(frame, "csv") and tables.render(frame, "latex")
    for figure in figures.BY_MEASURE[measure]:
        drawn, points, _ = figures.made(figure, made, {"measure": measure})
        told = " ".join(text.get_text() for part in drawn.subfigs for text in part.texts)
        named = f"gtf-deer ({out.sum()} of {(cells['method'] == 'gtf-deer').sum()})"
        assert (named in told.replace("\n", " ")) == (figure != "failures")
        assert figure == "failures" or one or "gtf-deer" not in points


def test_a_run_of_which_nothing_fits_has_a_table_and_a_figure_all_the_same():
    for measure, made in MADE.items():
        none = skipping(made, made["cells"]["method"].notna())
        assert "were skipped" in tables.text_report(none, None) and tables.render(tables.summary(none), "markdown")
        for figure in figures.BY_MEASURE[measure]:
            assert figures.made(figure, none, {"measure": measure})
