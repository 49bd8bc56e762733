"""Training compared: loss and Newton iterations over updates above, seconds per update and quality by method below."""

import numpy as np
import pandas as pd

from bench.showing.drawing import style, ticks
from bench.showing.drawing.band import crosses
from bench.showing.drawing.by_method import draw_by_method
from bench.showing.frames.cells import of_measure
from bench.showing.frames.grouping import groups
from bench.showing.frames.points import lost, ranked_metrics, values
from bench.showing.frames.scores import solving
from bench.showing.frames.times import timed
from bench.showing.vocabulary import appearance
from bench.showing.vocabulary.symbols import metric_label

MAX_METRICS = 4
MAX_POINTS = 500  # of a curve: more cannot be told apart, and would make megabytes of a csv


def plot(tables, experiment: dict):
    """Every sample is drawn: one faint line or dot per seed or repetition, the median of a method on top.

    An infinite value, or a run that ended without one, is a cross at the right edge with the number of such runs.
    """
    tables = of_measure(tables, experiment.get("measure") or "reconstruction")
    cells, owners = _owners(tables["cells"])
    metrics = ranked_metrics(tables)[:MAX_METRICS]
    points = pd.concat([_seconds(tables, owners), values(tables, owners, metrics), _curves(tables, owners)], ignore_index=True)
    points = points.astype(
        {"x": float, "value": float, "floor": float, "noise": float}
    )  # empty tables come without a number type
    points = points.sort_values(["panel", "label", "cell", "x"], kind="stable", ignore_index=True)
    filled = set(points.loc[points["value"].notna(), "panel"])
    columns = [name for name in ("seconds", *metrics) if name in filled] or ["seconds"]
    looks = appearance.looks(cells)

    below = 0.55 + 0.2 * len(looks)
    fig, area = style.canvas(experiment, cells, 2.9 + below)
    top, bottom = area.subfigures(2, 1, height_ratios=[2.2, below + 0.55])
    for ax, panel in zip(top.subplots(1, 2), ("loss", "iterations"), strict=True):
        _draw_curves(ax, points[points["panel"] == panel], looks)
        ax.set(xlabel="optimiser update", ylabel={"loss": "training loss", "iterations": "solver iterations\nper update"}[panel])
    axes = np.atleast_1d(bottom.subplots(1, len(columns), sharey=True))
    for ax, panel in zip(axes, columns, strict=True):
        own = points[points["panel"] == panel]
        if panel == "seconds":
            draw_by_method(ax, own.assign(value=1e3 * own["value"]), looks)
            ax.set_xlabel("time per update (ms)")
        else:
            draw_by_method(ax, own, looks)
            ax.set_xlabel(metric_label(panel))
    axes[0].set_yticks(range(len(looks)), list(looks))
    axes[0].set_ylim(len(looks) - 0.4, -0.6)
    failed = "infinite or failed (count)" if lost(points).any() else ""
    style.legend_of_lines(fig, looks, failed, extra=style.bound_handles(points))
    return fig, points


def _owners(cells):
    """The cells with their line labels, and the columns that every plotted point carries."""
    parts = [members.assign(label=row["label"]) for row, members in groups(cells, by=())]
    cells = pd.concat(parts) if parts else cells.assign(label="")
    return cells, cells[["cell", "method", "label", "seed", "status"]]


def _seconds(tables, owners):
    taken = timed(tables)
    taken = taken.loc[taken["phase"] == "update", ["cell", "repetition", "seconds"]].set_axis(["cell", "x", "value"], axis=1)
    return owners.merge(taken, on="cell", how="left").assign(panel="seconds", floor=np.nan, noise=np.nan)


def _curves(tables, owners):
    training = solving(tables["training"])
    kept = -(-training["update"].max() // MAX_POINTS) if len(training) else 1
    last = training["update"].eq(training.groupby("cell")["update"].transform("max"))
    long = (
        training[training["update"].sub(1).mod(kept).eq(0) | last]
        .melt(["cell", "update"], ["loss", "iterations"], "panel", "value")
        .rename(columns={"update": "x"})
    )
    # A method that does not iterate has no line, and no points either.
    idle = long["panel"].eq("iterations") & long.groupby(["cell", "panel"])["value"].transform("max").eq(0)
    long = long[~idle]
    return owners.merge(long.astype({"value": float}), on="cell").assign(floor=np.nan, noise=np.nan)


def _draw_curves(ax, points, looks) -> None:
    ax.set_yscale("log")
    ended = points[lost(points)].groupby("label", sort=False)["x"].min()
    for place, (label, look) in enumerate(looks.items()):
        own = points[(points["label"] == label) & ~points["value"].le(0)]
        color = {"color": look["color"], "linestyle": look["linestyle"]}
        marker = {"marker": look["marker"], "markersize": 3, "markeredgewidth": 0}
        for _, run in own.groupby("cell"):
            ax.plot(run["x"], run["value"].replace(np.inf, np.nan), alpha=0.35, linewidth=0.6, **color)
        # NaN as infinity, so that the median line ends where half of the runs have blown up.
        median = own["value"].fillna(np.inf).groupby(own["x"]).median().replace(np.inf, np.nan)
        # Markers above all lines and at places of their own, as methods that compute the same share one line.
        step = max(len(median) // 5, 1)
        ax.plot(median.index, median, **color)
        marked = median.iloc[place * step // len(looks) :: step]
        ax.plot(marked.index, marked, zorder=4, **marker, **(color | {"linestyle": "none"}))
        if label in ended:
            height = 0.98 - 0.07 * list(ended.index).index(label)
            crosses(ax, [ended[label]], [height], look["color"], transform=ax.get_xaxis_transform())
    if points["value"].gt(0).any():
        # A run that blows up leaves through the top, where its cross is, rather than pressing the others into a line.
        calm = points.loc[points["status"].eq("ok") & points["value"].gt(0) & np.isfinite(points["value"]), "value"]
        if len(calm):
            low, high = (np.log10(calm.agg(end)) for end in ("min", "max"))
            margin = 0.15 * max(high - low, 1)
            ax.set_ylim(10 ** (low - margin), 10 ** (high + margin + 0.1 * len(ended)))
        ticks.readable_log(ax.yaxis)
    else:
        style.empty(ax, ax.xaxis, ax.yaxis)
