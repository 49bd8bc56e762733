"""Every cell ends up in a table, failures included: a tidy summary per kind of measurement, and its text.

To summarise a new measurement, write a module with `CAPTION`, `summarise(tables)` and `glance(frame)` and name it in `SUMMARIES`.
"""

import pandas as pd

from bench.measure import disturbance
from bench.measure.outcome import SKIPPED
from bench.showing.frames.cells import failed, of_measure
from bench.showing.frames.grouping import singular
from bench.showing.frames.newton import SOLVER_SETTINGS
from bench.showing.tables import convergence, latex, predictability, reconstruction, rendering, runtime, work_precision
from bench.showing.tables.failures import failures, skipped
from bench.showing.tables.glance import Table, terminal_width
from bench.showing.tables.rendering import describe
from bench.showing.vocabulary.order import SETTINGS
from bench.text import WIDTH, filled
from registry import UnknownName, suggest

__all__ = ["render", "summary", "terminal_width", "text_report"]

SUMMARIES = {
    "runtime": runtime,
    "work_precision": work_precision,
    "convergence": convergence,
    "reconstruction": reconstruction,
    "predictability": predictability,
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


def text_report(tables, width: int | None = WIDTH) -> str:
    """What a run prints at its end: per measure all that is constant, all scores, and every failure.

    width  letters in a line: what is wider is stacked, never left out. None: there is no limit.
    """
    parts = []
    for measure, module, constant, frame in _by_measure(summary(tables)):
        parts.append(describe(constant))
        parts += [part.text(width) if isinstance(part, Table) else filled(part, rest="    ") for part in module.glance(frame)]
        parts.append(filled(f"{module.CAPTION} More columns: --format markdown or csv."))
        cells = of_measure(tables, measure)["cells"]
        count = int(failed(cells["status"]).sum())
        parts += _listed(f"{count} of {len(cells)} cells failed:", failures(cells))
        count = int(cells["status"].eq(SKIPPED).sum())
        parts += _listed(f"{count} of {len(cells)} cells were skipped, as their parts do not go together:", skipped(cells))
        parts += [filled(note) for note in disturbance.notes(cells)]
    return "\n\n".join(parts) if parts else "No cells."


def render(frame: pd.DataFrame, format: str = "text", title: str = "") -> str:
    """A summary as text, Markdown, csv or LaTeX.

    LaTeX has the columns of `text_report`, by symbol and unit, with `title` and what is constant in the caption, and siunitx
    aligns the numbers.
    """
    if format != "latex":
        return rendering.render(frame, format)
    parts = []
    for _, module, constant, own in _by_measure(frame):
        shown = [part for part in module.glance(own) if isinstance(part, Table)]
        parts += [latex.floating(part, title, constant, module.CAPTION) for part in shown]
    return "\n\n".join([latex.PREAMBLE, *parts])


def _by_measure(frame: pd.DataFrame):
    """Of each measure in a summary: its name, the module that made it, what is constant in it, and the rest."""
    for measure, own in frame.groupby("measure"):
        constant = singular(own, ["measure", "system", "method", *SOLVER_SETTINGS, *SETTINGS])
        varying = own.drop(columns=[name for name in constant if name != "method"]).reset_index(drop=True)
        yield measure, SUMMARIES.get(measure, reconstruction), constant, varying


def _listed(head: str, lines: list[str]) -> list[str]:
    """A head with its lines below it; nothing where there are none."""
    return ["\n".join([head, *(filled(line, "  ", "    ") for line in lines)])] if lines else []
