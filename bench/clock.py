"""Whose turn it is, since when, and how long each has had."""

import datetime
import time
from collections import defaultdict


class Clock:
    """Time shared out among cells that take turns. Cells are given by their ids."""

    def __init__(self, first: str):
        self.active = first
        self.started = {first: now()}
        self._spent: dict[str, float] = defaultdict(float)
        self._since = time.perf_counter()

    def turn(self, cell: str) -> None:
        """From now on the time is `cell`'s."""
        self._spent[self.active] += time.perf_counter() - self._since
        self._since = time.perf_counter()
        self.active = cell
        self.started.setdefault(cell, now())

    def spent_s(self, cell: str) -> float:
        """What `cell` has had until now."""
        self.turn(self.active)
        return self._spent[cell]


def now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)
