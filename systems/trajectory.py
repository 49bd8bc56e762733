"""Trajectories, which every system hands out: standardised values, with the affine map that leads back to physical units."""

import dataclasses

import numpy as np
from jaxtyping import Float

from systems.checks import SPLITS


@dataclasses.dataclass(frozen=True, eq=False)
class Standardisation:
    """`x = (raw - mean) / std`, one pair of numbers per observed variable, in the units of the raw series."""

    mean: Float[np.ndarray, "N"]
    std: Float[np.ndarray, "N"]

    @classmethod
    def identity(cls, N: int) -> "Standardisation":
        """The map that changes nothing: the trajectory is in raw units."""
        return cls(np.zeros(N), np.ones(N))

    @classmethod
    def of(cls, raw: Float[np.ndarray, "T N"], names, *, label: str, resolution, least: float = 0.0) -> "Standardisation":
        """Mean and standard deviation (ddof 0) of `raw`, the series without noise, leaving out NaN.

        Standardising a constant variable would blow up its rounding errors to size 1, so a variable that never changes by more
        than `resolution` times its size, or times `least` if that is more, raises a `ValueError` naming it.
        """
        unseen = np.flatnonzero(np.isnan(raw).all(axis=0))
        if unseen.size:
            raise ValueError(f'{label}: "{names[unseen[0]]}" has no value in any of {len(raw)} rows. Leave it out.')
        low, high = np.nanmin(raw, axis=0), np.nanmax(raw, axis=0)
        size = np.maximum(np.abs(low), np.abs(high))
        constant = np.flatnonzero(high / 2 - low / 2 <= resolution / 2 * np.maximum(least, size))
        if constant.size:
            column = constant[0]
            equal = "" if low[column] == high[column] else ", up to rounding"
            raise ValueError(
                f'{label}: "{names[column]}" is {high[column]:g} in all {len(raw)} rows{equal}, so it cannot be standardised. '
                'Leave it out, or set standardise = "none".'
            )
        # Divided by powers of two, which changes no digit, so that squares stay within the range of numbers.
        exponent = np.frexp(size)[1]
        scaled = np.ldexp(raw, -exponent)
        mean, std = (np.nanmean, np.nanstd) if np.isnan(raw).any() else (np.mean, np.std)
        return cls(np.ldexp(mean(scaled, axis=0), exponent), np.ldexp(std(scaled, axis=0), exponent))

    def apply(self, raw: Float[np.ndarray, "T N"]) -> Float[np.ndarray, "T N"]:
        """Standardised values."""
        return (raw - self.mean) / self.std

    def undo(self, values: Float[np.ndarray, "T N"]) -> Float[np.ndarray, "T N"]:
        """Raw values."""
        return values * self.std + self.mean


@dataclasses.dataclass(frozen=True, eq=False)
class Trajectory:
    """A series sampled every `dt`, standardised by `standardisation`; row t is x_t. The values belong to the caller."""

    values: Float[np.ndarray, "T N"]  # float64
    dt: float  # in the system's unit of time
    standardisation: Standardisation


def add_noise(values: Float[np.ndarray, "T N"], noise: float, seed: int) -> Float[np.ndarray, "T N"]:
    """`values` plus independent N(0, noise²); a longer series starts with the shorter one."""
    if noise == 0:
        return values
    # Beside the seed, 0 and 1 are taken for drawing the starts of the two splits, see `Flow.initial_state`; this is the next one.
    return values + noise * np.random.default_rng([seed, len(SPLITS)]).standard_normal(values.shape)
