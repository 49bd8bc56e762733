"""What is committed follows from what is committed: every figure in results/ from its tables, in the looks of today."""

import io
import json
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from bench import files
from bench.showing import figures
from bench.storage import folder

RESULTS = Path(__file__).resolve().parent.parent / "results"
FOLDERS = sorted(path.parent for path in RESULTS.glob("*/experiment.json"))
FIGURES = [
    pytest.param(path, figure, name, id=name)
    for path in FOLDERS
    for figure, name in figures.files(files.read_json(path / "experiment.json")).items()
]
_read = {}


def run(path):
    if path not in _read:
        _read.clear()  # the figures of a folder follow each other
        _read[path] = folder.read(path)
    return _read[path]


@pytest.mark.parametrize(("path", "figure", "name"), FIGURES)
def test_a_committed_figure_is_what_its_tables_give(path, figure, name):
    """Its points, and by which colour, marker and line each method was drawn: `pitbench plot results/...` after a change."""
    _, points, looks = figures.made(figure, run(path).tables, run(path).experiment)
    stored = path / "figures" / f"{name}.csv"
    before, now = pd.read_csv(stored), pd.read_csv(io.StringIO(points))
    pd.testing.assert_frame_equal(before, now, rtol=1e-5, check_dtype=False, obj=f"{stored}, to be drawn again,")
    with Image.open(stored.with_suffix(".png")) as picture:
        assert picture.info[figures.LOOKS] == looks, f"{picture.filename}: draw it again by `pitbench plot {path}`"
    assert all(look["color"] and look["marker"] for look in json.loads(looks).values())


@pytest.mark.parametrize("path", FOLDERS, ids=lambda path: path.name)
def test_a_folder_has_the_figures_of_its_experiment_and_no_others(path):
    names = figures.files(files.read_json(path / "experiment.json")).values()
    wanted = {f"{name}.{suffix}" for name in names for suffix in ("pdf", "png", "csv")}
    assert {file.name for file in (path / "figures").iterdir()} == wanted
