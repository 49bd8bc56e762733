"""Axes of updates and of exponents, the same in all figures that count updates."""

import numpy as np
from matplotlib.ticker import FixedLocator, NullLocator

from bench.showing.drawing import ticks
from bench.showing.drawing.band import fit_below

_SIGNED_ROOT = (lambda x: np.sign(x) * np.sqrt(np.abs(x)), lambda x: np.sign(x) * x**2)


def scale_updates(ax, highest: float, failing: int) -> None:
    """Logarithmic above one and linear below, as zero is a possible answer: the guess was right. Crosses go on top."""
    ax.set_yscale("symlog", linthresh=1, linscale=0.35)
    fit_below(ax, -0.1, highest, failing)
    steps = [0, *(tick for power in range(7) for tick in (10**power, 2 * 10**power, 5 * 10**power) if tick <= highest)]
    ax.yaxis.set_major_locator(FixedLocator(steps if highest <= 260 else [tick for tick in steps if str(tick)[0] in "01"]))
    ax.yaxis.set_minor_locator(NullLocator())
    ax.yaxis.set_major_formatter(ticks.plainly)


def scale_exponents(axis, values, apart: float = 0.14) -> None:
    """A square root to both sides of zero: room where the sign decides, and large exponents in sight all the same.

    apart  least distance of two ticks, as a share of the axis
    """
    finite = values[np.isfinite(values.astype(float))]
    ax = axis.axes
    scale, limits = (ax.set_xscale, ax.set_xlim) if axis is ax.xaxis else (ax.set_yscale, ax.set_ylim)
    scale("function", functions=_SIGNED_ROOT)
    low, high = (min(finite.min(), 0.0), max(finite.max(), 0.0)) if len(finite) else (-1.0, 1.0)
    low, high = (1.12 * end if end else np.sign(side) * 0.02 * max(high, -low, 1e-3) for side, end in ((-1, low), (1, high)))
    limits(low, high)
    wide = apart * np.diff(_SIGNED_ROOT[0](np.array([low, high])))[0]
    shown = [0.0]
    for step in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10):
        if np.sqrt(step) - np.sqrt(shown[-1]) > wide:
            shown.append(step)
    axis.set_major_locator(FixedLocator([tick for tick in (*(-step for step in shown[:0:-1]), *shown) if low < tick < high]))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(ticks.plainly)
