"""The table and the figures of a run."""

from pathlib import Path

from bench import files
from bench.collect import load
from bench.errors import UserError


def table(folder: Path, format: str) -> str:
    """The summary of a run as text, Markdown, LaTeX or csv; as text with what it says about the claims it tests."""
    from bench import tables, verdicts

    rows = load(folder)
    if format != "text":
        return tables.render(tables.summary(rows), format)
    experiment = files.read_json(folder / "experiment.json") or {}
    parts = [tables.text_report(rows), verdicts.text(verdicts.judged(experiment.get("name", ""), rows))]
    return "\n\n".join(filter(None, parts))


def draw(folder: Path) -> list[Path]:
    """Save the run's figures and their points in `DIR/figures`; the paths."""
    from bench import figures

    return figures.draw(load(folder), remembered(folder), folder / "figures")


def has_figure(folder: Path) -> bool:
    """Whether there is a figure for the run: measures of one's own may come without."""
    from bench import figures

    experiment = remembered(folder)
    return bool(experiment["figure"]) or experiment["measure"] in figures.BY_MEASURE


def remembered(folder: Path) -> dict:
    """The resolved experiment as it was stored beside its results."""
    path = folder / "experiment.json"
    experiment = files.read_json(path)
    if experiment and experiment.keys() >= {"name", "measure", "figure", "cells"}:
        return experiment
    if path.exists():
        raise UserError(f"{path}: cannot be read. Running the experiment again with --out {folder} writes it anew.")
    raise UserError(f"{folder}: no run is stored here. Give the folder that `pitbench run` wrote to (its --out).")
