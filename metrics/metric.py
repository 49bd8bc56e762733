"""What is known about a metric beside its function."""

import dataclasses
from collections.abc import Callable

from references import Reference


@dataclasses.dataclass(frozen=True)
class Metric:
    """A function with its unit and direction; what it `takes` says how it is called.

    "orbits":      function(truth (T, N), generated (T', N), **settings) -> float; its floor is its value between two true orbits
    "forecaster":  function(truth (T, N), forecast, n=, warmup=, windows=), `forecast` as in `metrics.n_step_rmse`
    "map":         function(step, z0, length, **settings), `step` as in `metrics.lyapunov_exponents`

    A reconstruction is scored by every metric. It gives those of these settings that the function has by name: `delay`, `lag` and
    `dt`, the time between rows, for orbits; `n`, `warmup`, `windows` and `dt` for forecasters; `dt` for maps. A truth with NaN,
    which is what was not observed, goes to metrics with a setting `missing` alone, as "mask".
    """

    function: Callable
    unit: str
    higher_is_better: bool | None  # None: neither, the nearer to the truth's the better
    takes: str = "orbits"
    scored: bool = True  # of every reconstruction; False for what says nothing of a run that the truth has parted from
    max_dimensions: int | None = None  # of the embedded orbits that it can be asked about; None: any number
    references: tuple[Reference, ...] = ()
    summary: str = ""  # what a list says of it, in one line
