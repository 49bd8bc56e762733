"""Missing values, NaN in the data, where a forcing is told to mask them: the model's own read-out stands in for them.

A missing value must not pull the state. Data that agree with the read-out B z do not, so B z takes its place:

    z̃ = z + α B⁺ (m ⊙ (x − B z)),   m = 0 where a value is missing, else 1

The loss is the mean over the values that are there. z_0 and first guesses are B⁺ (m ⊙ x).
"""

import jax.numpy as jnp
from jaxtyping import Array, Float


def masks(forcing) -> bool:
    """Whether NaN in the data marks a missing value, and is no error."""
    return getattr(forcing, "missing", "refuse") == "mask"


def split(forcing, x: Float[Array, "..."]) -> tuple[Float[Array, "..."], Float[Array, "..."] | None]:
    """x with 0 in place of missing values, and an array that is 1 where a value is missing, else 0.

    Where the forcing does not mask, nothing may be missing: x and None.
    """
    if not masks(forcing):
        return x, None
    gone = jnp.isnan(x)
    return jnp.where(gone, 0, x), gone.astype(x.dtype)
