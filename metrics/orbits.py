"""Checks that all metrics share which compare orbits, and when an orbit counts as diverged."""

import numpy as np
from jaxtyping import ArrayLike, Float, Shaped

from registry import UnknownName, suggest

ROUNDING = 8 * np.finfo(np.float64).eps  # relative to the size of a variable
DIVERGED = 1e3  # standard deviations of the truth


MISSING = ("refuse", "mask")


def as_orbits(
    truth: Shaped[ArrayLike, "T N"], generated: Shaped[ArrayLike, "length N"], missing: str = "refuse"
) -> tuple[Float[np.ndarray, "T N"], Float[np.ndarray, "length N"]]:
    """Both orbits in double precision. Wrong shapes, empty orbits and a truth that is not finite raise `ValueError`.

    missing  "mask": NaN in the truth is allowed, and marks a value that was not observed
    """
    if missing not in MISSING:
        raise UnknownName(f'missing = "{missing}": no such choice.{suggest(str(missing), MISSING)} Known: {", ".join(MISSING)}.')
    truth, generated = np.asarray(truth, dtype=np.float64), np.asarray(generated, dtype=np.float64)
    if truth.ndim != 2 or generated.ndim != 2 or truth.shape[1] != generated.shape[1] or 0 in truth.shape + generated.shape:
        raise ValueError(
            f"truth has shape {truth.shape} and generated {generated.shape}; wanted (T, N) and (T', N) with the same N >= 1."
        )
    wrong = np.isinf(truth) if missing == "mask" else ~np.isfinite(truth)
    if wrong.any():
        raise ValueError(f"truth has {np.sum(wrong)} non-finite values; a true orbit is wanted.")
    return truth, generated


def observed(x: Float[np.ndarray, "rows d"]) -> Float[np.ndarray, "seen d"]:
    """The rows without a missing value; raises `ValueError` if there are none."""
    seen = x[~np.isnan(x).any(axis=1)]
    if not len(seen):
        raise ValueError(f"truth: none of {len(x)} rows is observed in full, so nothing can be compared. Take fewer variables.")
    return seen


def scales(truth: Float[np.ndarray, "T N"]) -> Float[np.ndarray, "N"]:
    """Standard deviation (ddof 0) of each variable; one that is constant up to rounding raises `ValueError`."""
    unseen = np.flatnonzero(np.isnan(truth).all(axis=0))
    if unseen.size:
        raise ValueError(f"truth: variable {unseen[0]} has no value in any of {len(truth)} rows. Leave it out.")
    low, high = np.nanmin(truth, axis=0), np.nanmax(truth, axis=0)
    constant = np.flatnonzero(high - low <= ROUNDING * np.maximum(np.abs(low), np.abs(high)))
    if constant.size:
        raise ValueError(f"truth: variable {constant[0]} is constant over {len(truth)} rows, so it sets no scale. Leave it out.")
    return np.nanstd(truth, axis=0) if np.isnan(truth).any() else truth.std(axis=0)


def diverged(truth: Float[np.ndarray, "T N"], generated: Float[np.ndarray, "length N"]) -> bool:
    """Whether `generated` is anywhere not finite, or more than 10³ standard deviations of `truth` away from its mean."""
    spread = scales(truth)
    with np.errstate(invalid="ignore", over="ignore"):
        within = np.abs(generated - np.nanmean(truth, axis=0)) <= DIVERGED * spread
    return not within.all()  # written so that NaN counts as diverged
