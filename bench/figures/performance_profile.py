"""Performance profile: the share of cases that a method solves within a factor of the fastest method's time.

The height at factor 1 is the share of cases in which a method is the fastest, the height at the right end the share that it
solves at all. Dolan, Moré 2002, arXiv:cs/0102001.
"""

import numpy as np

from bench.tables.grouping import of_measure
from bench.tables.work_precision import attempts, decided, problems

from . import style
from .time_against_length import told_apart, varying

ALL = "all cases"


def plot(tables, experiment: dict):
    """One panel per problem and one for all. A failure counts as never: a method that has some ends in a cross, below 1."""
    tables = of_measure(tables, "work_precision")
    points = decided(attempts(tables))
    points = points.assign(problem=problems(points))
    looks = told_apart(style.looks(points))
    names = list(dict.fromkeys(points["problem"]))
    panels = {name or ALL: points[points["problem"] == name] for name in names} | ({ALL: points} if len(names) != 1 else {})
    fig, area = style.canvas(experiment, tables["cells"], 3.2 + 0.17 * -(-len(looks) // 4), varying(points))
    axes = area.subplots(1, len(panels), sharex=True, sharey=True, squeeze=False)[0]
    farthest = max(2.0, 1.5 * points["to_best"].max()) if points["to_best"].notna().any() else 2.0
    for ax, (title, panel) in zip(axes, panels.items(), strict=True):
        cases = panel.groupby("label").size().max() if len(panel) else 0
        ax.set_title(f"{title} ({cases})")
        _draw(ax, panel, looks, farthest)
    axes[0].set_xscale("log")
    axes[0].set_xlim(0.97, farthest)
    axes[0].set_ylim(-0.04, 1.06)
    style.readable_log(axes[0].xaxis, (1, farthest), lambda value, _: f"{value:g}x", apart=0.15)
    axes[0].set_ylabel("share of cases solved")
    area.supxlabel("within this factor of the time of the fastest method", fontsize=8.5)
    handles = [style.handle(label, look) for label, look in looks.items()]
    failing = (points["status"] != "ok").any()
    style.legend(fig, handles + ([style.cross_handle("failed in the rest (see table)")] if failing else []))
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
            style.crosses(ax, [0.97 - 0.045 * beside], [steps[-1]], line["color"], transform=ax.get_yaxis_transform())
