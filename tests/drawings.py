"""Figures of made-up runs, each drawn once for all tests, and what stands in them."""

import functools
import importlib

import synthetic_tables as synthetic
import synthetic_trainings as trainings

from bench.showing import figures
from bench.showing.drawing import style

RUNS = synthetic.RUNS | {
    "one time": synthetic.runtime(("gtf-deer",), (3,), (100,), repeats=1),
    "one solve": synthetic.convergence((3,), (0.1,), ("pinv",), sequences=1),
    "one training": synthetic.reconstruction(("made-up-method",), seeds=1, updates=0),
}


def experiment(tables) -> dict:
    return {"name": "law", "title": "A law", "measure": tables["cells"]["measure"].iloc[0], "timeout_s": 60}


def plot(run):
    """The figure and its points, without files; of a run that is named by its name, drawn once for all tests."""
    return _plotted(run) if isinstance(run, str) else _plot(run)


def _plot(tables):
    given = experiment(tables)
    with style.context():
        return importlib.import_module(f"bench.showing.figures.{figures.BY_MEASURE[given['measure']][0]}").plot(tables, given)


@functools.cache
def _plotted(name: str):
    return _plot(RUNS[name])


def crosses(figure) -> list:
    return [line for ax in figure.get_axes() for line in ax.get_lines() if line.get_marker() == "x"]


def legend(figure) -> list[str]:
    return [text.get_text() for text in figure.legends[0].get_texts()]


def cells_in(points) -> set[str]:
    return {cell for cells in points["cells" if "cells" in points else "cell"] for cell in cells.split()}


QUALITY = {
    "fig2": synthetic.reconstruction(synthetic.SIX, 3, {("deer", 0): "diverged", ("deer", 1): "timeout"}, ("quasi-deer",)),
    "fig3a": trainings.fig3a(lost=(0, 3), seeds=4, lengths=(128, 512, 4096), orbit=40),
    "fig3b": trainings.fig3b(lost=("mamba 16", "lssm"), seeds=3, orbit=40),
    "decomposition": trainings.decomposition(lost=("schwarz-local",), seeds=3, orbit=40),
    "ecg": trainings.ecg(),
}


def drawn(figure: str, run):
    """As `plot`, by any figure; a name is one of `QUALITY`."""
    return _drawn_once(figure, run) if isinstance(run, str) else _draw(figure, run)


def _draw(figure: str, tables):
    with style.context():
        measures = tables["cells"]["measure"]
        given = {"title": "A law", "measure": "reconstruction" if measures.empty else measures.iloc[0]}
        return importlib.import_module(f"bench.showing.figures.{figure}").plot(tables, given)


@functools.cache
def _drawn_once(figure: str, name: str):
    return _draw(figure, QUALITY[name])


def said(figure) -> set[str]:
    return {text.get_text() for ax in figure.get_axes() for text in ax.texts if text.get_text()}
