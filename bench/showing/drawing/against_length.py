"""Times, or speed-ups, against sequence length: lines of medians with quartiles, failures as crosses in the band above."""

import numpy as np
from matplotlib.ticker import EngFormatter, LogLocator

from bench.showing.drawing import style, ticks
from bench.showing.drawing.band import FailureBand, fit_below


def draw(ax, points, looks: dict, failing: list[str], named: bool, column: str = "seconds") -> None:
    """A line per label through a `column` of medians, and in the band at the top a cross wherever one failed.

    failing  the labels that fail somewhere in the figure: the band holds a line for each, so that panels look alike
    named    whether the band is named beside this panel
    """
    band = FailureBand(ax, failing, named=named)
    for label in (label for label in looks if label in set(points["label"])):
        line = points[points["label"] == label].sort_values("T")
        style.errorbar(ax, line["T"], line[column], line[f"{column}_low"], line[f"{column}_high"], looks[label])
        band.cross(label, line.loc[line["failed"] > 0, "T"], looks[label]["color"])


def failing(points, lines) -> list:
    """Those of the `lines` (by label) of which some cell failed."""
    return [label for label in lines if (points.loc[points["label"] == label, "failed"] > 0).any()]


def powers_of_two(lengths) -> bool:
    return bool(np.all(np.log2(lengths) % 1 == 0))


def scale(ax, lengths, low: float, high: float, failing: int, formatter=None) -> None:
    """Log-log axes for values from `low` to `high`, seconds unless there is a `formatter`, below the band of what fails."""
    lengths = np.array(sorted(lengths.unique()), dtype=float)
    base = 2 if len(lengths) and powers_of_two(lengths) else 10
    ax.set_xscale("log", base=base)
    ax.set_yscale("log")
    ax.xaxis.set_minor_locator(LogLocator(base=base, subs=[]))
    if len(lengths):
        margin = 1.5 if len(lengths) > 1 else 4
        ax.set_xlim(lengths[0] / margin, lengths[-1] * margin)
    if np.isfinite(low):
        low, high = low / 1.6, high * 1.6
        fit_below(ax, low, high, failing)
        ticks.readable_log(ax.yaxis, (low, high), formatter or EngFormatter("s"))
    else:
        style.empty(ax, ax.yaxis)
