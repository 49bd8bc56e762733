"""Distance of power spectra: do two orbits oscillate alike?"""

import numpy as np
from jaxtyping import ArrayLike, Float
from scipy.ndimage import gaussian_filter1d

from metrics.metric import Metric
from metrics.orbits import as_orbits, diverged, scales
from references.papers import MIKHAEIL2022

RADIUS = 4  # standard deviations at which the smoothing kernel is cut
AT_REST = 1e-6  # of the truth's standard deviation: what moves less than that is rounding about a fixed point


def rows_needed(smoothing: float = 20.0) -> int:
    """The fewest rows whose spectrum has enough frequencies for this smoothing."""
    return 2 * max(1, round(RADIUS * smoothing))


def power_spectrum_distance(
    truth: Float[ArrayLike, "T N"], generated: Float[ArrayLike, "length N"], *, smoothing: float = 20.0
) -> float:
    """Hellinger distance D_H of smoothed power spectra, in [0, 1], mean over variables. Smaller is better, symmetric.

    For each variable the spectra p and q are made: standardise, take |rfft|², smooth by a Gaussian whose standard deviation is
    `smoothing` frequency bins, with reflecting borders, and normalise to sum 1. Then H = √(1 - Σ √(p q)). The longer orbit is cut
    to the shorter, T rows. As the smoothing is in bins, D_H depends on T: compare equal T only, 10⁴ rows or more. Identical
    orbits give 0 up to rounding (1e-8).

    A variable at rest in `generated` has no spectrum and scores 1. A diverged orbit gives inf. Raises `ValueError` for a constant
    truth, and for fewer rows than `rows_needed`. Mikhaeil et al. 2022, arXiv:2110.07238.
    """
    truth, generated = as_orbits(truth, generated)
    T = min(len(truth), len(generated))
    if T < (least := rows_needed(smoothing)):
        frequencies = f"{T // 2 + 1} frequencies; smoothing = {smoothing} needs more than {least // 2}"
        raise ValueError(f"{T} rows have {frequencies}. Give at least {least} rows, or smooth less.")
    if diverged(truth, generated):
        return np.inf
    truth, generated = truth[:T], generated[:T]
    moving = generated.std(axis=0) > AT_REST * scales(truth)
    distance = np.ones(truth.shape[1])
    p, q = _spectrum(truth[:, moving], smoothing), _spectrum(generated[:, moving], smoothing)
    distance[moving] = np.sqrt(np.maximum(0, 1 - np.sqrt(p * q).sum(axis=0)))
    return float(distance.mean())


def _spectrum(x: Float[np.ndarray, "T N"], smoothing: float) -> Float[np.ndarray, "frequencies N"]:
    power = np.abs(np.fft.rfft((x - x.mean(axis=0)) / x.std(axis=0), axis=0)) ** 2
    if smoothing > 0:
        power = gaussian_filter1d(power / power.sum(axis=0), smoothing, axis=0, mode="reflect", truncate=RADIUS)
    return power / power.sum(axis=0)


METRICS = {
    "power_spectrum_hellinger": Metric(
        power_spectrum_distance,
        unit="1",
        higher_is_better=False,
        references=(MIKHAEIL2022,),
        summary="Hellinger distance of the power spectra of two orbits, from 0 to 1: smaller is better",
    )
}
