"""Panels by family of methods, as the lines of twenty in one panel cannot be told apart; the step-by-step methods are in each."""

import dataclasses

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from bench.showing.drawing import style
from bench.showing.drawing.band import FailureBand
from bench.showing.vocabulary import appearance


@dataclasses.dataclass(frozen=True)
class Panel:
    """One family in one row: where, what of the points, and the labels of which some case failed, over all rows."""

    ax: Axes
    points: object
    failing: list[str]
    row: int
    column: int
    last: bool  # of its row


def panels(points, cells, experiment: dict, shown, row_height: float = 1.35):
    """The figure and its panels: a row for each value of the column `row` of the points, a column per family."""
    rows, columns = list(dict.fromkeys(points["row"])) or [""], families(points)
    deepest = max(map(len, columns.values()), default=1)
    fig, area = style.canvas(experiment, cells, 1.25 + row_height * len(rows) + 0.16 * deepest, shown)
    axes = area.subplots(len(rows), len(columns), sharex=True, sharey=True, squeeze=False)
    grid = []
    for j, (title, labels) in enumerate(columns.items()):
        own = points[points["label"].isin(labels)]
        failing = [label for label in labels if (own.loc[own["label"] == label, "status"] != "ok").any()]
        for i, row in enumerate(rows):
            ax = axes[i, j]
            if i == 0:
                ax.set_title(title, fontsize=8)
            if j == 0:
                ax.set_ylabel(row, fontsize=6.8)
            grid.append(Panel(ax, own[own["row"] == row], failing, i, j, last=j == len(columns) - 1))
    return fig, grid


def families(points) -> dict[str, list[str]]:
    """Labels by family, those of the step-by-step methods in each; alone where there is no other."""
    stepwise = appearance.STEPWISE.title
    found: dict[str, list[str]] = {}
    pairs = points[["method", "label"]].drop_duplicates().set_index("label")["method"]
    for label in appearance.looks(points):
        found.setdefault(appearance.family(pairs[label]), []).append(label)
    known = [family.title for family in appearance.FAMILIES] + [appearance.OTHERS]
    others = {title: found[title] for title in known if title in found and title != stepwise}
    shared = found.get(stepwise, [])
    return {title: shared + labels for title, labels in others.items()} or {stepwise: shared}


def most_failing(grid: list[Panel]) -> int:
    """Lines that the strip of the failures must hold, the same in all panels, as they share an axis."""
    return max((len(panel.failing) for panel in grid), default=0)


def band(panel: Panel, lines: int) -> FailureBand:
    """The strip of the failures of a panel, as high as those of the others, for so many lines."""
    return FailureBand(panel.ax, panel.failing, named=panel.last, lines=lines)


def in_order(points, looks):
    """`(label, points, look)` in the order of the legend, the first drawn broadest: of equal lines each is seen."""
    own = dict(iter(points.groupby("label")))
    labels = [label for label in looks if label in own]
    broader = {label: {"linewidth": 1.0 + 0.3 * i, "markersize": 3.2 + 0.6 * i} for i, label in enumerate(reversed(labels))}
    return [(label, own[label], looks[label] | broader[label]) for label in labels]


def legend(fig, points, extra=()) -> None:
    """One legend below all panels, a column per family."""
    looks, stepwise = appearance.looks(points), appearance.STEPWISE.title
    shared = [label for label in looks if appearance.family(_method(points, label)) == stepwise]
    columns = {stepwise: shared} | {
        title: [label for label in labels if label not in shared] for title, labels in families(points).items()
    }
    columns = {title: [style.handle(label, looks[label]) for label in labels] for title, labels in columns.items() if labels}
    first = next(iter(columns), stepwise)
    columns[first] = [*columns.get(first, []), *extra]
    deepest = max(map(len, columns.values()))
    handles = []
    for title, own in columns.items():
        blanks = [_blank("") for _ in range(deepest - len(own))]
        handles += [_blank(title), *own, *blanks]
    shown = {"frameon": False, "handlelength": 2.0, "columnspacing": 0.9, "fontsize": 6.2, "handletextpad": 0.5}
    made = fig.legend(handles=handles, loc="outside lower center", ncols=len(columns), **shown)
    for text in made.get_texts():
        if text.get_text() in columns:
            text.set_weight("bold")


def case(points):
    """The rows of the panels in words: what is solved, and the forcing strength."""
    lines = [
        "\n".join(filter(None, [problem.replace(", M=", "\nM="), "" if np.isnan(alpha) else f"α = {alpha:g}"]))
        for problem, alpha in zip(points["problem"], points["alpha"], strict=True)
    ]
    return pd.Series(lines, index=points.index, dtype=object)


def _method(points, label: str) -> str:
    return points.loc[points["label"] == label, "method"].iloc[0]


def _blank(label: str) -> Line2D:
    return Line2D([], [], linestyle="none", label=label)
