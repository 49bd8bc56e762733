"""What every reader hands over: names of columns, and the numbers of those that are asked for."""

import dataclasses
from collections.abc import Callable

import numpy as np
from jaxtyping import Float

DOUBLE = float(np.finfo(np.float64).eps)


class SeriesError(ValueError):
    """A file that cannot be used as a series; the message says what was found, what was wanted and the next step."""


class SeriesWarning(UserWarning):
    """How a file was read where it could have been meant otherwise."""


def rounding_of(dtype: np.dtype) -> float:
    """How finely a type of numbers divides them, at the precision that is computed in at best."""
    return max(DOUBLE, float(np.finfo(dtype).eps)) if dtype.kind == "f" else DOUBLE


@dataclasses.dataclass(frozen=True, eq=False)
class Table:
    """A file that was read: `numbers(i)` are the float64 values of column i, or a `SeriesError` if it holds none.

    rounding  of the numbers of column i, relative to their size
    """

    names: tuple[str, ...]
    rows: int
    numbers: Callable[[int], Float[np.ndarray, "rows"]]
    rounding: Callable[[int], float] = lambda i: DOUBLE

    def numeric(self) -> list[str]:
        """Names of the columns that hold numbers."""
        return [name for i, name in enumerate(self.names) if self._holds_numbers(i)]

    def _holds_numbers(self, i: int) -> bool:
        try:
            self.numbers(i)
        except SeriesError:
            return False
        return True
