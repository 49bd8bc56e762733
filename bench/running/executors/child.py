"""One worker process: started fresh, spoken to in JSON lines, killed with everything it started."""

import dataclasses
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from bench.clock import now
from bench.errors import UserError, say
from bench.running.protocol import Job, Orders
from bench.storage.rows import Context

START_S = 300.0  # importing jax and finding a GPU, on a cluster's slow disk
LOG_LINES = 15
TICK_S = 1.0  # how long nobody is told anything


class Died(Exception):
    """The worker is gone; `code` is its exit code, minus the signal's number if a signal ended it."""

    def __init__(self, code: int):
        super().__init__(code)
        self.code = code

    def __str__(self):
        if self.code >= 0:
            return f"The worker ended with exit code {self.code}"
        return f"The worker was ended by {signal.Signals(-self.code).name} (signal {-self.code})"


class Child:
    """A running worker process.

    context  what it said of itself when it was ready: its device and its environment
    """

    def __init__(self, orders: Orders, out: Path, meanwhile: Callable[[], None]):
        """Start it and wait until it is ready, calling `meanwhile` about once a second."""
        logs = out / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        self.log = logs / f"{now():%Y%m%dT%H%M%S%f}Z-{os.getpid()}.log"
        orders = dataclasses.replace(orders, context=orders.context | {"log": f"{logs.name}/{self.log.name}"})
        with open(self.log, "wb") as log:
            self._process = subprocess.Popen(
                # -P: a `metrics.py` in the folder where the user happens to be must not take the place of ours
                [sys.executable, "-P", "-m", "bench.running.worker", json.dumps(dataclasses.asdict(orders))],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                encoding="utf-8",
                # its own process group: Ctrl-C reaches the runner alone, and a kill reaches whatever the worker has started
                start_new_session=True,
            )
        self._messages: queue.Queue = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()
        try:
            started = self._started(meanwhile)
            self.context = Context(**started["ready"])
        except (Died, queue.Empty) as error:
            self.kill()
            problem = f"did not answer within {START_S:g} s" if isinstance(error, queue.Empty) else str(error)
            raise UserError(f"No worker could be started: {problem}. Its last lines ({self.log}):\n{self.last_lines()}") from None
        except BaseException:
            self.kill()
            raise
        for notice in started.get("notices", ()):
            say(notice)

    def send(self, job: Job, left_s: float) -> None:
        """Hand a job over, with the seconds after which nobody waits for it any more."""
        self._tell({"cells": [dataclasses.asdict(cell) for cell in job.cells], "left_s": left_s})

    def stop(self) -> None:
        """Ask it to hand over what is there: it is ended soon."""
        self._tell({"stop": True})

    def _tell(self, order: dict) -> None:
        try:
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # it has died: `receive` says so

    def receive(self, timeout_s: float) -> dict:
        """The next message; `queue.Empty` if none comes in time, `Died` if none will come."""
        message = self._messages.get(timeout=max(timeout_s, 0.001))
        if message is None:
            self._messages.put(None)
            raise Died(self._process.wait())
        return message

    def _started(self, meanwhile: Callable[[], None]) -> dict:
        end = time.monotonic() + START_S
        while True:
            meanwhile()
            try:
                return self.receive(min(TICK_S, end - time.monotonic()))
            except queue.Empty:
                if time.monotonic() > end:
                    raise

    def alive(self) -> bool:
        return self._process.poll() is None

    def last_lines(self) -> str:
        """The end of what the worker has printed."""
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_LINES:])

    def kill(self) -> None:
        """End it now, in whatever state it is; an empty log goes with it."""
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass  # it has ended and left nothing behind
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            try:
                pipe.close()
            except BrokenPipeError:
                pass
        if self.log.exists() and self.log.stat().st_size == 0:
            self.log.unlink()

    def _listen(self) -> None:
        try:
            for line in self._process.stdout:
                self._messages.put(json.loads(line))
        except ValueError:
            pass  # half a line of a dying worker, or a pipe closed by `kill`
        self._messages.put(None)
