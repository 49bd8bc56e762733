"""Sample paths: what each trained model does when it runs free, with the true orbit that follows the same history."""

import textwrap

import numpy as np
import pandas as pd
from matplotlib.ticker import MaxNLocator

from bench.showing.drawing import style
from bench.showing.drawing.band import crosses
from bench.showing.frames.cells import of_measure
from bench.showing.frames.grouping import tally
from bench.showing.frames.points import labelled
from bench.showing.vocabulary import appearance
from bench.showing.vocabulary.appearance import GREEN

PANELS, VARIABLES = 9, 3  # more would be too small to read
STEPS = 1000  # drawn of a path: with more the lines look the same, and the csv grows to megabytes
LETTERS = 105  # of a title across the figure
TRUTH = {"color": "0.1", "linewidth": 0.7, "zorder": 3}
# Thin over broad and pale, both are seen; but not where there are more swings than that: there the run is drawn below the truth.
SWINGS = 80
OVER = {"run": {"linewidth": 2.2, "alpha": 0.55, "solid_capstyle": "butt"}, "within": 0.0, "pairs": 1.25}
BELOW = {"run": {"linewidth": 0.7}, "within": 1.1, "pairs": 2.5}  # ranges of the truth to the run, and to the next variable
LOST = 3.0  # times the range of the truth: a run that leaves that does not come back


def plot(tables, experiment: dict):
    """A panel per method, of a system's first variables above each other, the seed with an orbit, over or below the truth.

    A run that leaves the range of the truth far behind is cut there, with a cross. Where T varies the shortest and the longest
    are shown, and of more than nine methods the first nine; the csv has the points of the panels alone.
    """
    tables = of_measure(tables, experiment.get("measure") or "reconstruction")
    everything, over = _chosen(tables)
    chosen = everything[everything["place"] < PANELS]
    points = _points(chosen, tables["orbits"])
    looks, problems = appearance.looks(chosen), list(dict.fromkeys(chosen["problem"])) or [""]
    panels, columns = _panels(chosen, looks, problems)
    places = BELOW if _crowded(points) else OVER
    named = ["T"] * over + ["system", "observed"] * (len(problems) > 1)
    fig, area = style.canvas(experiment, tables["cells"], 1.1 + _height(points, places) * len(panels) / columns, named)
    axes = area.subplots(len(panels) // columns, columns, sharex=True, squeeze=False)
    for ax, (problem, label) in zip(axes.flat, panels, strict=True):
        if label is None:
            ax.set_axis_off()
            continue
        _draw(ax, points[(points["problem"] == problem) & (points["label"] == label)], looks.get(label, {}), places)
        title = f"{problem}: {label}" if len(problems) > 1 else label
        ax.set_title(textwrap.fill(title, int(LETTERS / columns), break_on_hyphens=False), fontsize=7.5)
    if points["step"].isna().all():
        style.empty(axes[0, 0], axes[0, 0].xaxis)
        axes[0, 0].texts[-1].remove()
    for column in axes.T:  # also below the last panel, where the line under it is not full
        lowest = [ax for ax in column if ax.axison][-1]
        lowest.tick_params(labelbottom=True)
    left_out = len(everything) - len(chosen)
    area.supxlabel("time steps after the history" + (f"; {left_out} more not shown" if left_out else ""), fontsize=8.5)
    _legend(fig, places, "left the range of the truth" if _leaving(points) else "")
    return fig, points


def _points(chosen: pd.DataFrame, orbits: pd.DataFrame) -> pd.DataFrame:
    """The orbits of the `chosen` cells, thinned where there are too many steps; a cell without one has a row without a step."""
    columns = ["cell", "method", "label", "problem", "seed", "status"]
    points = chosen[columns].merge(orbits.drop(columns="attempt"), on="cell", how="left")
    points = points[points["variable"].isna() | (points["variable"] < VARIABLES)]
    points = points.astype({"step": float, "variable": float, "truth": float, "generated": float})
    every = -(-(points["step"].max() + 1) // STEPS) if points["step"].notna().any() else 1
    points = points[points["step"].isna() | points["step"].mod(every).eq(0)]
    return points.sort_values(["problem", "label", "cell", "variable", "step"], kind="stable", ignore_index=True)


def _panels(chosen: pd.DataFrame, looks: dict, problems: list[str]) -> tuple[list[tuple[str, str | None]], int]:
    """Problem and label of each panel, line by line, and how many stand in a line; without a label the place stays empty."""
    own = {
        row: [label for label in looks if label in set(chosen.loc[chosen["problem"] == row, "label"])] or [""] for row in problems
    }
    most, total = max(map(len, own.values())), sum(map(len, own.values()))
    columns = 1 if total <= 3 else 2 if most in (2, 4) else min(most, 3)
    return [(row, label) for row, labels in own.items() for label in labels + [None] * (-len(labels) % columns)], columns


def _height(points: pd.DataFrame, places: dict) -> float:
    """Inches of a panel: each variable needs room, more of it where the run stands below the truth."""
    return 0.55 + (0.3 + 0.12 * places["within"]) * min(VARIABLES, max(1, points["variable"].nunique()))


def _legend(fig, places: dict, left: str) -> None:
    below = ", below the truth" if places is BELOW else ""
    run = style.handle(f"free run, in the colour of its method{below}", {"color": GREEN, **places["run"]})
    style.legend_of_lines(fig, {"true orbit": TRUTH}, left, [run])


def _chosen(tables) -> tuple[pd.DataFrame, bool]:
    """One cell per label and problem: the lowest seed of those with an orbit, or else of all; and whether T is in the labels.

    `place` counts the labels of a problem in the order of their panels.
    """
    cells, over = labelled(tables["cells"])
    if over:
        lengths = cells.groupby(["problem", "method"])["T"]
        cells = cells[(cells["T"] == lengths.transform("min")) | (cells["T"] == lengths.transform("max"))]
        cells = cells.assign(label=cells["label"] + cells["T"].map(lambda T: f", T={T:g}"))
    cells = cells.assign(bare=~cells["cell"].isin(tables["orbits"]["cell"]))
    tallies = cells.groupby(["problem", "label"])["status"].transform(tally)
    cells = cells.assign(status=cells["status"].where(~cells["bare"], tallies))
    cells = cells.sort_values(["bare", "seed"], kind="stable").drop_duplicates(["problem", "label"])
    order = list(appearance.looks(cells))
    cells = cells.sort_values("label", key=lambda labels: labels.map(order.index), kind="stable")
    return cells.assign(place=cells.groupby("problem", sort=False).cumcount()), over


def _crowded(points) -> bool:
    known = points[points["step"].notna()].sort_values("step")
    orbits = known.groupby(["cell", "variable"])["truth"]
    return any((np.diff(np.sign(truth - truth.median())) != 0).sum() > 2 * SWINGS for _, truth in orbits)


def _draw(ax, points, look: dict, places: dict) -> None:
    """Variables below each other, of each the truth with the run, so that neither hides the other."""
    own = points[points["step"].notna()]
    if own.empty:
        style.empty(ax, ax.yaxis)
        failed = [status for status in points["status"] if status != "ok"]
        ax.texts[-1].set_text(f"no orbit ({failed[0]})" if failed else "no orbit was kept")
        return
    names = sorted(own["variable"].unique())
    span = max(np.ptp(rows["truth"]) or 1.0 for _, rows in own.groupby("variable"))
    middles = {}
    for place, name in enumerate(names):
        rows = own[own["variable"] == name]
        middle = (rows["truth"].max() + rows["truth"].min()) / 2
        above, below = -place * places["pairs"] * span, -(place * places["pairs"] + places["within"]) * span
        middles[(above + below) / 2] = f"$x_{{{name + 1:g}}}$"
        left = _left(rows)
        near = (rows["generated"] - middle).abs() <= 0.8 * span  # not across the line of another
        ax.plot(rows["step"], rows["truth"] - middle + above, **TRUTH)
        run = (rows["generated"].where(near) - middle + below)[:left]
        ax.plot(rows["step"][:left], run, color=look["color"], **places["run"])
        if left < len(rows):
            crosses(ax, [rows["step"].iloc[left]], [below], look["color"])
    ax.set_yticks(list(middles), list(middles.values()))
    ax.set_ylim(-((len(names) - 1) * places["pairs"] + places["within"] + 0.7) * span, 0.7 * span)
    ax.set_xlim(own["step"].min(), max(own["step"].max(), own["step"].min() + 1))
    ax.xaxis.set_major_locator(MaxNLocator(4, integer=True))


def _left(rows) -> int:
    """The row from which on a run is out of the range of the truth; their number where it stays."""
    truth, generated = rows["truth"].to_numpy(), rows["generated"].to_numpy()
    middle, span = (truth.max() + truth.min()) / 2, np.ptp(truth) or 1.0
    out = ~(np.abs(generated - middle) <= LOST * span)
    return int(out.argmax()) if out.any() else len(rows)


def _leaving(points) -> bool:
    known = points[points["step"].notna()]
    return any(_left(rows) < len(rows) for _, rows in known.groupby(["cell", "variable"]))
