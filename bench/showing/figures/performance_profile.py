"""Performance profile: the share of cases that a method solves within a factor of the fastest method's time.

The height at factor 1 is the share of cases in which a method is the fastest, the height at the right end the share that it
solves at all. Dolan, Moré 2002, arXiv:cs/0102001.
"""

import numpy as np
import pandas as pd

from bench.showing.drawing import families, ticks
from bench.showing.drawing.band import cross_handle, crosses
from bench.showing.frames.attempts import attempts, case_names, decided, varying
from bench.showing.frames.cells import of_measure
from bench.showing.vocabulary import appearance

ALL = "all cases"


def plot(tables, experiment: dict):
    """A row of panels per problem and one for all. A failure counts as never: a method that has some ends in a cross, below 1."""
    tables = of_measure(tables, "work_precision")
    points = decided(attempts(tables))
    points = points.assign(problem=case_names(points))
    rows = points.assign(row=points["problem"].str.replace(", M=", "\nM=").replace("", ALL))
    if points["problem"].nunique() > 1:
        rows = pd.concat([rows, points.assign(row=ALL)], ignore_index=True)
    sizes = rows.groupby(["row", "label"]).size().groupby("row").max() if len(rows) else {}
    rows["row"] = rows["row"].map(lambda row: f"{row}\n({sizes[row]} cases)").astype(object)
    looks = appearance.looks(points)
    fig, grid = families.panels(rows, tables["cells"], experiment, varying(points))
    farthest = max(2.0, 1.5 * points["to_best"].max()) if points["to_best"].notna().any() else 2.0
    for panel in grid:
        _draw(panel.ax, panel.points, looks, farthest)
    ax = grid[0].ax
    ax.set_xscale("log")
    ax.set_xlim(0.97, farthest)
    ax.set_ylim(-0.04, 1.06)
    ticks.readable_log(ax.xaxis, (1, farthest), lambda value, _: f"{value:g}x", apart=0.3)
    fig.subfigs[0].supxlabel("within this factor of the time of the fastest method", fontsize=8.5)
    fig.subfigs[0].supylabel("share of cases solved", fontsize=8.5)
    failing = (points["status"] != "ok").any()
    families.legend(fig, points, [cross_handle("failed in the rest")] if failing else [])
    return fig, points


def _draw(ax, panel, looks: dict, farthest: float) -> None:
    """A staircase per method; crosses of one height stand beside each other."""
    crossed: dict[float, int] = {}
    for label in (label for label in looks if label in set(panel["label"])):
        own = panel[panel["label"] == label]
        factors = np.sort(own.loc[own["status"] == "ok", "to_best"].dropna())
        steps = np.arange(len(factors) + 1) / len(own)
        line = {"color": looks[label]["color"], "linestyle": looks[label]["linestyle"]}
        ax.step([1, *factors, farthest], [0, *steps[1:], steps[-1]], where="post", **line)
        ax.plot(factors, steps[1:], **(looks[label] | {"linestyle": "none", "markeredgewidth": 0}))
        if len(factors) < len(own):
            beside = crossed[steps[-1]] = crossed.get(steps[-1], -1) + 1
            crosses(ax, [0.95 - 0.09 * beside], [steps[-1]], line["color"], transform=ax.get_yaxis_transform())
