"""Training compared: loss and Newton iterations over updates above, seconds per update and quality by method below."""

import numpy as np
import pandas as pd
from matplotlib.patches import Rectangle

from bench.showing.figures import style, vocabulary
from bench.showing.tables.convergence import EXPONENT
from bench.showing.tables.grouping import groups, of_measure
from bench.showing.tables.reconstruction import scores, solving
from bench.showing.tables.runtime import timed
from bench.showing.tables.symbols import METRICS

MAX_METRICS = 4
MAX_POINTS = 500  # of a curve: more cannot be told apart, and would make megabytes of a csv


def plot(tables, experiment: dict):
    """Every sample is drawn: one faint line or dot per seed or repetition, the median of a method on top.

    An infinite value, or a run that ended without one, is a cross at the right edge with the number of such runs.
    """
    tables = of_measure(tables, experiment.get("measure") or "reconstruction")
    cells, owners = _owners(tables["cells"])
    metrics = ranked(tables)[:MAX_METRICS]
    points = pd.concat([_seconds(tables, owners), values(tables, owners, metrics), _curves(tables, owners)], ignore_index=True)
    points = points.astype(
        {"x": float, "value": float, "floor": float, "noise": float}
    )  # empty tables come without a number type
    points = points.sort_values(["panel", "label", "cell", "x"], kind="stable", ignore_index=True)
    filled = set(points.loc[points["value"].notna(), "panel"])
    columns = [name for name in ("seconds", *metrics) if name in filled] or ["seconds"]
    looks = vocabulary.looks(cells)

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
            ax.set_xlabel(METRICS.get(panel, panel.replace("_", " ")))
    axes[0].set_yticks(range(len(looks)), list(looks))
    axes[0].set_ylim(len(looks) - 0.4, -0.6)
    handles = [style.handle(label, look) for label, look in looks.items()]
    extra = style.reference_handles(points)
    extra += [style.cross_handle("infinite or failed (count)")] if lost(points).any() else []
    style.legend(fig, handles + extra)
    return fig, points


def _owners(cells):
    """The cells with their line labels, and the columns that every plotted point carries."""
    parts = [members.assign(label=row["label"]) for row, members in groups(cells, by=())]
    cells = pd.concat(parts) if parts else cells.assign(label="")
    return cells, cells[["cell", "method", "label", "seed", "status"]]


def ranked(tables) -> list[str]:
    """The metrics that have a better and a worse, the well-known ones first."""
    rows = tables["metrics"][tables["metrics"]["higher_is_better"].notna()]
    found = [name for name in dict.fromkeys(rows["metric"]) if name != EXPONENT]
    known = [name for name in METRICS if name in found]
    return known + [name for name in found if name not in known]


def _seconds(tables, owners):
    taken = timed(tables)
    taken = taken.loc[taken["phase"] == "update", ["cell", "repetition", "seconds"]].set_axis(["cell", "x", "value"], axis=1)
    return owners.merge(taken, on="cell", how="left").assign(panel="seconds", floor=np.nan, noise=np.nan)


def values(tables, owners, metrics):
    """One point per run and metric, `panel` being the metric; without a value where a run left none."""
    columns = ["value", "floor", "noise"]
    found, parts = scores(tables), [owners.assign(panel="", x=np.nan, **dict.fromkeys(columns, np.nan)).iloc[:0]]
    for metric in metrics:
        own = found.loc[found["metric"] == metric, ["cell", *columns]]
        parts.append(owners.merge(own, on="cell", how="left").assign(panel=metric, x=np.nan))
    return pd.concat(parts)


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


def lost(points) -> pd.Series:
    """A run that failed and left no value is as visible as one that scored infinity."""
    return np.isinf(points["value"]) | (points["value"].isna() & points["status"].ne("ok") & points["panel"].ne("iterations"))


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
            style.crosses(ax, [ended[label]], [height], look["color"], transform=ax.get_xaxis_transform())
    if points["value"].gt(0).any():
        # A run that blows up leaves through the top, where its cross is, rather than pressing the others into a line.
        calm = points.loc[points["status"].eq("ok") & points["value"].gt(0) & np.isfinite(points["value"]), "value"]
        if len(calm):
            low, high = (np.log10(calm.agg(end)) for end in ("min", "max"))
            margin = 0.15 * max(high - low, 1)
            ax.set_ylim(10 ** (low - margin), 10 ** (high + margin + 0.1 * len(ended)))
        style.readable_log(ax.yaxis)
    else:
        style.empty(ax, ax.xaxis, ax.yaxis)


def draw_by_method(ax, points, looks) -> None:
    """A row per label from the top: a dot for each run, a bar at the median, lost runs as a cross with their number."""
    finite = points[np.isfinite(points["value"])]
    log = finite["value"].gt(0).all()  # a score may be zero, and an estimated divergence slightly negative
    gone = points[lost(points)].groupby("label")["cell"].nunique()
    ax.set_xscale("log" if log else "linear")
    ax.grid(axis="y", color="0.93", linewidth=0.6)
    style.references(ax.axvline, points, positive=log)
    for row, (label, look) in enumerate(looks.items()):
        own = finite.loc[finite["label"] == label, "value"].to_numpy()
        dots = {"alpha": 0.8, "markersize": 5} if len(own) <= 20 else {"alpha": 0.35, "markersize": 3.5}
        heights = row + 0.5 * ((np.arange(len(own)) + 0.5) / max(len(own), 1) - 0.5)
        ax.plot(own, heights, ".", color=look["color"], markeredgewidth=0, **dots)
        median = points.loc[points["label"] == label, "value"].median()
        if np.isfinite(median):  # as in the table an infinite score counts: where half of the runs are lost there is no bar
            ax.plot([median] * 2, [row - 0.32, row + 0.32], color=look["color"], linewidth=1.8, solid_capstyle="butt")
        if label in gone:
            style.crosses(ax, [0.905], [row], look["color"], transform=ax.get_yaxis_transform())
            ax.text(
                0.955, row, f"{gone[label]}", transform=ax.get_yaxis_transform(), va="center", fontsize=7, color=look["color"]
            )
    if len(finite):
        _make_room(ax, failures=len(gone) > 0)
        if log:
            style.readable_log(ax.xaxis, apart=0.22, letter=0.055)
    else:
        style.empty(ax, ax.xaxis)


def _make_room(ax, failures: bool) -> None:
    """Half a decade at least on a log axis; and with failures, a shaded strip at the right that no data reaches."""
    to_axis, to_data = (np.log10, lambda x: 10.0 ** np.array(x)) if ax.get_xscale() == "log" else (np.array, np.array)
    low, high = to_axis(ax.get_xlim())
    missing = max(0.0, 0.5 - (high - low)) / 2 if ax.get_xscale() == "log" else 0.0
    low, high = low - missing, high + missing
    ax.set_xlim(to_data([low, low + (high - low) / 0.85] if failures else [low, high]))
    if failures:
        ax.add_patch(Rectangle((0.86, 0), 0.14, 1, transform=ax.transAxes, color="0.95", zorder=-1, linewidth=0))
