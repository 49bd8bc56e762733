"""The mean-field network: one number, the gain, leads it from forgetting to chaos."""

import dataclasses
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np

from references import Reference
from references.papers import PREDICTABILITY
from settings import Count, NonNegative
from systems.recurrences.family import Family, direction
from systems.recurrences.recurrence import Recurrence

SOMPOLINSKY1988 = Reference(
    key="sompolinsky1988",
    kind="article",
    author=("Haim Sompolinsky", "Andrea Crisanti", "Hans-Jürgen Sommers"),
    title="Chaos in Random Neural Networks",
    journal="Physical Review Letters",
    volume="61",
    number="3",
    pages="259–262",
    year=1988,
)


def _step(W, z, u):
    return W @ jnp.tanh(z) + u


def _diagonal(W, z, u):
    return jnp.diagonal(W) * (1 - jnp.tanh(z) ** 2)


@dataclasses.dataclass(frozen=True, kw_only=True)
class MeanField(Family):
    """`z_t = W tanh(z_{t-1}) + A sin(ω t + φ)`, where W_ij ~ N(0, gain² / dim) off the diagonal and 0 on it.

    Without a drive such a network forgets where it started below gain 1 and is chaotic above; the drive moves the threshold up,
    to about 1.2 for 100 units. No unit drives itself: Jacobians have a diagonal of 0, from which quasi-Newton learns nothing.
    Amplitudes ~ U(0, 0.2), frequencies ~ U(0.5, 3) and phases ~ U(0, 2π) are each unit's own, and t counts from 0. z_0 and the
    guess are U(-1, 1). Sompolinsky et al. 1988; driven as in the code of arXiv:2508.16817.
    """

    summary: ClassVar[str] = "a driven random tanh network, from forgetting to chaos by its gain"
    references: ClassVar[tuple[Reference, ...]] = (PREDICTABILITY, SOMPOLINSKY1988)

    dim: Count = 100
    gain: NonNegative = 1.0

    def draw(self, T: int, seed: int = 0) -> Recurrence:
        """One network. The order of draws is part of what a seed means; the guess is last, so that T changes nothing else."""
        self.check(T, seed)
        D, rng = self.dim, np.random.default_rng(seed)
        W = rng.standard_normal((D, D)) * (self.gain / np.sqrt(D))
        np.fill_diagonal(W, 0)
        amplitude, omega, phase = rng.uniform(0, 0.2, D), rng.uniform(0.5, 3, D), rng.uniform(0, 2 * np.pi, D)
        z0, tangent = rng.uniform(-1, 1, D), direction(rng, D)
        drive = amplitude * np.sin(omega * np.arange(T)[:, None] + phase)
        step, diagonal = (jax.tree_util.Partial(function, W) for function in (_step, _diagonal))
        return Recurrence(step, z0, drive, rng.uniform(-1, 1, (T, D)), tangent, diagonal=diagonal)


RECURRENCES = {"mean-field": MeanField}
