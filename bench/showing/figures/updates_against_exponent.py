"""Updates of each solver against the largest Lyapunov exponent, above the error that the trajectory is left with."""

import numpy as np
from matplotlib.ticker import LogLocator, NullLocator

from bench.showing.drawing import style
from bench.showing.drawing.band import FailureBand
from bench.showing.drawing.updates import scale_exponents, scale_updates
from bench.showing.frames.predictability import solves, stated
from bench.showing.vocabulary import appearance
from bench.showing.vocabulary.symbols import EXPONENT

MOST = 2  # lengths that are drawn, the longest


def plot(tables, experiment: dict):
    """A point per solve, a column per length; a solve whose rule was not met, or that left no answer, has a cross on top.

    Below, the largest error of a state at the stop. Where the exponent is above 0 it may be of the order of the states although
    the rule was met: the merit is small, and the trajectory is wrong.
    """
    points = solves(tables)
    points["failed"] = ~points["met"]
    looks = appearance.looks(points)
    failing = [label for label in looks if (points["label"].eq(label) & points["failed"]).any()]
    lengths = sorted(points["T"].unique(), reverse=True)[:MOST] or [None]
    note = ",  ".join(filter(None, [experiment.get("note", ""), stated(points)]))
    width = 5.2 if len(lengths) == 1 else style.WIDTH
    shown = ("latent_dim", "T") if len(lengths) > 1 else ("latent_dim",)
    fig, area = style.canvas(experiment | {"note": note}, points, 4.4, shown, width=width)
    axes = area.subplots(2, len(lengths), sharex=True, sharey="row", squeeze=False, height_ratios=[1.7, 1])
    for (upper, lower), T in zip(axes.T, lengths, strict=True):
        band = FailureBand(upper, failing, named=T == lengths[-1])
        _draw(upper, lower, points[points["T"] == T], looks, band)
        if len(lengths) > 1:
            upper.set_title(f"$T = {T}$")
    _scale(axes, points, len(failing))
    dots = {label: {**look, "linestyle": "none"} for label, look in looks.items()}
    style.legend_of_lines(fig, dots, "failed: rule not met, or no answer" if failing else "")
    return fig, points.assign(cells=points["cell"])[_columns(points)]


def _draw(upper, lower, points, looks: dict, band: FailureBand) -> None:
    for ax in (upper, lower):
        ax.axvline(0, color="0.6", linewidth=0.8, zorder=0)
    lower.axhline(1, color="0.6", linewidth=0.8, linestyle=":", zorder=0)
    for label, look in looks.items():
        own = points[points["label"] == label]
        dots = {**look, "linestyle": "none", "markersize": 4, "markeredgewidth": 0, "alpha": 0.75}
        known = np.isfinite(own["updates"])
        upper.plot(own["lyapunov"], own["updates"].where(known), **dots)
        lower.plot(own["lyapunov"], own["trajectory_error"].where(known), **dots)
        band.cross(label, own.loc[own["failed"] & own["lyapunov"].notna(), "lyapunov"], look["color"])


def _columns(points) -> list[str]:
    sizes = ["system", *points.attrs["varied"], "T", "seed", "method", "label", "status", "failed"]
    return [*sizes, "updates", "cap", "lyapunov", "lyapunov_error", "merit", "trajectory_error", "cells"]


def _scale(axes, points, failing: int) -> None:
    upper, lower = axes[:, 0]
    most = points["updates"].replace(np.inf, np.nan).max()
    scale_updates(upper, 1.4 * most if most > 0 else 10.0, failing)
    upper.set_ylabel("updates")
    lower.set_ylabel("largest error\nof a state")
    for ax in axes[1]:
        ax.set_xlabel(EXPONENT)
        scale_exponents(ax.xaxis, points["lyapunov"].dropna(), apart=0.12 * len(axes[1]))
    errors = points.loc[np.isfinite(points["updates"]) & points["trajectory_error"].gt(0), "trajectory_error"]
    if errors.empty:
        style.empty(lower, lower.yaxis)
        return
    lower.set_yscale("log")
    lower.set_ylim(errors.min() / 3, max(errors.max() * 3, 10.0))
    lower.yaxis.set_major_locator(LogLocator(numticks=5))
    lower.yaxis.set_minor_locator(NullLocator())
