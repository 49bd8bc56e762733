"""Every failure of a run, and what was skipped, in a line below its tables, with the reason."""

import pandas as pd

from bench.measure.outcome import SKIPPED
from bench.showing.frames.cells import failed
from bench.showing.frames.grouping import singular
from bench.showing.frames.labels import labels
from bench.showing.vocabulary.numbers import tidy
from bench.showing.vocabulary.order import SETTINGS
from bench.showing.vocabulary.symbols import symbol
from bench.text import brief


def failures(cells: pd.DataFrame, limit: int = 10) -> list[str]:
    """One line per failure: which cell, its status and the reason; equal ones are counted.

    Where there would be more than `limit` lines, one per method, status and reason: their cells are in the table.
    """
    return _reasons(cells, failed(cells["status"]), limit)


def skipped(cells: pd.DataFrame, limit: int = 10) -> list[str]:
    """As `failures`, of the cells that were skipped, as their parts do not go together."""
    return _reasons(cells, cells["status"] == SKIPPED, limit)


def _reasons(cells: pd.DataFrame, which: pd.Series, limit: int) -> list[str]:
    chosen = cells[which]
    if chosen.empty:
        return []
    once = singular(cells, SETTINGS)
    varying = [name for name in SETTINGS if name not in once]
    reason = chosen["error_message"].fillna("").astype(str).map(brief)
    what = ": " + chosen["status"].astype(str) + reason.map(lambda text: f", {text}" if text else "")
    where = labels(cells, shown=varying)
    for name in varying:
        where += cells[name].map(lambda value, name=name: "" if pd.isna(value) else f", {symbol(name)}={tidy(value)}")
    counts, unit = (where[chosen.index] + what).value_counts(sort=False), "seeds"
    if len(counts) > limit:
        counts, unit = (chosen["method"] + what).value_counts(sort=False), "cells"
    return [line if count == 1 else f"{line} ({count} {unit})" for line, count in counts.items()]
