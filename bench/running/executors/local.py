"""Jobs on this machine, one worker at a time: nothing else runs beside a timed cell."""

import queue
import time
from collections import deque
from collections.abc import Iterator

from bench.clock import Clock
from bench.measure.outcome import Outcome
from bench.question.cell import Cell
from bench.running.alone import Alone
from bench.running.claims import Claims
from bench.running.executors.child import TICK_S, Child, Died
from bench.running.protocol import Finished, Job, Plan
from bench.storage import store
from bench.storage.rows import failure, rows

SIGKILL = -9
GRACE_S = 5.0  # for a worker to hand over what is there when a run is interrupted; another interruption ends it at once


def run(jobs: list[Job], plan: Plan) -> Iterator[Finished]:
    """Answer one job after the other; each attempt is on the disk before it is reported. Closing the iterator ends the worker."""
    local = _Local(jobs, plan)
    try:
        yield from local.answers()
    finally:
        local.close()


def _finished(cell: Cell, message: dict) -> Finished:
    """What the worker says of an attempt that it has written."""
    return Finished(cell, message["status"], message["wall_s"], reason=message["reason"])


class Spent(Exception):
    """The budget is over in the middle of a job."""


class _Local:
    def __init__(self, jobs: list[Job], plan: Plan):
        self._plan = plan
        self._claims = Claims(plan.out)
        self._machine = Alone()
        self._child: Child | None = None
        self._queue = deque(jobs)
        self._killed: set[str] = set()

    def answers(self) -> Iterator[Finished]:
        while self._queue and self._plan.left_s() > 0 and self._machine.take(self._may_wait):
            cells = self._claim(self._queue.popleft().cells)
            if cells:
                yield from self._answer(cells)
                self._release(cells)
                if self._plan.isolation == "cell":
                    self._end_child()
            self._machine.give()

    def close(self) -> None:
        self._end_child()
        self._claims.release_all()
        self._machine.give()

    def _may_wait(self) -> bool:
        self._plan.doing("waiting for another run on this machine, as one job at a time is measured")
        return self._plan.left_s() > 0

    def _claim(self, cells: tuple[Cell, ...]) -> dict[str, Cell]:
        """Those of the cells that nobody else runs or has answered."""
        mine = {cell.id: cell for cell in cells if self._claims.claim(cell.id)}
        # looked up after claiming: whoever answered a cell wrote the attempt before giving up the claim
        latest = store.latest(self._plan.out, mine)
        answered = {cell for cell in mine if latest.get(cell) != self._plan.known.get(cell)}
        self._release(answered)
        return {cell: mine[cell] for cell in mine if cell not in answered}

    def _release(self, cells) -> None:
        for cell in cells:
            self._claims.release(cell)

    def _answer(self, cells: dict[str, Cell]) -> Iterator[Finished]:
        """One job: follow the worker's messages until every cell is written or put back into the queue."""
        if self._child is None or not self._child.alive():
            self._end_child()
            self._child = Child(self._plan.orders, self._plan.out, lambda: self._plan.doing("starting a worker"))
        waiting = dict(cells)
        clock = Clock(next(iter(cells)))
        self._child.send(Job(tuple(cells.values())), self._plan.left_s())
        while True:
            try:
                message = self._next(clock, cells)
            except Spent:  # the rest stays without an answer; the same command goes on from here
                self._end_child()
                return
            except KeyboardInterrupt:
                yield from self._handed_over(waiting)
                raise
            except (TimeoutError, Died) as end:
                waiting.pop(clock.active, None)
                yield from self._blame(cells[clock.active], end, clock)
                self._put_back(waiting.values())
                return
            if "active" in message:
                clock.activate(message["active"])
            elif "written" in message:
                yield _finished(waiting.pop(message["written"]), message)
                if message["status"] == "out_of_memory":  # what the allocator still holds must not fail the next cell
                    self._end_child()
                    self._put_back(waiting.values())
                    return
            elif message["singly"]:
                self._end_child()
                for cell in reversed(waiting.values()):
                    self._put_back([cell])
                return
            else:
                self._put_back(waiting.values())
                return

    def _handed_over(self, waiting: dict[str, Cell]) -> Iterator[Finished]:
        """What the worker writes down of its job when it is told that the run is interrupted."""
        self._plan.doing("interrupted: keeping what is there")
        self._child.stop()
        end = time.monotonic() + GRACE_S
        while waiting and time.monotonic() < end:
            try:
                message = self._child.receive(end - time.monotonic())
            except (queue.Empty, Died):
                return
            if "written" in message:
                yield _finished(waiting.pop(message["written"]), message)
            elif "done" in message:
                return

    def _next(self, clock: Clock, cells: dict[str, Cell]) -> dict:
        """The worker's next message; `TimeoutError` when the active cell has used up its time, `Spent` when the run has."""
        while True:
            if self._plan.left_s() <= 0:
                raise Spent
            self._claims.beat()
            self._plan.doing(cells[clock.active])
            left = self._plan.timeout_s - clock.spent_s(clock.active)
            if left <= 0:
                raise TimeoutError(f"stopped after {self._plan.timeout_s:g} s")
            try:
                return self._child.receive(min(left, TICK_S))
            except queue.Empty:
                pass

    def _blame(self, cell: Cell, end: TimeoutError | Died, clock: Clock) -> Iterator[Finished]:
        """End the worker and write the row that it cannot write any more."""
        outcome = self._post_mortem(end)
        context = self._child.context
        self._end_child()
        if store.latest(self._plan.out, [cell.id]).get(cell.id) != self._plan.known.get(cell.id):
            return  # the attempt was on the disk when the worker went, only its message was lost
        wall_s = clock.spent_s(cell.id)
        # The kernel kills without a word when memory runs out, and so does a person. A person seldom does it twice.
        again = isinstance(end, Died) and end.code == SIGKILL and cell.id not in self._killed
        if again:
            self._killed.add(cell.id)
            self._queue.append(Job((cell,)))
        else:
            store.write(self._plan.out, cell.id, rows(cell, outcome, context, started=clock.started[cell.id], wall_s=wall_s))
        yield Finished(cell, outcome.status, wall_s, final=not again, reason=outcome.columns["error_message"])

    def _post_mortem(self, end: TimeoutError | Died) -> Outcome:
        if isinstance(end, TimeoutError):
            return failure("timeout", "TimeoutError", f"{end}.")
        lines = self._child.last_lines()
        message = f"{end}." + (f" Its last lines:\n{lines}" if lines else "")
        if end.code != SIGKILL:
            return failure("crashed", "Died", message)
        return failure("out_of_memory", "Died", f"Out of memory, or killed twice from outside: {message}")

    def _put_back(self, cells) -> None:
        """Put cells that got no answer to the front of the queue, as one job, since they were measured together for a reason."""
        if cells:
            self._queue.appendleft(Job(tuple(cells)))

    def _end_child(self) -> None:
        if self._child is not None:
            self._child.kill()
            self._child = None
