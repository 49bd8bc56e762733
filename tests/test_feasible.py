"""What can only fail is refused when the cells are made: by `plan` and `run` alike, with exit status 2."""

import os
import subprocess
import sys

import numpy as np
import pytest

import methods
import systems.series
from bench import cli
from bench.errors import UserError
from bench.question import config, matrix

SERIES = np.random.default_rng(0).standard_normal((1000, 3)).cumsum(axis=0)
HOLED = np.where(np.arange(1000)[:, None] == 5, np.nan, SERIES)

HEAD = """
title = "A test"
measure = "{measure}"
[fixed]
system = "file"
path = "{path}"
method = "gtf-deer"
T = 20
batch = 2
latent_dim = 5
hidden_dim = 8
updates = 3
[[grid]]
{grid}
"""


@pytest.fixture
def experiment(tmp_path):
    """`experiment(grid, rows, measure=)` -> the path of an experiment on a file that holds `rows`, an array or bytes."""

    def write(grid="", rows=SERIES, measure="reconstruction"):
        path = tmp_path / "series.npy"
        if isinstance(rows, bytes):
            path.write_bytes(rows)
        elif rows is not None:
            np.save(path, rows)
        toml = tmp_path / "recording.toml"
        toml.write_text(HEAD.format(measure=measure, path=path, grid=grid))
        return toml

    return write


def npy(rows) -> bytes:
    import io

    np.save(held := io.BytesIO(), rows)
    return held.getvalue()


FILES = {
    "missing": (None, "no such file"),
    "empty": (b"", "not an array of numbers"),
    "torn": (npy(SERIES)[:500], "not an array of numbers"),
    "without rows": (np.zeros((0, 3)), "no rows in the train split"),
    "too short to train": (SERIES[:20], "21 rows wanted, 16 rows in the train split"),
    "too short to test": (SERIES[:100], "160 rows wanted, 20 rows in the test split"),
    "on its side": (SERIES.T[:, :200], "200 variables in 3 rows"),
    "of three axes": (SERIES[None], "shape"),
    "with a gap": (HOLED, "missing or infinite values"),
    "with a constant column": (SERIES * [1, 0, 1], "cannot be standardised"),
    "of complex numbers": (SERIES + 0j, "real numbers are wanted"),
}
SETTINGS = {
    "alpha = 1.7": "alpha = 1.7",
    "alpha = -0.5": "alpha = -0.5",
    "alpha = nan": "alpha = nan",
    "latent_dim = 0": "latent_dim = 0",
    "hidden_dim = -3": "hidden_dim = -3",
    "updates = 0": "updates = 0",
    "learning_rate = -1": "learning_rate = -1",
    'tolerance = "x"': "tolerance = ",
    'method = "low-rank"\nextra_rank = -3': "extra_rank = -3",
    "warmup = 20": "warmup = 20.*less than T = 20",
    "curriculum = [[30]]": "curriculum = ",
    'method = "low-rank"\nextra_rank = 9': "rank 12",
    'method = "mamba2"\nhead_dim = 7': "head_dim = 7 does not divide",
    'method = "schwarz-local"': "batch = 2: a decomposed training",
    'method = "schwarz-local"\nbatch = 1\nwindows = 30': "T = 20: windows = 30",
    'method = "schwarz-local"\nbatch = 1\nwindows = 2\noverlap = 30': "T = 20: windows = 2",
    "slow_units = 6": "slow_units = 6: must be at most latent_dim = 5",
    'method = "mamba2"\nlatent_dim = 8\nmar_weight = 1': "no slow units",
    "rate_warmup = 3": "rate_warmup = 3",
    "repeats = 0": "repeats = 0",
    "rmse_windows = 0": "rmse_windows = 0",
    "history = 0": "history = 0",
    "lag = -1": "lag = -1",
    "orbit_steps = -1": "orbit_steps = -1",
    "train_rows = 10": "train_rows = 10, but T = 20 needs at least 21",
    "test_rows = 100": "test_rows = 100, but the scores, with history = 100, need at least 160",
    "every = 0": "every = 0",
    "dt = nan": "dt = nan",
    "noise = -1": "noise = -1",
    "test_fraction = 1.5": "test_fraction = 1.5",
    'standardise = "trian"': 'Did you mean "train"',
    'columns = "7"': 'columns = "7": no such choice',
    "batch = 0": "batch = 0",
    "seed = 2147483648": "seed = 2147483648.*below 2..31",
    "T = 4294967296": "T = 4294967296",
    "columns = 3": "columns = 3",
}
TIMED = {"repeats = 0": "repeats = 0", "budget_s = -1": "budget_s = -1", "trained_updates = 0": "trained_updates = 0",
         "trained_alpha = 2": "trained_alpha = 2", "T = 200": "201 rows wanted", "warmup = 50": "warmup = 50"}  # fmt: skip


def refused(path, message):
    with pytest.raises(UserError, match=f"^{path}: .*{message}"):
        matrix.cells(config.load(str(path)))


@pytest.mark.parametrize("case", FILES)
def test_a_file_that_cannot_serve_is_refused(experiment, case):
    rows, message = FILES[case]
    refused(experiment(rows=rows), message)


@pytest.mark.parametrize("grid", SETTINGS)
def test_a_setting_out_of_range_is_refused(experiment, grid):
    refused(experiment(grid), SETTINGS[grid])


@pytest.mark.parametrize("measure", ["runtime", "work_precision", "convergence"])
@pytest.mark.parametrize("grid", TIMED)
def test_a_setting_of_a_timed_measure_out_of_range_is_refused(experiment, measure, grid):
    if measure == "convergence" and grid.startswith(("repeats", "budget")):
        pytest.skip("it has no such setting")
    refused(experiment(grid, measure=measure), TIMED[grid])


def test_what_can_be_answered_is_left_alone(experiment):
    for grid in ("", "alpha = [0, 1]", "seed = [0, 2147483647]", 'columns = "2,0"', 'columns = [["2", "0"]]', "T = 799"):
        assert matrix.cells(config.load(str(experiment(grid))))


def test_data_with_gaps_need_a_method_that_masks_them(experiment):
    path = experiment('missing = "mask"', rows=HOLED)
    if methods.get("gtf-deer").parameters.get("missing"):
        assert matrix.cells(config.load(str(path)))
    else:
        refused(path, "values are missing. It has no way to leave them out: fill them")


@pytest.mark.parametrize("verb", ["plan", "run"])
def test_the_exit_status_of_both_verbs_is_2(experiment, verb, tmp_path, monkeypatch, capsys):
    path = experiment(rows=SERIES[:20])
    monkeypatch.setattr(sys, "argv", ["pitbench", verb, str(path), "--out", str(tmp_path / "out")])
    with pytest.raises(SystemExit) as end:
        cli.main()
    shown = capsys.readouterr()
    assert end.value.code == 2 and "16 rows in the train split" in shown.err and not (tmp_path / "out").exists()


def test_a_file_is_read_once_however_many_cells_ask_of_it(experiment, tmp_path, monkeypatch):
    paths = [tmp_path / f"{name}.npy" for name in "abcdef"]
    for path in paths:
        np.save(path, SERIES)
    read, count = systems.series.read_array, []
    monkeypatch.setattr(systems.series, "read_array", lambda file: count.append(file) or read(file))
    grid = f'columns = ["0", "1", "2,0"]\npath = {list(map(str, paths))}\nT = [10, 20]\nevery = [1, 2]'
    toml = experiment(grid + "\nrmse_steps = 5\nhistory = 5\ntest_rows = 160\ntest_fraction = 0.5")
    assert len(matrix.cells(config.load(str(toml)))) == 6 * 3 * 2 * 2
    assert sorted(count) == paths


def test_nothing_is_put_on_a_device_whose_memory_the_workers_need():
    checks = """
from jax._src import xla_bridge
from bench.question import config, matrix
for name in ("solvers", "fig3b", "decomposition", "quickstart"):
    assert matrix.cells(config.load(name))
assert not xla_bridge.backends_are_initialized()
"""
    subprocess.run([sys.executable, "-P", "-c", checks], check=True, env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)})
