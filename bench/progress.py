"""What a run shows while it goes on: a bar with the remaining time on a terminal, a line per cell elsewhere."""

import sys

from bench.cell import Cell
from bench.executors.local import Finished


def describe(cell: Cell) -> str:
    """One cell in one line: what it asks, without the defaults."""
    given = {**cell.system_parameters, **cell.measure_parameters, **cell.method_parameters}
    extras = "".join(f" {key}={value}" for key, value in given.items())
    return f"{cell.method} {cell.system} T={cell.T} batch={cell.batch}{extras} {cell.dtype} seed={cell.seed}"


class Progress:
    """Tells how far a run of `total` cells is, on standard error."""

    def __init__(self, total: int):
        self._total = total
        self._count = 0
        self._failed = 0
        self._bar = None

    def __enter__(self):
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
            from rich.progress import Progress as Bar

            columns = (
                MofNCompleteColumn(),
                BarColumn(),
                TimeElapsedColumn(),
                TextColumn("left"),
                TimeRemainingColumn(),
                TextColumn("{task.description}"),
            )
            self._bar = Bar(*columns, console=Console(stderr=True))
            self._task = self._bar.add_task("starting", total=self._total)
            self._bar.start()
        return self

    def __exit__(self, *_):
        if self._bar:
            self._bar.stop()

    def finished(self, finished: Finished) -> None:
        """Count one attempt; those that fail stay on the screen."""
        self._count += finished.final
        line = f"{finished.status} {describe(finished.cell)} {finished.wall_s:.1f} s"
        line += "" if finished.final else ", or killed from outside: will be tried once more"
        if self._bar is None:
            print(f"[{self._count}/{self._total}] {line}", file=sys.stderr, flush=True)
            return
        if finished.status != "ok":
            self._bar.console.print(line, markup=False, highlight=False)
        self._failed += finished.final and finished.status != "ok"
        failed = f"{self._failed} failed, " if self._failed else ""
        self._bar.update(self._task, completed=self._count, description=failed + describe(finished.cell))
