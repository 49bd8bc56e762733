"""What all metrics that compare orbits ask of them, and when an orbit counts as diverged."""

import numpy as np
from jaxtyping import ArrayLike, Float, Shaped

ROUNDING = 8 * np.finfo(np.float64).eps  # relative to the size of a variable
DIVERGED = 1e3  # standard deviations of the truth


def as_orbits(
    truth: Shaped[ArrayLike, "T N"], generated: Shaped[ArrayLike, "length N"]
) -> tuple[Float[np.ndarray, "T N"], Float[np.ndarray, "length N"]]:
    """Both orbits in double precision; other shapes, empty orbits and a truth with non-finite values raise `ValueError`."""
    truth, generated = np.asarray(truth, dtype=np.float64), np.asarray(generated, dtype=np.float64)
    if truth.ndim != 2 or generated.ndim != 2 or truth.shape[1] != generated.shape[1] or 0 in truth.shape + generated.shape:
        raise ValueError(
            f"truth has shape {truth.shape} and generated {generated.shape}; wanted (T, N) and (T', N) with the same N >= 1."
        )
    if not np.isfinite(truth).all():
        raise ValueError(f"truth has {np.sum(~np.isfinite(truth))} non-finite values; a true orbit is wanted.")
    return truth, generated


def scales(truth: Float[np.ndarray, "T N"]) -> Float[np.ndarray, "N"]:
    """Standard deviation (ddof 0) of each variable; a truth that does not move, rounding apart, raises `ValueError`."""
    constant = np.flatnonzero(np.ptp(truth, axis=0) <= ROUNDING * np.abs(truth).max(axis=0))
    if constant.size:
        raise ValueError(f"truth: variable {constant[0]} is constant over {len(truth)} rows, so it sets no scale. Leave it out.")
    return truth.std(axis=0)


def diverged(truth: Float[np.ndarray, "T N"], generated: Float[np.ndarray, "length N"]) -> bool:
    """Whether `generated` is anywhere non-finite or more than 10³ standard deviations of `truth` from its mean."""
    with np.errstate(invalid="ignore", over="ignore"):
        within = np.abs(generated - truth.mean(axis=0)) <= DIVERGED * scales(truth)
    return not within.all()  # so that NaN is diverged
