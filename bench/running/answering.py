"""One job in a worker: its cells are measured, and each leaves an attempt on the disk as soon as it has an outcome."""

import math
import secrets
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from bench.clock import Clock
from bench.measure.disturbance import Load
from bench.measure.outcome import Outcome
from bench.question.cell import Cell
from bench.storage import store
from bench.storage.rows import Context, failure, rows

MARGIN_S = 3.0  # before the budget ends: enough to write down what is there


def _never() -> bool:
    return False


def answer(
    cells: list[Cell], context: Context, out: Path, send, left_s: float = math.inf, stopped: Callable[[], bool] = _never
) -> bool:
    """Measure one job and write an attempt for each of its cells as soon as it is there.

    An exception is the outcome of the active cell; the others are left for another try. Returns whether that must be one by
    one: running out of memory together says nothing about any one of them.

    left_s   after which the process will be ended, whatever it does
    stopped  says whether it will be ended very soon, since the run is interrupted
    """
    job = JobUnderWay(cells, context, out, send, left_s, stopped)
    try:
        _precision(cells[0].dtype)
        for cell in cells:
            cell.made_from  # noqa: B018  (what it holds now, not when it is over)
        measure = cells[0].build_measure()
        scratch = {"scratch": out / "checkpoints"} if measure.resumes else {}
        for cell, outcome in measure.run(cells, job.active, **scratch):
            try:
                job.write(cell, outcome)
            except (KeyError, TypeError, ValueError) as error:  # rows that fit no table, not the active cell, are to blame
                traceback.print_exc()
                job.write(cell, _failure(error))
    except Exception as error:
        traceback.print_exc()
        outcome = _failure(error)
        if outcome.status == "out_of_memory" and len(cells) > 1:
            return True
        job.blame(outcome)
        return False
    for cell in list(job.waiting.values()):
        job.write(cell, failure("error", "MissingOutcome", f'measure "{cell.measure}" ended without an outcome for this cell.'))
    return False


class JobUnderWay:
    """Cells that are measured together: which of them is active, which wait for their outcome, and what the executor is told."""

    def __init__(self, cells: list[Cell], context: Context, out: Path, send, left_s: float, stopped: Callable[[], bool]):
        self.waiting = {cell.id: cell for cell in cells}
        self._first = cells[0].id
        self._clock, self._load, self._name = Clock(self._first), Load(), secrets.token_hex(8)
        self._context, self._out, self._send = context, out, send
        self._deadline, self._stopped = time.monotonic() + left_s - MARGIN_S, stopped

    def active(self, cell: Cell) -> float:
        """From now on the time is this cell's, and it is blamed for a crash; the seconds until all answers must be there."""
        if cell.id != self._clock.active:
            self._send({"active": cell.id})
        self._clock.activate(cell.id)
        return 0.0 if self._stopped() else self._deadline - time.monotonic()

    def write(self, cell: Cell, outcome: Outcome) -> None:
        """Put an attempt on the disk, and then say so."""
        wall_s = self._clock.spent_s(cell.id)
        started = self._clock.started.get(cell.id, self._clock.started[self._first])
        found = rows(cell, outcome, self._context, started=started, wall_s=wall_s, load=self._load, job=self._name)
        store.write(self._out, cell.id, found)
        del self.waiting[cell.id]
        reason = outcome.columns.get("error_message") or ""
        self._send({"written": cell.id, "status": outcome.status, "wall_s": wall_s, "reason": reason})

    def blame(self, outcome: Outcome) -> None:
        """Give the active cell an outcome, unless it has one."""
        if self._clock.active in self.waiting:
            self.write(self.waiting[self._clock.active], outcome)


def _failure(error: Exception) -> Outcome:
    text = str(error.args[0] if isinstance(error, KeyError) and error.args else error)
    out_of_memory = isinstance(error, MemoryError) or "RESOURCE_EXHAUSTED" in text or "out of memory" in text.lower()
    return failure("out_of_memory" if out_of_memory else "error", type(error).__name__, text)


def _precision(dtype: str) -> None:
    """Let jax have 64 bits where the cell asks for them, and only there."""
    import jax

    jax.config.update("jax_enable_x64", dtype == "float64")
