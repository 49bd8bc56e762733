"""Every cell ends up in a table, failures included: a tidy summary per kind of measurement, and its text.

To summarise a new measurement, write a module with `CAPTION`, `summarise(tables)` and `glance(frame)` and name it in `SUMMARIES`.
"""

import textwrap

import pandas as pd

from registry import UnknownName, suggest

from . import convergence, reconstruction, runtime, work_precision
from .glance import WIDTH
from .grouping import SETTINGS, failures, of_measure, singular
from .rendering import describe, render

__all__ = ["render", "summary", "text_report"]

SUMMARIES = {
    "runtime": runtime,
    "work_precision": work_precision,
    "convergence": convergence,
    "reconstruction": reconstruction,
}


def summary(tables, measure: str | None = None) -> pd.DataFrame:
    """One row per method and setting, seeds pooled; with several measures in `tables`, theirs below each other.

    Columns come in triples `x, x_low, x_high`: a median and its interval (quartiles of times, range of all else).
    Times are in seconds, memory in bytes. A measure without a summary of its own gets that of `reconstruction`.
    """
    present = sorted(tables["cells"]["measure"].dropna().unique())
    if measure is None:
        nothing = pd.DataFrame(columns=["measure", *SETTINGS, "method", "status"])
        return pd.concat([summary(tables, each) for each in present], ignore_index=True) if present else nothing
    if measure not in present:
        known = ", ".join(present) or "none"
        raise UnknownName(f'measure "{measure}": no such cells here.{suggest(measure, present)} Present: {known}.')
    frame = SUMMARIES.get(measure, reconstruction).summarise(of_measure(tables, measure))
    frame.insert(0, "measure", measure)
    return frame


def text_report(tables) -> str:
    """What a run prints at its end: per measure all that is constant, a table that fits a terminal, and every failure."""
    parts = []
    for measure in sorted(tables["cells"]["measure"].dropna().unique()):
        frame, cells = summary(tables, measure), of_measure(tables, measure)["cells"]
        module = SUMMARIES.get(measure, reconstruction)
        constant = singular(frame, ["measure", "system", "method", *convergence.CHOICES, *SETTINGS])
        parts.append(describe(constant))
        parts.append(module.glance(frame.drop(columns=[name for name in constant if name != "method"])))
        parts.append(textwrap.fill(f"{module.CAPTION} More columns: --format markdown or csv.", WIDTH))
        failed = [textwrap.fill(line, WIDTH, initial_indent="  ", subsequent_indent="    ") for line in failures(cells)]
        if failed:
            count = int((cells["status"] != "ok").sum())
            parts.append("\n".join([f"{count} of {len(cells)} cells failed:", *failed]))
    return "\n\n".join(parts) if parts else "No cells."
