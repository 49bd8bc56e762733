"""What a solver returns: states, cost and an honest status, all arrays, so that it passes through `jit`, `vmap` and `grad`."""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

CONVERGED, NOT_CONVERGED, DIVERGED = 0, 1, 2
STATUSES = np.array(["converged", "not_converged", "diverged"])


class Solution(NamedTuple):
    """A solved trajectory. Per-sequence fields have the batch shape, which is empty for a single sequence.

    Time comes first (`(T, ..., M)`) inside `methods`; `Method.solve` moves the batch to the front.
    """

    states: Float[Array, "T ... M"]  # z_1 … z_T
    iterations: Int[Array, "..."]  # updates, not counting the evaluation that verifies the last one
    evaluations: Int[Array, "..."]  # sweeps of the step over all T
    residual: Float[Array, "..."]  # max |z_t - F_t(z_{t-1})| over time and components
    code: Int[Array, "..."]  # index into STATUSES
    history: Float[Array, "updates ..."] | None = None  # residual before each update and after the last; NaN where unused

    @property
    def status(self):
        """`converged`, `not_converged` or `diverged`: a string, or an array of them for a batch. Not under `jit`: use `code`."""
        status = STATUSES[np.asarray(self.code)]
        return str(status) if status.ndim == 0 else status

    @property
    def first_nonfinite(self) -> Int[Array, "..."]:
        """Time index (from 0) of the first state that is not finite, -1 where all are."""
        bad = ~jnp.isfinite(self.states).all(-1)
        return jnp.where(bad.any(0), bad.argmax(0), -1)
