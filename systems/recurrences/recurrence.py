"""What a recurrence is: one small record of plain data."""

import dataclasses
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class Recurrence:
    """`z_t = step(z_{t-1}, u_t)` for t = 1 … T, where z_0 and all inputs u_t are given.

    A pytree. Its step is a `jax.tree_util.Partial` of a function and the arrays that it needs, such as weights, so that
    recurrences that differ in their numbers alone share what is compiled, and gradients reach the weights.
    """

    step: Callable  # step(z (M,), u) -> (M,), traceable by jax
    z0: Float[Array, "M"]
    inputs: Any  # leaves (T, ·), one row per step
    guess: Float[Array, "T M"]  # where a search for z_1 … z_T begins
    tangent: Float[Array, "M"]  # a direction of length 1: how a small error along it grows gives the Lyapunov exponent
    dt: float = dataclasses.field(default=1.0, metadata={"static": True})  # time from one state to the next
    # diagonal(z (M,), u) -> (M,), the diagonal of the Jacobian of step where a formula gives it: by autodiff it costs M times J v
    diagonal: Callable | None = None

    @property
    def T(self) -> int:
        """Time steps."""
        return len(self.guess)

    def astype(self, dtype) -> "Recurrence":
        """The same recurrence with all its numbers in another precision, as arrays of jax."""
        return jax.tree.map(lambda leaf: jnp.asarray(leaf, dtype if _is_real(leaf) else None), self)


def _is_real(leaf) -> bool:
    return np.issubdtype(np.asarray(leaf).dtype, np.floating)
