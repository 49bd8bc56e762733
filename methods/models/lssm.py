"""The linear state-space model with a non-linear read-out: a linear scan in training, a low-rank shPLRNN when it runs freely.

    training   z_t = A z_{t-1} + U x_{t-1} + h                        x̂_t = W_o φ(V z_t + b_h) + b_o,    z_0 = 0
    free       z_t = A z_{t-1} + W φ(V z_{t-1} + b_h) + h + U b_o      W = U W_o,   rank W ≤ min(N, M, L)

In training the model is linear in its state, so that one linear scan solves it, and gradients through time are powers of A, which
cannot explode. The price shows in the free form, the training form with x̂_{t-1} in place of x_{t-1}: it is a shPLRNN of rank at
most N, however many latent units there are.
Orvieto et al. 2023, arXiv:2303.06349; Hess et al. 2026, arXiv:2605.12683, eqs. 3-4 (restored from their words).
"""

import dataclasses
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Float

from methods.models.model import Diagonal, Shape
from methods.models.readout import perceptron
from methods.models.shplrnn.map import ForcedShallowPLRNN
from methods.models.shplrnn.model import ShallowPLRNN, diagonal
from methods.problem import Map, Problem, last_state
from references import Reference
from references.papers import HESS2026
from settings import Count

ORVIETO2023 = Reference(
    key="orvieto2023",
    kind="inproceedings",
    author=(
        *("Antonio Orvieto", "Samuel L. Smith", "Albert Gu", "Anushan Fernando", "Caglar Gulcehre", "Razvan Pascanu"),
        "Soham De",
    ),
    title="Resurrecting Recurrent Neural Networks for Long Sequences",
    booktitle="International Conference on Machine Learning",
    year=2023,
    eprint="2303.06349",
)


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class LSSM(Diagonal):
    """Parameters of an LSSM, 2M + MN + ML + L + LN + N of them. A holds the diagonal as it acts."""

    forcings: ClassVar = ("input", "scheduled")

    A: Any  # (M,)
    U: Any  # (M, N)
    h: Any  # (M,)
    V: Any  # (L, M)
    b_h: Any  # (L,)
    W_o: Any  # (N, L)
    b_o: Any  # (N,)

    @property
    def observed_dim(self) -> int:
        return self.U.shape[-1]

    @property
    def latent_dim(self) -> int:
        return self.U.shape[-2]

    def pose(self, forcing, x, *, alpha=None, parts=False, key=None, progress=None):
        z0 = jnp.zeros((*x.shape[1:-1], self.latent_dim), x.dtype)
        if forcing.forcing == "scheduled":
            step, inputs = Sampled(self), (x[:-1], forcing.takes_data(x[:-1], key, progress))
        else:
            step, inputs = Decay(self.A), x[:-1] @ self.U.T + self.h
        return Problem(step, z0, inputs), jnp.zeros((x.shape[0] - 1, *z0.shape), x.dtype)

    def readout(self, z: Float[Array, "... M"]) -> Float[Array, "... N"]:
        return perceptron(self, z)

    def warmed_up(self, forcing, x, alpha=None):
        z0 = jnp.zeros((*x.shape[1:-1], self.latent_dim), x.dtype)
        return last_state(Problem(Decay(self.A), z0, x @ self.U.T + self.h))

    def autonomous(self) -> ForcedShallowPLRNN:
        """The free-running map, as the shPLRNN of rank at most N that it is."""
        W1, h1 = self.U @ self.W_o, self.h + self.U @ self.b_o
        return ShallowPLRNN(self.A, W1, self.V, h1, self.b_h, B=None).autonomous()

    def slow_part(self, slow: int) -> list:
        N = self.U.shape[1]
        return [(1 - self.A[-slow:], 1.0), (self.h[-slow:], 1.0), (self.U[-slow:], (3 * N) ** -0.5)]


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class Decay(Map):
    """The map `z ↦ A z + u`, A diagonal, which one linear scan solves."""

    A: Any  # (M,)

    def __call__(self, z, u):
        return self.A * z + u

    def linearise(self, z, u):
        return self(z, u), z

    def push(self, pattern, v):
        return self.A * v

    def pull(self, pattern, w):
        return self.A * w

    def diagonal(self, pattern):
        return jnp.broadcast_to(self.A, pattern.shape)

    def dense(self, pattern):
        return jnp.broadcast_to(jnp.diag(self.A), (*pattern.shape, pattern.shape[-1]))


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class Sampled(Map):
    """The step under scheduled sampling: it reads the data where the mask is 1, and its own read-out elsewhere."""

    model: LSSM

    def __call__(self, z, u):
        x, takes_data = u
        x = jnp.where(takes_data > 0, x, self.model.readout(z))
        return self.model.A * z + x @ self.model.U.T + self.model.h


@dataclasses.dataclass(frozen=True)
class LSSMShape(Shape):
    """Sizes of an LSSM, and its first weights.

    A as in a shPLRNN; U ~ U(±1/√N); V, b_h ~ U(±1/√M); W_o ~ U(±1/√L); h = b_o = 0. The forms are derived, the numbers are free
    choices.
    """

    forcings: ClassVar = LSSM.forcings
    references: ClassVar[tuple[Reference, ...]] = (ORVIETO2023, HESS2026)
    summary: ClassVar[str] = "linear recurrence that reads the data, with a read-out of one hidden layer"

    latent_dim: Count = 10
    hidden_dim: Count = 50

    def init(self, key, observed_dim: int, dtype=jnp.float32) -> LSSM:
        M, L, N = self.latent_dim, self.hidden_dim, observed_dim
        keys = jr.split(key, 5)

        def uniform(key, fan_in, *shape):
            bound = fan_in**-0.5
            return jr.uniform(key, shape, dtype, -bound, bound)

        return LSSM(
            A=diagonal(keys[0], M, dtype),
            U=uniform(keys[1], N, M, N),
            h=jnp.zeros(M, dtype),
            V=uniform(keys[2], M, L, M),
            b_h=uniform(keys[3], M, L),
            W_o=uniform(keys[4], L, N, L),
            b_o=jnp.zeros(N, dtype),
        )


MODELS = {"lssm": LSSMShape()}
