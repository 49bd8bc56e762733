"""How numbers and settings are written: three digits, one unit for a column, no `128.0`."""

import numpy as np
import pandas as pd

from bench.text import BYTES

# By the end of a column's name, the longest first, its units from the largest to the smallest. Time by the step has one, so that
# numbers of all tables can be compared.
UNITS = {"_step_s": (("µs/step", 1e-6),), "_s": (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)), "_bytes": BYTES}


def tidy(value) -> str:
    """A setting as a person would write it: 0.05 and 128, never 128.0."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def number(value, digits: int = 3) -> str:
    """At least `digits` significant digits, without an exponent where that is readable; nothing for a missing value."""
    if is_missing(value):
        return ""
    if isinstance(value, str | bool | np.bool_):
        return str(value)
    value = float(value)
    if value.is_integer() and abs(value) < 1e7 or np.isinf(value):
        return f"{value:.0f}"
    scientific = f"{value:.{digits - 1}e}"
    exponent = int(scientific.partition("e")[2])  # of the rounded value: 0.996 has the exponent of 1.0
    return f"{value:.{max(digits - 1 - exponent, 0)}f}" if -4 <= exponent < 5 else scientific


def interval(middle: float, low: float = np.nan, high: float = np.nan) -> str:
    """`[0.2, 0.5]`, or nothing where there is none, or its ends are the median itself."""
    known = not np.isnan([middle, low, high]).any() and (low, high) != (middle, middle)
    return f"[{number(low, 2)}, {number(high, 2)}]" if known else ""


def is_missing(value) -> bool:
    """Whether there is no value: None or NaN, of whatever type."""
    return value is None or (not isinstance(value, str) and bool(pd.isna(value)))
