"""Which cell of a job is active, since when each was, and how long each has been."""

import datetime
import time
from collections import defaultdict


class Clock:
    """Time shared out among cells, given by their ids, of which one at a time is active."""

    def __init__(self, first: str):
        self.active = first
        self.started = {first: now()}
        self._spent: dict[str, float] = defaultdict(float)
        self._since = time.perf_counter()

    def activate(self, cell: str) -> None:
        """From now on the time is `cell`'s."""
        self._spent[self.active] += time.perf_counter() - self._since
        self._since = time.perf_counter()
        self.active = cell
        self.started.setdefault(cell, now())

    def spent_s(self, cell: str) -> float:
        """How long `cell` has been active until now."""
        self.activate(self.active)
        return self._spent[cell]


def now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)
