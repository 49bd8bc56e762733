"""The user's own series, from a file."""

import dataclasses
import hashlib
from typing import ClassVar, Literal

import numpy as np
from jaxtyping import Bool, Float

from references import PITBENCH, Reference
from settings import Count, NonNegative, Positive, Share
from systems.checks import SPLITS, check_choice, check_seed, check_size
from systems.reading.text import Format
from systems.series import Series, SeriesError, read_series
from systems.trajectory import Standardisation, Trajectory, add_noise

ROUNDINGS = 8  # a column that changes by no more than this many roundings of its numbers is constant, however it was computed


@dataclasses.dataclass(frozen=True, kw_only=True)
class File:
    """A measured series from `.npy`, `.npz` (one array), `.csv` or `.parquet`, shape (time, variables) or (time,).

    The last `test_fraction` of the rows is the test split, unless `test_path` names a file of its own; nothing is shuffled. How a
    .csv is written is found out from its text. Where that can be read in two ways, it is refused until a setting says which.
    """

    name: ClassVar[str] = "file"
    summary: ClassVar[str] = "your own series from a file: .npy, .npz, .csv or .parquet"
    references: ClassVar[tuple[Reference, ...]] = (PITBENCH,)  # of the reader; the data have a source of their own
    files: ClassVar[tuple[str, ...]] = ("path", "test_path")  # settings that name files

    path: str = ""
    test_path: str = ""
    # Names for .csv and .parquet, numbers from 0 for arrays: a list, or a text with commas, '"name, with comma",b'; "": all.
    columns: str | tuple[str, ...] = ""
    separator: str = ""  # of the cells of a .csv, one character; " ": blanks and tabs; "": it is found
    decimal: Literal["auto", ".", ","] = "auto"  # mark before the decimals in a .csv
    header: Literal["auto", "yes", "no"] = "auto"  # whether the first row of a .csv names its columns
    missing: Literal["refuse", "mask"] = "refuse"  # missing values: an error, or NaN for a method that is told to mask them
    every: Count = 1  # keep one row in `every`
    dt: Positive = 1.0  # time between the rows of the file
    test_fraction: Share = 0.2  # of the rows that are kept
    noise: NonNegative = 0.0  # std of the noise added to the training split, in units of the standardised values
    standardise: Literal["train", "each", "none"] = "train"  # statistics of the training split, of "each" split's own, or "none"

    def __post_init__(self):
        label = f'system "{self.name}"'
        if not self.path:
            raise ValueError(f'{label}: path is missing. Name a file, for example path = "series.npy".')
        if len(self.separator) > 1:
            raise ValueError(f'{label}: separator = "{self.separator}", but it must be one character, or "" to find it.')

    def sample(self, T: int | None = None, seed: int = 0, split: str = "train") -> Trajectory:
        """The first `T` rows of the split, or all of it; the seed chooses the added noise and nothing else.

        Mean and standard deviation are those of the whole training split, whatever `T`, without its missing values. Raises
        `SeriesError` (a `ValueError`) for a file that cannot be read as numbers, for infinite values in the split, for missing
        ones unless `missing` is "mask", and for fewer than `T` rows.
        """
        label = f'file "{self.path}"'
        check_choice(split, SPLITS, label=label, key="split")
        check_seed(seed, label=label)
        names, raw = self._raw(split)
        if T is not None:
            check_size(T, label=label)
            if T > len(raw):
                side = f" It has {len(names)} variables: time comes first." if len(names) > len(raw) else ""
                raise SeriesError(
                    f"{label}: {T} rows wanted, {len(raw)} rows in the {split} split. Lower T or give a longer series.{side}"
                )
        if self.standardise == "none":
            standardisation = Standardisation.identity(len(names))
        else:
            source = raw if self.standardise == "each" or split == "train" else self._raw("train")[1]
            rounding = ROUNDINGS * self._read(self.path).rounding
            standardisation = Standardisation.of(source, names, label=label, resolution=rounding)
        values = standardisation.apply(raw[:T])
        if split == "train":
            values = add_noise(values, self.noise, seed)
        return Trajectory(values, self.dt * self.every, standardisation)

    @property
    def observed_dim(self) -> int:
        """N, the number of variables."""
        return len(self._read(self.path).names)

    @property
    def digest(self) -> str:
        """A hash of the contents of the files, which tells a series from another one in a file of the same name."""
        digests = [self._read(path).digest for path in (self.path, self.test_path) if path]
        return digests[0] if len(digests) == 1 else hashlib.sha256(" ".join(digests).encode()).hexdigest()[:16]

    @property
    def incomplete(self) -> bool:
        """Whether values are missing, so that only a method that masks them can train on it."""
        return any(np.isnan(self._read(path).values).any() for path in (self.path, self.test_path) if path)

    def check(self, rows: dict[str, int]) -> None:
        """Raise `SeriesError` unless the files can be used and each split of `rows` has at least so many rows."""
        for split in {"train": 1} | rows:
            self.sample(rows.get(split), split=split)

    def _read(self, path: str) -> Series:
        return read_series(path, self.columns, Format(self.separator, self.decimal, self.header))

    def _raw(self, split: str) -> tuple[tuple[str, ...], Float[np.ndarray, "T N"]]:
        """Names and values of a split; an error where it is empty or not finite, apart from missing values that are masked."""
        path = self.test_path if self.test_path and split == "test" else self.path
        names, values, *_ = self._read(path)
        kept, first = values[:: self.every], 0
        if not self.test_path:
            border = len(kept) - round(self.test_fraction * len(kept))
            kept, first = (kept[:border], 0) if split == "train" else (kept[border:], border)
        elif split == "test" and names != (wanted := self._read(self.path).names):
            raise SeriesError(
                f'file "{path}": variables {", ".join(names)}, but "{self.path}" has {", ".join(wanted)}. '
                "Choose common ones with columns."
            )
        if len(kept) == 0:
            raise SeriesError(
                f'file "{path}": no rows in the {split} split ({len(values)} rows in the file, every = {self.every}, '
                f"test_fraction = {self.test_fraction}). Change test_fraction, or name a test_path."
            )
        wrong = np.isinf(kept) if self.missing == "mask" else ~np.isfinite(kept)
        _check_finite(path, names, wrong, first * self.every, self.every)
        return names, kept


def _check_finite(path: str, names, wrong: Bool[np.ndarray, "T N"], first: int, every: int) -> None:
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        raise SeriesError(
            f'file "{path}": missing or infinite values ({wrong.sum()}), the first in row {first + row * every} (counted '
            f'from 0), column "{names[column]}". Fill or cut rows, choose other columns, or set missing = "mask" for NaN.'
        )


SYSTEMS = {"file": File}
