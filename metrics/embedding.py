"""Delay embedding: variables that are not observed show in how the observed ones change over several rows."""

import numpy as np
from jaxtyping import Float


def delay_embedding(x: Float[np.ndarray, "T N"], delay: int, lag: int) -> Float[np.ndarray, "rows d"]:
    """Rows `(x_t, x_{t-lag}, ..., x_{t-(delay-1) lag})` for t = (delay-1) lag, ..., T-1; d = delay N. `delay=1` changes nothing.

    Raises `ValueError` for `delay` or `lag` below 1 and for an orbit that is shorter than the window. Takens, 1981.
    """
    if delay < 1 or lag < 1:
        raise ValueError(f"delay = {delay} and lag = {lag}: both must be at least 1.")
    window = (delay - 1) * lag
    if len(x) <= window:
        raise ValueError(f"{len(x)} rows; an embedding with delay = {delay}, lag = {lag} needs at least {window + 1}.")
    return np.concatenate([x[window - k * lag : len(x) - k * lag] for k in range(delay)], axis=1)
