"""What a run will cost is told within a factor of two by what the cells of a job took together, tried on the stored results."""

import dataclasses
import json
import math
import shutil

import pandas as pd
import pytest

from bench.measure.environment import ROOT
from bench.question import config, matrix
from bench.running import plan, prices
from bench.running.remaining import Remaining
from bench.storage import store
from bench.storage.collect import load

STORED = sorted(path.parent.name for path in (ROOT / "results").glob("*/tables"))


def stored(name):
    """An experiment as its stored results were made, the seconds that they took, and their folder."""
    folder = ROOT / "results" / name
    profile = json.loads((folder / "experiment.json").read_text())["profile"]
    experiment = config.load(name, profile)
    if name == "ecg":
        experiment = experiment.with_settings(["path=ecg_train.npy", "test_path=ecg_test.npy"])
    return experiment, load(folder)["cells"]["wall_s"].sum(), folder


# what a GPU's time was too short for is missing in its folders
@pytest.mark.parametrize("name", [name for name in STORED if name != "ecg" and not name.endswith("-gpu")])
def test_the_same_again_takes_as_long(name):
    """With other seeds, as many of each grid as it has."""
    experiment, seconds, folder = stored(name)
    cells = [dataclasses.replace(cell, seed=cell.seed + 1000) for cell in matrix.cells(experiment)]
    estimate = plan.estimate(cells, folder, experiment.name, experiment.options.isolation)
    assert estimate.unknown == 0 and estimate.missing == len(cells)
    assert seconds / 2 < estimate.seconds < 2 * seconds
    assert f"Based on cells of the same method on cpu in {folder}" in str(estimate)


@pytest.mark.parametrize("name", ["fig1a", "long", "solvers", "recipe", "decomposition", "fig1b"])
def test_each_half_of_the_jobs_tells_what_the_other_takes(name):
    folder = ROOT / "results" / name
    units = sorted(prices.finished(folder), key=lambda unit: unit.cells)
    for known, asked in ((units[::2], units[1::2]), (units[1::2], units[::2])):
        told = [(unit.seconds, prices.scaled(unit, by)[0]) for unit in asked if (by := prices.nearest(unit, known))]
        took, expected = map(sum, zip(*told, strict=True))
        assert took / 2 < expected < 2 * took


def test_a_job_costs_what_its_cells_took_together():
    units = prices.finished(ROOT / "results" / "lorenz63")
    assert [len(unit.cells) for unit in units] == [5, 5]
    assert sum(unit.seconds for unit in units) == pytest.approx(load(ROOT / "results" / "lorenz63")["cells"]["wall_s"].sum())


def _unit(work, seconds=math.nan, compile_s=math.nan, **settings):
    cells = (f"{work}{seconds}{settings}",)
    return prices.Unit(cells, "runtime", "deer", {"T": 1, "latent_dim": 3} | settings, float(work), seconds, compile_s)


def test_the_nearest_in_work_is_gone_by_and_of_those_the_most_alike():
    near, far, other, wide = _unit(8, 1.0), _unit(64, 2.0), _unit(8, 3.0, scan="associative"), _unit(10, 4.0, latent_dim=50)
    for order in ([near, far, other, wide], [wide, other, far, near]):
        assert prices.nearest(_unit(10), order) is near
        assert prices.nearest(_unit(10, scan="associative"), order) is other
        assert prices.nearest(_unit(40), order) is far
        assert prices.nearest(_unit(10, latent_dim=40), order) is wide
    assert prices.nearest(_unit(10), []) is None


@pytest.mark.parametrize(("device", "nearest"), [(None, 0), ("cpu", 0), ("gpu", 1), ("cuda", 1), ("tpu", 0)])
def test_what_was_finished_on_the_device_that_is_asked_for_goes_first(device, nearest):
    known = [dataclasses.replace(_unit(8, 1.0), device="cpu"), dataclasses.replace(_unit(64, 2.0), device="gpu")]
    assert prices.nearest(_unit(10), known, device) is known[nearest]


@pytest.mark.parametrize("device", [None, "cpu", "gpu"])
def test_an_estimate_by_another_device_is_said_to_be_a_guess(device):
    experiment, _, folder = stored("fig1a")
    cells = matrix.cells(experiment.with_seeds([1000]))
    text = str(plan.estimate(cells, folder, "fig1a", "shared", device))
    assert ("A guess: about" in text) == (device == "gpu") == ("has been finished on gpu" in text)


def test_compiling_does_not_grow_with_the_work():
    assert prices.scaled(_unit(100), _unit(10, 12.0, compile_s=0.5))[0] == pytest.approx(2 + 100)
    assert prices.scaled(_unit(100), _unit(10, 12.0, compile_s=50.0))[0] == pytest.approx(12)
    assert prices.scaled(_unit(5), _unit(10, 12.0))[0] == pytest.approx(6)


@pytest.mark.parametrize(("cached", "seconds"), [(None, 28), (False, 28), (True, 100)])
def test_what_came_compiled_from_the_cache_took_no_time_to_compile(tmp_path, cached, seconds):
    row = {"measure": "runtime", "method": "deer", "status": "ok", "T": 8, "batch": 1, "seed": 0, "isolation": "shared"}
    row |= dict.fromkeys(("measure_parameters", "system_parameters", "method_parameters"), "{}")
    store.write(tmp_path, "a", {"cells": [row | {"wall_s": 10.0, "compile_s": 2.0, "compile_cached": cached}]})
    (unit,) = prices.finished(tmp_path)
    assert prices.scaled(dataclasses.replace(unit, work=10 * unit.work), unit)[0] == pytest.approx(seconds)


def test_what_failed_says_nothing_of_the_cost(tmp_path):
    """A cell that timed out or crashed has a wall time, too."""
    rows = load(ROOT / "results" / "lorenz63")["cells"]
    folder = tmp_path / "run"
    shutil.copytree(ROOT / "results" / "lorenz63", folder)
    rows["status"] = "timeout"
    path = folder / "tables" / "cells.parquet"
    pd.DataFrame(rows).to_parquet(path)
    assert prices.finished(folder) == []


def test_remaining_time_goes_by_jobs_and_learns_from_those_that_are_over():
    cheap, dear = _unit(1), _unit(100)
    remaining = Remaining([(cheap, _unit(1, 1.0)), (dear, _unit(100, 99.0))])
    assert remaining.seconds() == pytest.approx(100)
    assert remaining.seconds(running_s=30) == pytest.approx(70)
    remaining.finished(cheap.cells[0], 2.0)  # twice as slow as was expected
    assert 100 < remaining.seconds() < 198
    remaining.finished(dear.cells[0], 198.0)
    assert remaining.seconds() == 0


def test_remaining_time_without_anything_to_go_by_is_told_after_the_first_job():
    remaining = Remaining([(_unit(1), None), (_unit(3), None)])
    assert remaining.seconds() is None
    remaining.finished(_unit(1).cells[0], 2.0)
    assert remaining.seconds() == pytest.approx(6)
