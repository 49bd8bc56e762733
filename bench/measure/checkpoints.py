"""A training that was killed goes on where it was last kept: one file of plain arrays per job, replaced as a whole."""

import dataclasses
import hashlib
import math
import sys
import time
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

from bench import files
from methods.training.checkpoint import Checkpoint
from methods.training.updates import Log

EVERY_S = 60.0  # between two that are kept


@dataclasses.dataclass
class Checkpoints:
    """The file in which the training of one job is kept.

    It is named after the cells of the job. Whether their settings and data are still those that it was kept for is asked when it
    is loaded.

    left_s  says how many seconds are left until the run ends: the last one before is kept, however recent the one before it is
    """

    path: Path
    every_s: float = EVERY_S
    left_s: Callable[[], float] = lambda: math.inf
    kept_s: float = dataclasses.field(default_factory=time.monotonic)
    offered_s: float = dataclasses.field(default_factory=time.monotonic)

    @classmethod
    def of(cls, cells, folder: Path, left_s: Callable[[], float]) -> "Checkpoints":
        name = hashlib.sha256(" ".join(cell.id for cell in cells).encode()).hexdigest()[:16]
        return cls(folder / f"{name}.npz", left_s=left_s)

    def load(self, question: str) -> Checkpoint | None:
        """The last one of this question; None, and a line in the log, where it cannot be read or is of another question."""
        try:
            with np.load(self.path) as stored:
                states = [stored[name] for name in sorted(stored) if name.startswith("state")]
                found = Checkpoint(states, Log(*(stored[name] for name in Log._fields)), str(stored["question"]))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            self._say(f"cannot be read ({type(error).__name__}: {error})")
            return None
        if found.question != question:
            self._say("is of another question: settings or data have changed since it was kept")
            return None
        return found

    def _say(self, problem: str) -> None:
        print(f"checkpoint {self.path} {problem}; the training starts anew.", file=sys.stderr, flush=True)

    def keep(self, checkpoint: Checkpoint) -> None:
        """Write it, unless the last one is recent enough and another will be offered before the run ends."""
        now = time.monotonic()
        apart, self.offered_s = now - self.offered_s, now
        if now - self.kept_s < self.every_s and self.left_s() > apart:
            return
        arrays = {f"state{i:03d}": array for i, array in enumerate(checkpoint.arrays)} | checkpoint.log._asdict()
        arrays["question"] = np.array(checkpoint.question)

        def write(temporary):
            with open(temporary, "wb") as file:  # given a name, numpy would add an ending to it
                np.savez(file, **arrays)

        files.replace(self.path, write)
        self.kept_s = time.monotonic()

    def forget(self) -> None:
        self.path.unlink(missing_ok=True)
