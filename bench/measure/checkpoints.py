"""A training that was killed goes on where it was last kept: one file of plain arrays per job, replaced as a whole."""

import dataclasses
import hashlib
import sys
import time
import zipfile
import zlib
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
    """

    path: Path
    every_s: float = EVERY_S
    kept_s: float = dataclasses.field(default_factory=time.monotonic)

    @classmethod
    def of(cls, cells, folder: Path) -> "Checkpoints":
        name = hashlib.sha256(" ".join(cell.id for cell in cells).encode()).hexdigest()[:16]
        return cls(folder / f"{name}.npz")

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
        """Write it, unless the last one is recent enough."""
        if time.monotonic() - self.kept_s < self.every_s:
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
