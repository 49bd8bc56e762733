"""What a run shows while it goes on: what is running, since when, and how long it will still take.

On a terminal that is a bar; elsewhere, as in the log of a cluster, lines.
"""

import datetime
import sys
import time

from bench.measure.outcome import FAILED
from bench.question.cell import Cell
from bench.running.protocol import Finished
from bench.running.remaining import Remaining
from bench.text import first_line, in_words

FIRST_S = 2.0  # until the first line
QUIET_S = 10.0  # off a terminal: the longest silence, and the shortest time before a line that says what is running


def describe(cell: Cell) -> str:
    """One cell in one line: what it asks, without the defaults."""
    given = {**cell.system_parameters, **cell.measure_parameters, **cell.method_parameters}
    extras = "".join(f" {key}={value}" for key, value in given.items())
    return f"{cell.method} {cell.system} T={cell.T} batch={cell.batch}{extras} {cell.dtype} seed={cell.seed}"


class Progress:
    """Tells how far a run of `total` cells is, on standard error."""

    def __init__(self, total: int, remaining: Remaining):
        self._total = total
        self._remaining = remaining
        self._count = 0
        self._failed = 0
        self._what: str | Cell = "starting"
        self._since = time.monotonic()
        self._told = self._since - QUIET_S + FIRST_S
        self._started = datetime.datetime.now()
        self._bar = None

    def __enter__(self):
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
            from rich.progress import Progress as Bar

            columns = (MofNCompleteColumn(), BarColumn(), TimeElapsedColumn(), TextColumn("{task.description}", markup=False))
            self._bar = Bar(*columns, console=Console(stderr=True))
            self._task = self._bar.add_task("starting", total=self._total)
            self._bar.start()
        return self

    def __exit__(self, *_):
        if self._bar:
            self._bar.stop()

    def doing(self, what: str | Cell) -> None:
        """Show what is going on now, a cell or a text; call it about once a second."""
        now = time.monotonic()
        if what != self._what:
            self._what, self._since, self._started = what, now, datetime.datetime.now()
        if self._bar:
            failed = f"{self._failed} failed, " if self._failed else ""
            self._bar.update(self._task, description=f"{failed}{self._now(now)}")
        elif now - self._told >= QUIET_S:
            self._told = now
            print(f"[{self._count}/{self._total}] {self._now(now)}", file=sys.stderr, flush=True)

    def finished(self, finished: Finished) -> None:
        """Count one attempt; those that fail stay on the screen, with the reason."""
        self._count += finished.final
        if finished.final:
            self._remaining.finished(finished.cell.id, finished.wall_s)
        line = f"{finished.status} {describe(finished.cell)} {finished.wall_s:.1f} s"
        line += "" if finished.final else ", or killed from outside: will be tried once more"
        line += f": {first_line(finished.reason)}" if finished.reason and finished.status != "ok" else ""
        if self._bar is None:
            self._told = time.monotonic()
            print(f"[{self._count}/{self._total}] {line}", file=sys.stderr, flush=True)
            return
        if finished.status != "ok":
            self._bar.console.print(line, markup=False, highlight=False)
        self._failed += finished.final and finished.status in FAILED
        self._bar.update(self._task, completed=self._count)

    def _now(self, now: float) -> str:
        running = now - self._since if isinstance(self._what, Cell) else 0.0
        left = self._remaining.seconds(running)
        left = f"; about {in_words(left)} left" if left is not None else ""
        text = f"running {describe(self._what)}" if isinstance(self._what, Cell) else self._what
        return f"{text}, since {self._started:%H:%M:%S} ({in_words(now - self._since)}){left}"
