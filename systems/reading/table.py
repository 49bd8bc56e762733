"""Tables, which every reader hands over: the names of columns, and on demand the numbers of each."""

import dataclasses
from collections.abc import Callable

import numpy as np
from jaxtyping import Float

DOUBLE = float(np.finfo(np.float64).eps)


class SeriesError(ValueError):
    """A file that cannot be used as a series; the message says what was found, what was wanted and the next step."""


class SeriesWarning(UserWarning):
    """Says how a file was read where it could have been meant otherwise."""


def rounding_of(dtype: np.dtype) -> float:
    """The relative rounding of numbers of this type; at least that of double precision, in which they are computed with."""
    return max(DOUBLE, float(np.finfo(dtype).eps)) if dtype.kind == "f" else DOUBLE


@dataclasses.dataclass(frozen=True, eq=False)
class Table:
    """A file that was read."""

    names: tuple[str, ...]
    rows: int
    numbers: Callable[[int], Float[np.ndarray, "rows"]]  # the float64 values of column i; a `SeriesError` if it holds none
    rounding: Callable[[int], float] = lambda i: DOUBLE  # of the numbers of column i, relative to their size

    def numeric(self) -> list[str]:
        """Names of the columns that hold numbers."""
        return [name for i, name in enumerate(self.names) if self._holds_numbers(i)]

    def _holds_numbers(self, i: int) -> bool:
        try:
            self.numbers(i)
        except SeriesError:
            return False
        return True
