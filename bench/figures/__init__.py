"""One module per figure; each has `plot(tables, experiment) -> (matplotlib Figure, DataFrame of the plotted points)`.

A new figure is a new module here, chosen by `figure = "name"` or `figure = "name, another"` in an experiment file, or drawn for
every run of a measure.
"""

import importlib
import pkgutil
from pathlib import Path

from registry import UnknownName, suggest

BY_MEASURE = {
    "runtime": ("fig1a",),
    "work_precision": ("work_precision", "performance_profile", "time_against_length"),
    "convergence": ("fig1b",),
    "reconstruction": ("reconstruction",),
}
_ADVICE = "Set `figure` to one of these, or to several with commas between"


def names() -> list[str]:
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if module.name != "style")


def named(text: str) -> tuple[str, ...]:
    """The figures in `figure = "one, another"`, each once; an unknown one is an error that names the nearest."""
    chosen = tuple(dict.fromkeys(filter(None, map(str.strip, text.split(",")))))
    for figure in chosen:
        if figure not in names():
            raise UnknownName(f'figure "{figure}": no such figure.{suggest(figure, names())} {_ADVICE}: {", ".join(names())}.')
    return chosen


def draw(tables, experiment: dict, out: Path) -> list[Path]:
    """Save the experiment's figures, each as pdf, png and, as csv, the points in it; return the paths.

    It has the figures that `experiment["figure"]` names, or else those of its measure. They are called after the experiment and,
    where there are several, after themselves. Equal tables give equal files.
    """
    measure = experiment.get("measure")
    chosen = named(experiment.get("figure") or "") or BY_MEASURE.get(measure, ())
    if not chosen:
        raise UnknownName(f'measure "{measure}" has no figure of its own. {_ADVICE}: {", ".join(names())}.')
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    stems = {each: "-".join(filter(None, [experiment.get("name"), each if len(chosen) > 1 else None])) or each for each in chosen}
    return [path for each in chosen for path in _save(each, tables, experiment, out / stems[each])]


def _save(figure: str, tables, experiment: dict, stem: Path) -> list[Path]:
    # Only here: importing matplotlib takes half a second.
    from . import style

    paths = [stem.with_name(f"{stem.name}.{suffix}") for suffix in ("pdf", "png", "csv")]
    with style.context():
        drawn, points = importlib.import_module(f"{__name__}.{figure}").plot(tables, experiment)
        drawn.savefig(paths[0], metadata={"CreationDate": None})
        drawn.savefig(paths[1], dpi=200)
    points.to_csv(paths[2], index=False, float_format="%.7g")
    return paths
