"""Work against precision: time of the gradient over its error as the tolerance varies; down and to the left is better."""

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.ticker import EngFormatter

from bench.tables.grouping import of_measure
from bench.tables.work_precision import curves, problems

from . import style
from .time_against_length import panels, told_apart

SMALLEST = 1e-12  # an error of 0, where the reference has the precision of the cell, is drawn here


def plot(tables, experiment: dict):
    """One line per method from its loosest to its tightest tolerance; hollow marks are answers not accurate enough to count.

    Each panel is the one sequence length with the most tolerances; `drawn` says which points those are.
    A failed attempt has no error and no time: its cross stands at the tolerance that was asked for.
    """
    tables = of_measure(tables, "work_precision")
    points = curves(tables)
    points = points.assign(problem=problems(points), alpha=points["alpha"].astype(float).fillna(0.0))
    points["drawn"] = np.array(_drawn(points), dtype=bool)
    drawn = points[points["drawn"]]
    looks = told_apart(style.looks(drawn))
    failing = [label for label in looks if drawn.loc[drawn["label"] == label, "seconds"].isna().any()]
    cells = tables["cells"][tables["cells"]["cell"].isin(" ".join(drawn["cells"]).split())]
    fig, grid = panels(drawn, cells, experiment, ("T", "alpha"))
    for at, ax, panel in grid:
        rows = dict(zip(failing, style.failure_band(ax, len(failing), named=at == grid[-1][0]), strict=True))
        if len(panel):
            ax.set_title(f"α = {panel['alpha'].iloc[0]:g}, T = {panel['T'].iloc[0]:g}")
        for label, line in panel.groupby("label"):
            line = line.sort_values("tolerance", ascending=False)
            timed = line[line["seconds"].notna()]
            error = timed["gradient_error"].clip(lower=SMALLEST)
            style.errorbar(ax, error, timed["seconds"], timed["seconds_low"], timed["seconds_high"], looks[label])
            loose = timed["status"] != "ok"
            hollow = looks[label] | {"linestyle": "none", "markerfacecolor": "white", "zorder": 4}
            ax.plot(error[loose], timed.loc[loose, "seconds"], **hollow)
            failed = line.loc[line["seconds"].isna(), "tolerance"].fillna(SMALLEST)
            if len(failed):
                top = ax.get_xaxis_transform()
                style.crosses(ax, failed, [rows[label]] * len(failed), looks[label]["color"], transform=top)
    _limits(grid[0][1], drawn, len(failing))
    fig.subfigs[0].supxlabel("relative error of the gradient (of a cross: the tolerance asked for)", fontsize=8.5)
    fig.subfigs[0].supylabel("forward + backward, time per call", fontsize=8.5)
    handles = [style.handle(label, look) for label, look in looks.items()]
    if (drawn["seconds"].notna() & (drawn["status"] != "ok")).any():
        handles.append(Line2D([], [], color="0.3", marker="o", markerfacecolor="white", linestyle="none", label="wrong answer"))
    style.legend(fig, handles + ([style.cross_handle("failed (see table)")] if failing else []))
    return fig, points


def _drawn(points):
    """The points at the length with the most tolerances of their problem and strength, the longest of several.

    Where tolerances were varied for some problems and strengths only, only those.
    """
    case = ["problem", "alpha"]
    counts = points.groupby([*case, "T"])["tolerance"].nunique().reset_index()
    counts = counts[counts["tolerance"] >= min(2, counts["tolerance"].max())] if len(counts) else counts
    chosen = counts.sort_values(["tolerance", "T"]).groupby(case)["T"].last()
    return [chosen.get((problem, alpha)) == T for problem, alpha, T in points[[*case, "T"]].itertuples(index=False, name=None)]


def _limits(ax, points, failing: int) -> None:
    timed = points[points["seconds"].notna()]
    ax.set_xscale("log")
    ax.set_yscale("log")
    if timed.empty:
        style.empty(ax, ax.xaxis, ax.yaxis)
        return
    errors = np.concatenate([timed["gradient_error"].clip(lower=SMALLEST), points["tolerance"].dropna() if failing else []])
    left, right = np.nanmin(errors) / 2, np.nanmax(errors) * 2
    ax.set_xlim(left, right)
    style.readable_log(ax.xaxis, (left, right), lambda value, _: f"{value:.0e}".replace("e-0", "e-"), apart=0.2)
    low, high = timed["seconds_low"].min() / 1.6, timed["seconds_high"].max() * 1.6
    style.fit_below_band(ax, low, high, failing)
    style.readable_log(ax.yaxis, (low, high), EngFormatter("s"))
