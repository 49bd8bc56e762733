"""Ticks at round numbers in plain digits."""

import numpy as np
from matplotlib.ticker import FixedLocator, NullLocator


def readable_log(axis, limits=None, formatter=None, apart: float = 0.1, letter: float = 0.0, unit: float = 1.0) -> None:
    """Three to five ticks at round numbers within the limits in plain digits, also where they span less than a decade.

    apart   least distance of two ticks, as a share of the axis, that their labels need
    letter  width of one letter of a label, as a share of the axis, where labels stand beside each other
    unit    what the round numbers are multiples of
    """
    low, high = limits or axis.get_view_interval()
    view = np.log10(axis.get_view_interval())
    powers = unit * 10.0 ** np.arange(np.floor(np.log10(low / unit)), np.ceil(np.log10(high / unit)) + 1)
    ticks: list[float] = []
    for steps in ((1,), (1, 3), (1, 2, 5), (1, 2, 3, 5), (1, 1.5, 2, 3, 4, 5, 7)):
        found: list[float] = []
        for tick in np.outer(powers, steps).ravel():
            wide = letter * (len(f"{tick:g}") + len(f"{found[-1]:g}") + 1.5) / 2 if found else 0.0
            if low <= tick <= high and (not found or np.log10(tick / found[-1]) >= max(apart, wide) * (view[1] - view[0])):
                found.append(tick)
        ticks = max(ticks, found, key=len)
        if len(ticks) >= 3:
            break
    axis.set_major_locator(FixedLocator(ticks[:: -(-len(ticks) // 5)] if ticks else []))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(formatter or plainly)


def plainly(value: float, _) -> str:
    """A tick as a person would write it: 128 and 0.05, no power of ten."""
    return f"{value:g}"
