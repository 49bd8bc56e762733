"""What every reader hands over: names of columns, and the numbers of those that are asked for."""

import dataclasses
from collections.abc import Callable

import numpy as np
from jaxtyping import Float


class SeriesError(ValueError):
    """A file that cannot be used as a series; the message says what was found, what was wanted and the next step."""


class SeriesWarning(UserWarning):
    """How a file was read where it could have been meant otherwise."""


@dataclasses.dataclass(frozen=True, eq=False)
class Table:
    """A file that was read: `numbers(i)` are the float64 values of column i, or a `SeriesError` if it holds none."""

    names: tuple[str, ...]
    rows: int
    numbers: Callable[[int], Float[np.ndarray, "rows"]]

    def numeric(self) -> list[str]:
        """Names of the columns that hold numbers."""
        return [name for i, name in enumerate(self.names) if self._holds_numbers(i)]

    def _holds_numbers(self, i: int) -> bool:
        try:
            self.numbers(i)
        except SeriesError:
            return False
        return True
