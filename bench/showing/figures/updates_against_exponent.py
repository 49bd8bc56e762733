"""Updates of each solver against the largest Lyapunov exponent, above the error that the trajectory is left with."""

import numpy as np
from matplotlib.ticker import LogLocator, NullLocator

from bench.showing.drawing import style
from bench.showing.drawing.band import FailureBand
from bench.showing.drawing.updates import scale_exponents, scale_updates
from bench.showing.frames.predictability import solves, stated
from bench.showing.vocabulary import appearance
from bench.showing.vocabulary.symbols import EXPONENT


def plot(tables, experiment: dict):
    """A point per solve, a line at exponent 0; a solve whose rule was not met, or that left no answer, has a cross on top.

    Below, the largest error of a state at the stop. Where the exponent is above 0 it may be of the order of the states although
    the rule was met: the merit is small, and the trajectory is wrong.
    """
    points = solves(tables)
    points["failed"] = ~points["met"]
    looks = appearance.looks(points)
    failing = [label for label in looks if (points["label"].eq(label) & points["failed"]).any()]
    note = ",  ".join(filter(None, [experiment.get("note", ""), stated(points)]))
    fig, area = style.canvas(experiment | {"note": note}, points, 4.4, ("latent_dim",), width=5.2)
    upper, lower = area.subplots(2, 1, sharex=True, height_ratios=[1.7, 1])
    band = FailureBand(upper, failing, named=True)
    for label, look in looks.items():
        own = points[points["label"] == label]
        dots = {**look, "linestyle": "none", "markersize": 4, "markeredgewidth": 0, "alpha": 0.75}
        upper.plot(own["lyapunov"], own["updates"].where(np.isfinite(own["updates"])), **dots)
        band.cross(label, own.loc[own["failed"] & own["lyapunov"].notna(), "lyapunov"], look["color"])
        lower.plot(own["lyapunov"], own["trajectory_error"].where(np.isfinite(own["updates"])), **dots)
    _scale(upper, lower, points, len(failing))
    dots = {label: {**look, "linestyle": "none"} for label, look in looks.items()}
    style.legend_of_lines(fig, dots, "failed: rule not met, or no answer" if failing else "")
    return fig, points.assign(cells=points["cell"]).drop(columns=["cell", "_rank"])[_columns(points)]


def _columns(points) -> list[str]:
    sizes = ["system", *points.attrs["varied"], "T", "seed", "method", "label", "status", "failed"]
    return [*sizes, "updates", "cap", "lyapunov", "lyapunov_error", "merit", "trajectory_error", "cells"]


def _scale(upper, lower, points, failing: int) -> None:
    for ax in (upper, lower):
        ax.axvline(0, color="0.6", linewidth=0.8, zorder=0)
    most = points["updates"].replace(np.inf, np.nan).max()
    scale_updates(upper, 1.4 * most if most > 0 else 10.0, failing)
    upper.set_ylabel("updates")
    lower.set_ylabel("largest error\nof a state")
    lower.set_xlabel(EXPONENT)
    scale_exponents(lower.xaxis, points["lyapunov"].dropna())
    errors = points.loc[np.isfinite(points["updates"]) & points["trajectory_error"].gt(0), "trajectory_error"]
    if errors.empty:
        style.empty(lower, lower.yaxis)
        return
    lower.set_yscale("log")
    lower.set_ylim(errors.min() / 3, max(errors.max() * 3, 10.0))
    lower.yaxis.set_major_locator(LogLocator(numticks=5))
    lower.yaxis.set_minor_locator(NullLocator())
    lower.axhline(1, color="0.6", linewidth=0.8, linestyle=":", zorder=0)
