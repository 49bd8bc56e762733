"""The shallow piecewise-linear RNN and its forced form.

    F(z) = A z + W1 φ(W2 z + h2) + h1        x̂ = B z        φ(a) = max(0, a), φ'(0) = 0
    clipped: W1 [φ(W2 z + h2) − φ(W2 z)] in place of W1 φ(W2 z + h2)

Hess et al. 2023, arXiv:2306.04406; eq. 5 of Hess et al. 2026, arXiv:2605.12683 (restored from its words).
"""

import dataclasses
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Float

from methods.forcing import adaptive, missing
from methods.models.model import Diagonal, Shape
from methods.models.shplrnn.map import ForcedShallowPLRNN, SparselyForced
from methods.models.shplrnn.masked import MaskedForced
from methods.problem import Problem, last_state
from methods.problem.border import dtype_of
from methods.problem.coarse import Parts
from references import Reference
from references.papers import HESS2023
from settings import Count

FIRST_W1 = 0.01  # W1 starts in U(±FIRST_W1 / √L); larger values let unforced units blow up over 10⁴ steps before training starts


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class ShallowPLRNN(Diagonal):
    """Parameters of a shPLRNN, 2M + 2ML + L + NM of them. A holds the diagonal as it acts.

    A pytree: mapped over seeds, or as a gradient, its leaves have more axes in front; jax also puts other things there.
    """

    forcings: ClassVar = ("none", "gtf", "projected", "sparse")

    A: Any  # (M,)
    W1: Any  # (M, L)
    W2: Any  # (L, M)
    h1: Any  # (M,)
    h2: Any  # (L,)
    B: Any  # (N, M)
    clipped: bool = dataclasses.field(default=False, metadata={"static": True})

    @classmethod
    def from_arrays(cls, *, A, W1, W2, h1, h2, B, clipped: bool = False) -> "ShallowPLRNN":
        """A model of the given arrays, kept as they are, in one precision; a shape that does not fit is named by a ValueError."""
        given = {name: jnp.asarray(value) for name, value in dict(A=A, W1=W1, W2=W2, h1=h1, h2=h2, B=B).items()}
        if given["W1"].ndim != 2 or given["B"].ndim != 2:
            raise ValueError(f"W1 has shape {given['W1'].shape} and B {given['B'].shape}; wanted (M, L) and (N, M).")
        (M, L), N = given["W1"].shape, given["B"].shape[0]
        for name, shape in dict(A=(M,), W2=(L, M), h1=(M,), h2=(L,), B=(N, M)).items():
            if given[name].shape != shape:
                raise ValueError(f"{name} has shape {given[name].shape}; with W1 of shape {(M, L)} it must be {shape}.")
        dtype = dtype_of(given)
        return cls(**{name: value.astype(dtype) for name, value in given.items()}, clipped=clipped)

    @property
    def latent_dim(self) -> int:
        return self.W1.shape[-2]

    @property
    def observed_dim(self) -> int:
        return self.B.shape[-2]

    def pose(self, forcing, x, *, alpha, parts=False, key=None, progress=None):
        operators = forcing.operators(self.B, alpha)
        flags = forcing.forced_steps(x[:-1]) if forcing.forcing == "sparse" else None
        step, inputs = self._forced_by(forcing, operators, x[:-1], flags)
        x, _ = missing.split(forcing, x)
        z0 = operators.teacher(x[0])
        if forcing.differentiate != "full":
            z0 = jax.lax.stop_gradient(z0)
        parts = parts and isinstance(step, ForcedShallowPLRNN)  # else C steps of it are no power of one
        coarse = jax.lax.stop_gradient(Parts(self.autonomous(), operators.E, operators.D)) if parts else None
        return Problem(step, z0, inputs, coarse), operators.teacher(x[1:])

    def warmed_up(self, forcing, x, alpha=None):
        """z after a forced pass from B⁺x_0 that ends with the last row, see `methods.models.free_run`."""
        if forcing.forcing == "none":
            forcing, alpha = dataclasses.replace(forcing, forcing="projected"), 1.0 if alpha is None else alpha
        elif alpha is None:
            adapts = adaptive.adapts(forcing)
            sequences = jnp.moveaxis(x.reshape(x.shape[0], -1, x.shape[-1]), 0, 1)
            alpha = adaptive.estimate(forcing, self, sequences) if adapts else forcing.alpha
        operators = forcing.operators(self.B, alpha)
        flags = forcing.forced_steps(x)[::-1] if forcing.forcing == "sparse" else None
        step, inputs = self._forced_by(forcing, operators, x, flags)
        return last_state(Problem(step, operators.teacher(missing.split(forcing, x)[0][0]), inputs))

    def _forced_by(self, forcing, operators, x, flags):
        """The forced map and its inputs; `flags` are 1 at the steps that are forced, None: at all of them."""
        E, D = operators.E, operators.D
        x, gone = missing.split(forcing, x)
        if D is None or (gone is None and flags is None):
            return self.forced(E, D), x
        if gone is None:
            return SparselyForced(self.autonomous(), E, D), (x, flags)
        B = jax.lax.stop_gradient(self.B) if forcing.differentiate == "readout" else self.B
        return MaskedForced(self.autonomous(), E, D, B), (x, gone, jnp.ones_like(x[..., :1]) if flags is None else flags)

    def readout(self, z: Float[Array, "... M"]) -> Float[Array, "... N"]:
        """x̂ = B z."""
        return z @ self.B.T

    def slow_part(self, slow: int) -> list:
        M, L = self.W1.shape
        into, out_of = (self.W1[-slow:], FIRST_W1 / L**0.5 / 3**0.5), (self.W2[:, -slow:], (3 * M) ** -0.5)
        return [(1 - self.A[-slow:], 1.0), (self.h1[-slow:], 1.0), into, out_of]

    def full(self) -> "ShallowPLRNN":
        """Itself: a model of lower rank gives the shPLRNN that it acts as."""
        return self

    def autonomous(self) -> "ForcedShallowPLRNN":
        """The free-running map; its inputs are ignored."""
        return self.forced(jnp.eye(self.latent_dim, dtype=self.A.dtype), None)

    def forced(self, E: Float[Array, "M M"], D: Float[Array, "M N"] | None) -> "ForcedShallowPLRNN":
        """The map `(z, x) ↦ F(E z + D x)`; without D it takes no data."""
        onto = jnp.concatenate([self.A[:, None] * E, self.W2 @ E])
        data = None if D is None else jnp.concatenate([self.A[:, None] * D, self.W2 @ D])
        return ForcedShallowPLRNN(onto, data, self.W1, self.h1, self.h2, self.clipped)


@dataclasses.dataclass(frozen=True)
class ShallowPLRNNShape(Shape):
    """Sizes of a shPLRNN to be trained, and its first weights, near the identity (forms derived, numbers free choices).

    A ~ min(1 − U(0, 0.05), 0.999); W1 ~ U(±0.01/√L); W2, h2 ~ U(±1/√M); h1 = 0; B = [I | 0] for M ≥ N, Kaiming normal otherwise.
    """

    forcings: ClassVar = ShallowPLRNN.forcings
    references: ClassVar[tuple[Reference, ...]] = (HESS2023,)
    summary: ClassVar[str] = "piecewise-linear RNN with one hidden layer of ReLUs, the model of all methods that name no other"

    latent_dim: Count = 10
    hidden_dim: Count = 50
    clipped: bool = False

    def init(self, key, observed_dim: int, dtype=jnp.float32) -> ShallowPLRNN:
        M, L, N = self.latent_dim, self.hidden_dim, observed_dim
        for_A, first, second, bias, readout = jr.split(key, 5)

        def uniform(key, bound, *shape):
            return jr.uniform(key, shape, dtype, -bound, bound)

        return ShallowPLRNN(
            A=diagonal(for_A, M, dtype),
            W1=uniform(first, FIRST_W1 / L**0.5, M, L),
            W2=uniform(second, 1 / M**0.5, L, M),
            h1=jnp.zeros(M, dtype),
            h2=uniform(bias, 1 / M**0.5, L),
            B=jnp.eye(N, M, dtype=dtype) if M >= N else jr.normal(readout, (N, M), dtype) * (2 / M) ** 0.5,
            clipped=self.clipped,
        )


def diagonal(key, M: int, dtype):
    """First values of A: min(1 − U(0, 0.05), 0.999)."""
    return jnp.minimum(1 - jr.uniform(key, (M,), dtype, 0, 0.05), 0.999)


MODELS = {"shplrnn": ShallowPLRNNShape()}
