"""Times of solves of recurrences beside those of the step-by-step scan on the same recurrence, call by call in turn.

The time of a solve counts where its rule was met. Where errors grow the trajectory may be wrong all the same, as it would be in
any other order of operations; what it is off by stands beside the time.
"""

import pandas as pd

from bench.showing.frames.grouping import triple
from bench.showing.frames.speedups import compared
from bench.showing.vocabulary.order import BASELINES


class Turns:
    """Finds the timed calls of cells, and those of the sequential scans on the same problems."""

    def __init__(self, tables, found: pd.DataFrame):
        """`found` is what `predictability.solves` gives."""
        columns = ["cell", "attempt", "job", "seed", "problem", "method"]
        self._calls = tables["runtime"].merge(found[found["met"]].reindex(columns=columns), on=["cell", "attempt"])

    def of(self, members: pd.DataFrame) -> dict:
        """Seconds of some rows of `found` as a triple, and their speed-ups over the scan, the usual one and the strongest."""
        calls = self._calls
        own = calls[calls["cell"].isin(members["cell"])]
        beside = calls[calls["problem"].isin(own["problem"]) & calls["method"].isin(BASELINES)]
        scans = {method: rows for method, rows in beside.groupby("method")}
        # of the scan itself the very same rows: a method is as fast as itself
        scans = {method: own if members["method"].eq(method).all() else rows for method, rows in scans.items()}
        return triple("forward_s", own["seconds"]) | compared(scans, own)
