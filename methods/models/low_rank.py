"""A shPLRNN whose coupling W1 = Q Y has rank R: how much of a model's power is in the rank?

An LSSM that runs freely is a shPLRNN of rank at most N. With R = N this model has as little, and R = N + 1, N + 2, … shows what a
little more is worth. Sect. 5.4 of arXiv:2605.12683.
"""

import dataclasses
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import jax.random as jr

from methods.models.model import Diagonal, Shape
from methods.models.shplrnn.model import FIRST_W1, ShallowPLRNN, ShallowPLRNNShape
from references import Reference
from references.papers import HESS2023, HESS2026
from settings import Count, Natural


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class LowRankPLRNN(Diagonal):
    """Parameters of a low-rank shPLRNN, 2M + MR + RL + LM + L + NM of them. It acts as the shPLRNN `full()`."""

    forcings: ClassVar = ShallowPLRNN.forcings

    A: Any  # (M,)
    Q: Any  # (M, R)
    Y: Any  # (R, L)
    W2: Any  # (L, M)
    h1: Any  # (M,)
    h2: Any  # (L,)
    B: Any  # (N, M)

    def full(self) -> ShallowPLRNN:
        """The shPLRNN with W1 = Q Y, which does the computing."""
        return ShallowPLRNN(self.A, self.Q @ self.Y, self.W2, self.h1, self.h2, self.B)

    @property
    def latent_dim(self) -> int:
        return self.Q.shape[-2]

    @property
    def observed_dim(self) -> int:
        return self.B.shape[-2]

    def pose(self, forcing, x, **options):
        return self.full().pose(forcing, x, **options)

    def readout(self, z):
        return z @ self.B.T

    def warmed_up(self, forcing, x, alpha=None):
        return self.full().warmed_up(forcing, x, alpha)

    def autonomous(self):
        return self.full().autonomous()

    def slow_part(self, slow: int) -> list:
        R = self.Q.shape[1]
        of_full = self.full().slow_part(slow)
        return [*of_full[:2], (self.Q[-slow:], FIRST_W1 / R**0.5), of_full[3]]


@dataclasses.dataclass(frozen=True)
class LowRankShape(Shape):
    """Sizes of a low-rank shPLRNN, and its first weights.

    They are those of a shPLRNN, with Q ~ U(±0.01 √(3/R)) and Y ~ U(±1/√L), so that the entries of Q Y have the variance of W1.
    """

    forcings: ClassVar = LowRankPLRNN.forcings
    references: ClassVar[tuple[Reference, ...]] = (HESS2023, HESS2026)
    summary: ClassVar[str] = "shPLRNN whose hidden layer acts through a matrix of rank N + extra_rank"

    latent_dim: Count = 10
    hidden_dim: Count = 50
    extra_rank: Natural = 0  # R = N + extra_rank

    def init(self, key, observed_dim: int, dtype=jnp.float32) -> LowRankPLRNN:
        M, L, R = self.latent_dim, self.hidden_dim, observed_dim + self.extra_rank
        if not 1 <= R <= min(M, L):
            raise ValueError(f"extra_rank = {self.extra_rank}: rank {R} with N = {observed_dim}; must be 1 to {min(M, L)}.")
        full_key, q_key, y_key = jr.split(key, 3)
        full = ShallowPLRNNShape(M, L).init(full_key, observed_dim, dtype)
        bound = FIRST_W1 * (3 / R) ** 0.5
        Q = jr.uniform(q_key, (M, R), dtype, -bound, bound)
        Y = jr.uniform(y_key, (R, L), dtype, -(L**-0.5), L**-0.5)
        return LowRankPLRNN(full.A, Q, Y, full.W2, full.h1, full.h2, full.B)


MODELS = {"low-rank": LowRankShape()}
