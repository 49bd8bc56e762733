"""A plug-in for the tests of the runner: a measure that ends in every way a measure can end."""

import dataclasses
import os
import signal
import time
from pathlib import Path
from typing import ClassVar

from bench.measure.outcome import Measure, Outcome


@dataclasses.dataclass(frozen=True)
class Misbehave(Measure):
    """Ends as `how` says; `flag` names a file by which a test sees or steers what happens."""

    together: ClassVar[tuple[str, ...]] = ("seed",)

    how: str = "answer"
    seconds: float = 0.0
    flag: str = ""

    def run(self, cells, active):
        for cell in cells:
            active(cell)
            time.sleep(self.seconds)
            yield cell, getattr(self, f"_{self.how}")(cell)

    def _answer(self, cell):
        print("a stray print must not disturb the protocol")
        rows = [{"phase": "forward", "repetition": i, "seconds": 0.5} for i in range(2)]
        return Outcome("ok", {"iterations": 3, "compile_s": 0.25, "temp_bytes": os.getpid()}, {"runtime": rows})

    def _not_converged(self, cell):
        return Outcome("not_converged", {"iterations": 1})

    def _raise(self, cell):
        if cell.seed == 1:
            raise RuntimeError("seed 1 is not liked")
        return Outcome("ok")

    def _memory(self, cell):
        raise MemoryError("RESOURCE_EXHAUSTED: 1 TiB")

    def _exit(self, cell):
        print("about to leave", flush=True)
        os._exit(3)

    def _segfault(self, cell):
        os.kill(os.getpid(), signal.SIGSEGV)

    def _hang(self, cell):
        time.sleep(3600)

    def _killed(self, cell):
        os.kill(os.getpid(), signal.SIGKILL)

    def _killed_once(self, cell):
        if not Path(self.flag).exists():
            Path(self.flag).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return Outcome("ok")

    def _column(self, cell):
        return Outcome("ok", {"colour": "blue"})


@dataclasses.dataclass(frozen=True)
class Silent(Measure):
    """Yields nothing."""

    def run(self, cells, active):
        return iter(())


@dataclasses.dataclass(frozen=True)
class Interleaved(Misbehave):
    """Takes methods together."""

    together: ClassVar[tuple[str, ...]] = ("method",)


@dataclasses.dataclass(frozen=True)
class Patient(Misbehave):
    """Goes on until the run ends, and then gives an answer for each of its cells; `flag` says that it has begun."""

    def run(self, cells, active):
        Path(self.flag).touch()
        while active(cells[0]) > 0:
            time.sleep(0.02)
        yield from ((cell, Outcome("ok")) for cell in cells)


MEASURES = {"interleaved": Interleaved, "misbehave": Misbehave, "patient": Patient, "silent": Silent}
