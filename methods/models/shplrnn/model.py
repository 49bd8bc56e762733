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

# W1 starts in U(±FIRST_W1 / √L). Larger values let units that are not forced blow up over 10⁴ steps before training starts.
FIRST_W1 = 0.01


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class ShallowPLRNN(Diagonal):
    """Parameters of a shPLRNN, 2M + 2ML + L + NM of them. A holds the diagonal itself, not the a of A = tanh(a).

    A pytree. Its leaves have more axes in front when it is mapped over seeds, and jax also puts leaves there that are no arrays;
    so nothing is checked here, but in `from_arrays`.
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
        """A model with these arrays, brought to one precision; a `ValueError` names the array whose shape does not fit."""
        arrays = {name: jnp.asarray(value) for name, value in dict(A=A, W1=W1, W2=W2, h1=h1, h2=h2, B=B).items()}
        if arrays["W1"].ndim != 2 or arrays["B"].ndim != 2:
            raise ValueError(f"W1 has shape {arrays['W1'].shape} and B {arrays['B'].shape}; wanted (M, L) and (N, M).")
        (M, L), N = arrays["W1"].shape, arrays["B"].shape[0]
        for name, shape in dict(A=(M,), W2=(L, M), h1=(M,), h2=(L,), B=(N, M)).items():
            if arrays[name].shape != shape:
                raise ValueError(f"{name} has shape {arrays[name].shape}; with W1 of shape {(M, L)} it must be {shape}.")
        dtype = dtype_of(arrays)
        return cls(**{name: value.astype(dtype) for name, value in arrays.items()}, clipped=clipped)

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
        parts = parts and isinstance(step, ForcedShallowPLRNN)  # other steps differ in time: C of them are no power of one
        coarse = jax.lax.stop_gradient(Parts(self.autonomous(), operators.E, operators.D)) if parts else None
        return Problem(step, z0, inputs, coarse), operators.teacher(x[1:])

    def warmed_up(self, forcing, x, alpha=None):
        """z after a forced pass through the history from B⁺x_0; with what strength, says `methods.models.free_run`."""
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
        """The forced map and its inputs for data x `(T, ..., N)`.

        flags  (T, ..., 1), 1 at the steps that are forced; None: all of them are
        """
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
        """This model. A low-rank one gives the shPLRNN that it acts as, so that both can be asked for `full()`."""
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
    """Sizes of a shPLRNN, and its first weights, which make it close to the identity.

    A ~ min(1 − U(0, 0.05), 0.999); W1 ~ U(±0.01/√L); W2, h2 ~ U(±1/√M); h1 = 0; B = [I | 0] for M ≥ N, Kaiming normal otherwise.
    The forms are derived, the numbers are free choices.
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
