"""How far a training was when, and what it logged there."""

import time

import numpy as np


class TrainingLog:
    """Hears of each block of updates while a training goes on, and when that was."""

    def __init__(self):
        self._began = time.perf_counter()
        self.blocks = []  # (updates done, seconds since the start)

    def __call__(self, done: int, log) -> None:
        self.blocks.append((done, time.perf_counter() - self._began))

    @property
    def first_s(self) -> float:
        """The first block, compiling included."""
        return self.blocks[0][1] if self.blocks else np.nan

    def rows(self, log) -> list[dict]:
        """One row of the table `training` per update.

        Seconds run from the end of the first block, which compiles, and are spread evenly in a block; updates before a training
        was resumed have none.
        """
        done, seconds = zip(*self.blocks, strict=True) if self.blocks else ([len(log.loss)], [np.nan])
        update = np.arange(1, len(log.loss) + 1)
        elapsed = np.interp(update, done, np.asarray(seconds) - seconds[0], left=np.nan)
        return [
            {
                "update": int(u),
                "loss": float(loss),
                "iterations": float(count),
                "gradient_norm": float(norm),
                "alpha": float(alpha),
                "seconds": float(s),
            }
            for u, loss, count, norm, alpha, s in zip(
                update, log.loss, log.iterations, log.gradient_norm, log.alpha, elapsed, strict=True
            )
        ]
