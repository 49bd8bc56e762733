"""A metric as an entry of the catalogue: its function, and what tables, figures and scoring need to know about it."""

import dataclasses
from collections.abc import Callable

from references import Reference


@dataclasses.dataclass(frozen=True)
class Metric:
    """A function with its unit and direction. `takes` says how it is called:

    "orbits":      function(truth (T, N), generated (T', N), **settings) -> float; its floor is its value between two true orbits
    "forecaster":  function(truth (T, N), forecast, n=, warmup=, windows=), `forecast` as in `metrics.n_step_rmse`
    "map":         function(step, z0, length, **settings), `step` as in `metrics.lyapunov_exponents`

    A reconstruction is scored by every metric, with those of the following settings that the function has by name: `delay`, `lag`
    and `dt`, the time between rows, for orbits; `n`, `warmup`, `windows` and `dt` for forecasters; `dt` for maps. A truth with
    missing values, which are NaN, is given only to metrics that have a setting `missing`, with the value "mask".
    """

    function: Callable
    unit: str
    higher_is_better: bool | None  # None: neither; the nearer to the value of the truth the better
    takes: str = "orbits"
    scored: bool = True  # whether every reconstruction is scored by it; False if it means nothing once orbits have parted
    max_dimensions: int | None = None  # most dimensions of embedded orbits that it can take; None: any number
    references: tuple[Reference, ...] = ()
    summary: str = ""  # one line for lists
