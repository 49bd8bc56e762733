"""What was forecast of a solve, as columns of its row in `cells`."""

from collections.abc import Callable

import numpy as np

from methods.predictability import Forecast

COLUMNS = {"forecast": "updates", "forecast_low": "low", "forecast_high": "high"}


def columns(forecast: Forecast | None, over_sequences: Callable = np.max) -> dict[str, float | None]:
    """The three columns; null where a solver makes no updates, and where there was no telling.

    over_sequences  how the column `iterations` of the same row is made from those of all sequences
    """
    if forecast is None:
        return dict.fromkeys(COLUMNS)
    values = {name: float(over_sequences(np.asarray(getattr(forecast, field)))) for name, field in COLUMNS.items()}
    return {name: value if np.isfinite(value) else None for name, value in values.items()}
