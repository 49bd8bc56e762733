"""Work against precision: time of the gradient over its error as the tolerance varies; down and to the left is better."""

import numpy as np
from matplotlib.ticker import EngFormatter

from bench.showing.drawing import families, style, ticks
from bench.showing.drawing.band import FailureBand, cross_handle, fit_below
from bench.showing.frames.attempts import case_names, curves, varying
from bench.showing.frames.cells import of_measure
from bench.showing.vocabulary import appearance

SMALLEST = 1e-12  # an error of 0, where the reference has the precision of the cell, is drawn here


def plot(tables, experiment: dict):
    """One line per method from its loosest to its tightest tolerance; hollow marks are answers not accurate enough to count.

    Each panel is the one sequence length with the most tolerances; `drawn` says which points those are.
    A failed attempt has no error and no time: its cross stands at the tolerance that was asked for.
    """
    tables = of_measure(tables, "work_precision")
    points = curves(tables)
    points = points.assign(problem=case_names(points), alpha=points["alpha"].astype(float).fillna(0.0))
    points["drawn"] = np.array(_drawn(points), dtype=bool)
    drawn = points[points["drawn"]]
    drawn = drawn.assign(row=families.case(drawn) + drawn["T"].map(lambda T: f", T = {T:g}"))
    drawn = drawn.assign(status=drawn["status"].where(drawn["seconds"].isna(), "ok"), answer=drawn["status"])
    looks = appearance.looks(drawn)
    cells = tables["cells"][tables["cells"]["cell"].isin(" ".join(drawn["cells"]).split())]
    fig, grid = families.panels(drawn, cells, experiment, ("T", "alpha", *varying(drawn)), row_height=1.4)
    count = families.most_failing(grid)
    for panel in grid:
        band = families.band(panel, count)
        for label, line, look in families.in_order(panel.points, looks):
            _draw(panel.ax, line.sort_values("tolerance", ascending=False), look, band, label)
    _limits(grid[0].ax, drawn, count)
    fig.subfigs[0].supxlabel("relative error of the gradient (of a cross: the tolerance asked for)", fontsize=8.5)
    fig.subfigs[0].supylabel("forward + backward, time per call", fontsize=8.5)
    extra = [cross_handle("failed (see table)")] if count else []
    if (drawn["seconds"].notna() & (drawn["answer"] != "ok")).any():
        hollow = {"color": "0.3", "marker": "o", "markerfacecolor": "white", "linestyle": "none"}
        extra.append(style.handle("wrong answer", hollow))
    families.legend(fig, drawn, extra)
    return fig, points


def _draw(ax, line, look: dict, band: FailureBand, label: str) -> None:
    """One method over its tolerances."""
    timed = line[line["seconds"].notna()]
    error = timed["gradient_error"].clip(lower=SMALLEST)
    style.errorbar(ax, error, timed["seconds"], timed["seconds_low"], timed["seconds_high"], look)
    loose = timed["answer"] != "ok"
    hollow = look | {"linestyle": "none", "markerfacecolor": "white", "zorder": 4}
    ax.plot(error[loose], timed.loc[loose, "seconds"], **hollow)
    band.cross(label, line.loc[line["seconds"].isna(), "tolerance"].fillna(SMALLEST), look["color"])


def _drawn(points):
    """The points at the length with the most tolerances of their problem and strength, the longest of several.

    Where tolerances were varied for some problems and strengths only, only those.
    """
    case = ["problem", "alpha"]
    counts = points.groupby([*case, "T"])["tolerance"].nunique().reset_index()
    counts = counts[counts["tolerance"] >= min(2, counts["tolerance"].max())] if len(counts) else counts
    chosen = counts.sort_values(["tolerance", "T"]).groupby(case)["T"].last()
    return [chosen.get((problem, alpha)) == T for problem, alpha, T in points[[*case, "T"]].itertuples(index=False, name=None)]


def _power(value: float, _) -> str:
    return "1" if value == 1 else f"{value:.0e}".replace("e-0", "e-").replace("e+0", "e")


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
    ticks.readable_log(ax.xaxis, (left, right), _power, apart=0.3)
    low, high = timed["seconds_low"].min() / 1.6, timed["seconds_high"].max() * 1.6
    fit_below(ax, low, high, failing)
    ticks.readable_log(ax.yaxis, (low, high), EngFormatter("s"))
