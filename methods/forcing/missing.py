"""Values that are missing, NaN in the data, where a forcing is told to mask them: the model's own read-out stands in for them.

    z̃ = z + α B⁺ (m ⊙ (x − B z)),   m = 0 where a value is missing, else 1;   the loss is the mean over values that are there

z_0 and first guesses take B⁺ (m ⊙ x).
"""

import jax.numpy as jnp
from jaxtyping import Array, Float


def masks(forcing) -> bool:
    """Whether NaN in the data marks a value that is missing."""
    return getattr(forcing, "missing", "refuse") == "mask"


def split(forcing, x: Float[Array, "..."]) -> tuple[Float[Array, "..."], Float[Array, "..."] | None]:
    """x with 0 in place of what is missing, and 1 where that is, else 0; x and None where nothing may be missing."""
    if not masks(forcing):
        return x, None
    gone = jnp.isnan(x)
    return jnp.where(gone, 0, x), gone.astype(x.dtype)
