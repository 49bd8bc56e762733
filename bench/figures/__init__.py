"""One module per figure; each has `plot(tables, experiment) -> (matplotlib Figure, DataFrame of the plotted points)`.

A new figure is a new module here, chosen by `figure = "name"` in an experiment file.
"""

import importlib
import pkgutil
from pathlib import Path

from registry import UnknownName, suggest

BY_MEASURE = {"runtime": "fig1a", "convergence": "fig1b", "reconstruction": "reconstruction"}


def names() -> list[str]:
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if module.name != "style")


def draw(tables, experiment: dict, out: Path) -> list[Path]:
    """Save the experiment's figure as pdf, png and, as csv, the points in it; return the three paths.

    The figure is `experiment["figure"]`, or else that of its measure. Equal tables give equal files.
    """
    figure = experiment.get("figure") or BY_MEASURE.get(experiment.get("measure"))
    if figure not in names():
        measure = experiment.get("measure")
        got = f'figure "{figure}": no such figure.' if figure else f'measure "{measure}" has no figure of its own.'
        raise UnknownName(f"{got}{suggest(str(figure), names())} Set `figure` to one of: {', '.join(names())}.")

    # Only here: importing matplotlib takes half a second.
    from . import style

    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    paths = [out / f"{experiment.get('name') or figure}.{suffix}" for suffix in ("pdf", "png", "csv")]
    with style.context():
        drawn, points = importlib.import_module(f"{__name__}.{figure}").plot(tables, experiment)
        drawn.savefig(paths[0], metadata={"CreationDate": None})
        drawn.savefig(paths[1], dpi=200)
    points.to_csv(paths[2], index=False)
    return paths
