"""Where failures are drawn: crosses in a strip at the top of a panel that no data reaches."""

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

CROSS = {"marker": "x", "linestyle": "none", "markeredgewidth": 1.4}


class FailureBand:
    """The strip of one panel, shaded as no place for data, with a height for each line of which some case failed.

    A failure has no value, so that it has no place among the data; left out, it would flatter its method. The strip is named at
    its right end, outside of the panel, as a cross may be anywhere within.
    """

    def __init__(self, ax, failing: list, *, named: bool, lines: int | None = None):
        """`lines` is how many the strip has room for, where panels that share an axis have strips of one height."""
        self._ax = ax
        lines = len(failing) if lines is None else lines
        high = share(lines)
        self.heights = {label: 1 - high * (i + 0.5) / lines for i, label in enumerate(failing)}  # in axis coordinates
        if lines:
            ax.add_patch(Rectangle((0, 1 - high), 1, high, transform=ax.transAxes, color="0.95", zorder=-1, linewidth=0))
        if lines and named:
            ax.text(1.015, 1 - high / 2, "failed", transform=ax.transAxes, va="center", fontsize=6.5, color="0.4")

    def cross(self, label, x, color) -> None:
        """Crosses above the places `x` at which the line `label` has failures."""
        if len(x):
            crosses(self._ax, x, [self.heights[label]] * len(x), color, transform=self._ax.get_xaxis_transform())


def share(lines: int) -> float:
    """The share of a panel's height that the crosses of so many lines take."""
    return min(0.28, 0.065 * lines)


def fit_below(ax, low: float, high: float, lines: int) -> None:
    """Limits, on whatever scale the axis has, such that no value up to `high` reaches the crosses of so many lines."""
    transform = ax.yaxis.get_transform()
    bottom, top = transform.transform(np.array([low, high]))
    ax.set_ylim(low, transform.inverted().transform(np.array([bottom + (top - bottom) / (1 - share(lines))]))[0])


def crosses(ax, x, y, color, **kwargs):
    """Failures: crosses at their place in data or (with a transform) axis coordinates, never hidden by other marks."""
    return ax.plot(x, y, color=color, **(CROSS | {"markersize": 5, "clip_on": False, "zorder": 5} | kwargs))


def cross_handle(label: str) -> Line2D:
    """The line of a legend that says what a cross means."""
    return Line2D([], [], label=label, color="0.3", **CROSS)
