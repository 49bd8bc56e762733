"""The user's own series, from a file."""

import dataclasses
from typing import ClassVar

import numpy as np
from jaxtyping import Float

from systems.checks import SPLITS, STANDARDISE, check_at_least, check_choice
from systems.series import SeriesError, read_series
from systems.trajectory import Standardisation, Trajectory, add_noise


@dataclasses.dataclass(frozen=True, kw_only=True)
class File:
    """A measured series from `.npy`, `.npz` (one array), `.csv` or `.parquet`, shape (time, variables) or (time,).

    The last `test_fraction` of the rows is the test split, unless `test_path` names a file of its own; nothing is shuffled.
    """

    name: ClassVar[str] = "file"

    path: str = ""
    test_path: str = ""
    columns: str = ""  # comma separated: names for .csv and .parquet, 0-based numbers for arrays; "": all
    every: int = 1  # keep one row in `every`
    dt: float = 1.0  # time between the rows of the file
    test_fraction: float = 0.2  # of the rows that are kept
    noise: float = 0.0  # std of the noise added to the training split, in units of the standardised values
    standardise: str = "train"  # statistics of the training split, of "each" split, or "none"

    def __post_init__(self):
        label = f'system "{self.name}"'
        if not self.path:
            raise ValueError(f'{label}: path is missing. Name a file, for example path = "series.npy".')
        check_choice(self.standardise, STANDARDISE, label=label, key="standardise")
        check_at_least(self.every, 1, label=label, key="every")
        check_at_least(self.noise, 0, label=label, key="noise")
        if not self.dt > 0:
            raise ValueError(f"{label}: dt = {self.dt}, but it must be positive.")
        if not 0 <= self.test_fraction < 1:
            raise ValueError(f"{label}: test_fraction = {self.test_fraction}, but it must be at least 0 and below 1.")

    def sample(self, T: int | None = None, seed: int = 0, split: str = "train") -> Trajectory:
        """The first `T` rows of the split, or all of it; the seed chooses the added noise and nothing else.

        The statistics come from the whole training split, whatever `T`. Raises `SeriesError` (a `ValueError`) for a file that
        cannot be read as numbers, non-finite values in the split, and fewer than `T` rows.
        """
        label = f'file "{self.path}"'
        check_choice(split, SPLITS, label=label, key="split")
        check_at_least(seed, 0, label=label, key="seed")
        names, raw = self._raw(split)
        if T is not None:
            check_at_least(T, 1, label=label, key="T")
            if T > len(raw):
                raise SeriesError(
                    f"{label}: {T} rows wanted, {len(raw)} rows in the {split} split. Lower T or give a longer series."
                )
        if self.standardise == "none":
            standardisation = Standardisation.identity(len(names))
        else:
            source = raw if self.standardise == "each" or split == "train" else self._raw("train")[1]
            standardisation = Standardisation.of(source, names, label=label)
        values = standardisation.apply(raw[:T])
        if split == "train":
            values = add_noise(values, self.noise, seed)
        return Trajectory(values, self.dt * self.every, standardisation)

    def _raw(self, split: str) -> tuple[tuple[str, ...], Float[np.ndarray, "T N"]]:
        """Names and values of a split, finite and not empty."""
        path = self.test_path if self.test_path and split == "test" else self.path
        names, values = read_series(path, self.columns)
        kept, first = values[:: self.every], 0
        if not self.test_path:
            border = len(kept) - round(self.test_fraction * len(kept))
            kept, first = (kept[:border], 0) if split == "train" else (kept[border:], border)
        elif split == "test" and names != (wanted := read_series(self.path, self.columns)[0]):
            raise SeriesError(
                f'file "{path}": variables {", ".join(names)}, but "{self.path}" has {", ".join(wanted)}. '
                "Choose common ones with columns."
            )
        if len(kept) == 0:
            raise SeriesError(
                f'file "{path}": no rows in the {split} split ({len(values)} rows in the file, every = {self.every}, '
                f"test_fraction = {self.test_fraction}). Change test_fraction, or name a test_path."
            )
        _check_finite(path, names, kept, first * self.every, self.every)
        return names, kept


def _check_finite(path: str, names, values: Float[np.ndarray, "T N"], first: int, every: int) -> None:
    wrong = ~np.isfinite(values)
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        raise SeriesError(
            f'file "{path}": missing or infinite values ({wrong.sum()}), the first in row {first + row * every} (counted '
            f'from 0), column "{names[column]}". The models take no missing values: fill or cut rows, or choose other columns.'
        )


SYSTEMS = {"file": File}
