"""One module per figure; each has `plot(tables, experiment) -> (matplotlib Figure, DataFrame of the plotted points)`.

A new figure is a new module here, chosen by `figure = "name"` or `figure = "name, another"` in an experiment file, or drawn for
every run of a measure.
"""

import importlib
import json
import pkgutil
from pathlib import Path

from bench.errors import UserError
from bench.measure.outcome import SKIPPED
from registry import UnknownName, suggest

BY_MEASURE = {
    "runtime": ("fig1a",),
    "work_precision": ("work_precision", "performance_profile", "time_against_length", "failures"),
    "convergence": ("fig1b",),
    "reconstruction": ("reconstruction",),
    "predictability": ("updates_against_exponent",),
}
LOOKS = "Looks"  # in the metadata of a png: by which colours and markers it was drawn
_ADVICE = "Set `figure` to one of these, or to several with commas between"


def names() -> list[str]:
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def named(text: str) -> tuple[str, ...]:
    """The figures in `figure = "one, another"`, each once; an unknown one is an error that names the nearest."""
    chosen = tuple(dict.fromkeys(filter(None, map(str.strip, text.split(",")))))
    for figure in chosen:
        if figure not in names():
            raise UnknownName(f'figure "{figure}": no such figure.{suggest(figure, names())} {_ADVICE}: {", ".join(names())}.')
    return chosen


def check(experiment) -> None:
    """Refuse an experiment, as `bench.question.config` has read it, that names a figure which does not exist."""
    try:
        named(experiment.figure)
    except UnknownName as error:
        raise UserError(f"{experiment.file}: {error}") from None


def of(experiment: dict) -> tuple[str, ...]:
    """The figures of an experiment: those that it names, or else those of its measure, or none."""
    return named(experiment.get("figure") or "") or BY_MEASURE.get(experiment.get("measure"), ())


def files(experiment: dict) -> dict[str, str]:
    """What the files of each figure are called, without a suffix: after the experiment and, of several, after themselves."""
    chosen = of(experiment)
    return {each: "-".join(filter(None, [experiment.get("name"), each if len(chosen) > 1 else None])) or each for each in chosen}


def draw(tables, experiment: dict, out: Path) -> list[Path]:
    """Save the experiment's figures, each as pdf, png and, as csv, the points in it; return the paths.

    Equal tables give equal files.
    """
    measure = experiment.get("measure")
    chosen = of(experiment)
    if not chosen:
        raise UnknownName(f'measure "{measure}" has no figure of its own. {_ADVICE}: {", ".join(names())}.')
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    stems = files(experiment)
    return [path for each in chosen for path in _save(each, tables, experiment, out / stems[each])]


def made(figure: str, tables, experiment: dict):
    """The figure in the style of all, its points as they go into the csv, and how each of its lines looks, as JSON.

    What was skipped is not drawn but named, unless the figure has a colour for it: it is no failure, and no answer.
    """
    # Only here: importing matplotlib takes half a second.
    from bench.showing.drawing import style
    from bench.showing.vocabulary import appearance

    module = importlib.import_module(f"{__name__}.{figure}")
    if not getattr(module, "SHOWS_SKIPPED", False):
        tables, experiment = _without_skipped(tables, experiment)
    with style.context():
        drawn, points = module.plot(tables, experiment)
    return drawn, points.to_csv(index=False, float_format="%.7g"), json.dumps(appearance.looks(points))


def _without_skipped(tables, experiment: dict) -> tuple[dict, dict]:
    cells = tables["cells"]
    out = cells["status"] == SKIPPED
    if not out.any():
        return tables, experiment
    counts = cells.loc[out, "method"].value_counts(sort=False)
    named = ", ".join(f"{method} ({count} of {(cells['method'] == method).sum()})" for method, count in counts.items())
    note = f"cells skipped, as their parts do not go together: {named}"
    return {**tables, "cells": cells[~out].reset_index(drop=True)}, {**experiment, "note": note}


def _save(figure: str, tables, experiment: dict, stem: Path) -> list[Path]:
    from bench.showing.drawing import style

    paths = [stem.with_name(f"{stem.name}.{suffix}") for suffix in ("pdf", "png", "csv")]
    drawn, points, looks = made(figure, tables, experiment)
    with style.context():
        drawn.savefig(paths[0], metadata={"CreationDate": None})
        drawn.savefig(paths[1], dpi=200, metadata={LOOKS: looks})
    paths[2].write_text(points, encoding="utf-8", newline="")
    return paths
