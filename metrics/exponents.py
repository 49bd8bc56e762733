"""Lyapunov exponents with their errors, from how much directions grow in each step of an orbit.

An exponent is a mean over time, and a mean over a finite time has an error. Growth in one step depends on growth in the steps
before it, so that the scatter of single steps says little about that error. Means over long blocks of steps are nearly
independent of each other, and their scatter is what the error is taken from.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import ArrayLike, Float

# Blocks into which time is cut. Fewer would leave the scatter itself uncertain, more would make the blocks short.
BLOCKS = 16
# By how many nats drawn directions may grow more than others by mere luck: a first part, and one more for each direction.
LUCK = 10.0, 3.0


class Exponents(NamedTuple):
    """Leading Lyapunov exponents of one orbit `(count,)` or of several `(S, count)`, with their standard errors.

    NaN where they are not defined: without a step, or where the orbit is not finite. -inf for a direction that a step maps to 0.
    """

    per_step: Float[np.ndarray, "... count"]  # natural logarithm of growth per step
    error: Float[np.ndarray, "... count"]  # standard error of `per_step`, from blocks of time; NaN with fewer than 4 steps
    steps: int  # how many steps the means are over
    dt: float = 1.0  # time between steps

    @property
    def per_time(self) -> Float[np.ndarray, "... count"]:
        """The exponents per unit of time, as flows are described by."""
        return self.per_step / self.dt

    @property
    def error_per_time(self) -> Float[np.ndarray, "... count"]:
        """Standard errors of `per_time`."""
        return self.error / self.dt

    @classmethod
    def of_growth(cls, logs: Float[np.ndarray, "T ... count"], dt: float = 1.0) -> "Exponents":
        """The means over time of `logs`, the logarithms by which each direction grew in each step.

        The error is the scatter of the means over 16 blocks of equal length, divided by √16; below 32 steps blocks are of two
        or three steps. It leaves out what all blocks have in common: an orbit that has not yet reached its attractor, and the
        time that directions take to turn to where growth is fastest, which costs about (log a)/T.
        """
        logs = np.asarray(logs, dtype=np.float64)
        T = len(logs)
        undefined = np.full(logs.shape[1:], np.nan)
        if not T:
            return cls(undefined, undefined, 0, dt)
        mean, count = logs.mean(axis=0), min(BLOCKS, T // 2)
        if count < 2:
            return cls(mean, undefined, T, dt)
        with np.errstate(invalid="ignore"):  # -inf less -inf, for a direction that died
            means = np.stack([block.mean(axis=0) for block in np.array_split(logs, count)])
            error = means.std(axis=0, ddof=1) / np.sqrt(count)
        return cls(mean, error, T, dt)


def first_directions(M: int, count: int) -> Float[np.ndarray, "2 M count"]:
    """Directions to follow without a transient: those that define exponents over a finite time, and drawn ones."""
    fixed = np.eye(M, count) if count > 1 else np.full((M, 1), M**-0.5)
    return np.stack([fixed, drawn(M, count)])


def drawn(M: int, count: int) -> Float[np.ndarray, "M count"]:
    """Orthonormal directions, drawn from a fixed seed, which no map has a reason to carry into themselves."""
    return np.linalg.qr(np.random.default_rng(0).standard_normal((M, count)))[0]


def orthonormal(start: Float[ArrayLike, "M count"], M: int, count: int) -> Float[np.ndarray, "M count"]:
    """Orthonormal directions that span what the columns of `start` do, the first of them along the first column."""
    start = np.asarray(start, dtype=np.float64)
    if start.shape != (M, count):
        raise ValueError(f"start has shape {start.shape}; wanted (M, count) = {(M, count)}, one column for each exponent.")
    Q, R = np.linalg.qr(start)
    if not (np.abs(np.diagonal(R)) > M * np.finfo(float).eps * np.abs(start).max()).all():
        raise ValueError("start: its columns are not finite, or not independent of each other. Take others, or none.")
    return Q


def best(logs: Float[np.ndarray, "T starts count"]) -> Float[np.ndarray, "T count"]:
    """Growth from the first start, or from the drawn one if the volumes that its directions span grow far more.

    logs  growth in each step, from each start; the drawn one comes last, and may be the only one
    """
    total = logs.sum(axis=0)
    if len(total) > 1:
        with np.errstate(invalid="ignore"):
            gain = np.cumsum(total[-1]) - np.cumsum(total[0])
        luck, each = LUCK
        if not (gain > luck + each * np.arange(1, len(gain) + 1)).any():
            return logs[:, 0]
    return logs[:, -1, np.argsort(-total[-1], kind="stable")]
