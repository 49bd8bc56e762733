"""Langevin dynamics between two wells: unstable on the ridge between them, and predictable all the same."""

import dataclasses
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from references import Reference
from references.papers import PREDICTABILITY
from settings import Positive
from systems.recurrences.family import ByValue, Family, direction
from systems.recurrences.recurrence import Recurrence

SHARES, CENTRES, VARIANCES = (0.49, 0.51), ((-1.4, 0.0), (1.6, 0.0)), ((0.45, 0.45), (0.54, 0.45))
ROWS = 10_000  # of noise that are drawn at least, so that shorter recurrences of a seed have the same noise and guess


@dataclasses.dataclass(frozen=True, kw_only=True)
class TwoWell(Family):
    """`z_t = z_{t-1} - dt ∇V(z_{t-1}) + √(2 dt) w_t` in the plane, V = -log of a mixture of two Gaussians, w ~ N(0, 1).

    The wells are at x = -1.4 and 1.6. Noise carries the state over the ridge between them, where the map expands, but it mostly
    stays in wells, where it contracts: the exponent is about -1.5 per unit time. As in the released code of arXiv:2508.16817,
    whose text puts the wells on the other axis.
    """

    summary: ClassVar[str] = "noise-driven motion between two wells"
    references: ClassVar[tuple[Reference, ...]] = (PREDICTABILITY,)
    start: ClassVar[tuple[float, ...]] = (0.0, 0.0)

    dt: Positive = 0.01

    def step(self, z: Float[Array, "2"], w: Float[Array, "2"]) -> Float[Array, "2"]:
        return z + self.dt * _uphill(z) + jnp.sqrt(2 * self.dt) * w

    def draw(self, T: int, seed: int = 0) -> Recurrence:
        """Noise, guess and tangent, in this order."""
        self.check(T, seed)
        rng, rows = np.random.default_rng(seed), max(T, ROWS)
        noise, guess = rng.standard_normal((rows, 2))[:T], rng.standard_normal((rows, 2))[:T]
        step = jax.tree_util.Partial(ByValue(self))
        return Recurrence(step, np.array(self.start), noise, guess, direction(rng, 2), self.dt)


def _uphill(z):
    """∇ log p = -∇V. One share and the difference of both pulls, as a derivative of this loses no digits far from the wells.

    Newton's iterates go far. The Hessian as a difference of two large terms is wrong there, and takes it ten times the updates.
    """
    wells = (_well(*well, z) for well in zip(SHARES, CENTRES, VARIANCES, strict=True))
    (left, left_height), (right, right_height) = wells
    return right + jax.nn.sigmoid(left_height - right_height) * (left - right)


def _well(share, centre, variance, z):
    """∇ log of one Gaussian, and the log of its density up to a constant."""
    away, variance = z - jnp.asarray(centre, z.dtype), jnp.asarray(variance, z.dtype)
    return -away / variance, jnp.log(share) - 0.5 * (jnp.log(variance) + away**2 / variance).sum()


RECURRENCES = {"two-well": TwoWell}
