"""A row per method: a dot for each run, a bar at their median, lost runs at the right edge."""

import numpy as np
from matplotlib.patches import Rectangle

from bench.showing.drawing import style, ticks
from bench.showing.drawing.band import crosses
from bench.showing.frames.points import lost


def draw_by_method(ax, points, looks) -> None:
    """A row per label from the top: a dot for each run, a bar at the median, lost runs as a cross with their number."""
    finite = points[np.isfinite(points["value"])]
    log = finite["value"].gt(0).all()  # a score may be zero, and an estimated divergence slightly negative
    gone = points[lost(points)].groupby("label")["cell"].nunique()
    ax.set_xscale("log" if log else "linear")
    ax.grid(axis="y", color="0.93", linewidth=0.6)
    style.bounds(ax.axvline, points, positive=log)
    for row, (label, look) in enumerate(looks.items()):
        own = finite.loc[finite["label"] == label, "value"].to_numpy()
        dots = {"alpha": 0.8, "markersize": 5} if len(own) <= 20 else {"alpha": 0.35, "markersize": 3.5}
        heights = row + 0.5 * ((np.arange(len(own)) + 0.5) / max(len(own), 1) - 0.5)
        ax.plot(own, heights, ".", color=look["color"], markeredgewidth=0, **dots)
        median = points.loc[points["label"] == label, "value"].median()
        if np.isfinite(median):  # as in the table an infinite score counts: where half of the runs are lost there is no bar
            ax.plot([median] * 2, [row - 0.32, row + 0.32], color=look["color"], linewidth=1.8, solid_capstyle="butt")
        if label in gone:
            crosses(ax, [0.905], [row], look["color"], transform=ax.get_yaxis_transform())
            ax.text(
                0.955, row, f"{gone[label]}", transform=ax.get_yaxis_transform(), va="center", fontsize=7, color=look["color"]
            )
    if len(finite):
        _make_room(ax, failures=len(gone) > 0)
        if log:
            ticks.readable_log(ax.xaxis, apart=0.22, letter=0.055)
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
