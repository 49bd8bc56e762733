"""The shallow piecewise-linear RNN and its forced form.

    F(z) = A z + W1 φ(W2 z + h2) + h1        x̂ = B z        φ(a) = max(0, a), φ'(0) = 0
    clipped: W1 [φ(W2 z + h2) − φ(W2 z)] in place of W1 φ(W2 z + h2)

Hess et al. 2023, arXiv:2306.04406; eq. 5 of Hess et al. 2026, arXiv:2605.12683 (restored from its words).

Teacher forcing acts before the step as an affine map z̃ = E z + D x, so a forced shPLRNN too is two matrix products:
`[a; b] = [A E; W2 E] z + [A D; W2 D] x`, `F = a + W1 φ(b + h2) + h1`. Folding E and D in once per
solve is what makes a step cheap.
"""

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Float

from methods.maps import Map


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class ShallowPLRNN:
    """Parameters of a shPLRNN, 2M + 2ML + L + NM of them. A holds the diagonal as it acts.

    A pytree: mapped over seeds, or as a gradient, its leaves have more axes in front; jax also puts other things there.
    """

    A: Any  # (M,)
    W1: Any  # (M, L)
    W2: Any  # (L, M)
    h1: Any  # (M,)
    h2: Any  # (L,)
    B: Any  # (N, M)
    clipped: bool = dataclasses.field(default=False, metadata={"static": True})

    @classmethod
    def from_arrays(cls, *, A, W1, W2, h1, h2, B, clipped: bool = False) -> "ShallowPLRNN":
        """A model of the given arrays, kept as they are; a shape that does not fit is a ValueError that names it."""
        given = {name: jnp.asarray(value) for name, value in dict(A=A, W1=W1, W2=W2, h1=h1, h2=h2, B=B).items()}
        if given["W1"].ndim != 2 or given["B"].ndim != 2:
            raise ValueError(f"W1 has shape {given['W1'].shape} and B {given['B'].shape}; wanted (M, L) and (N, M).")
        (M, L), N = given["W1"].shape, given["B"].shape[0]
        for name, shape in dict(A=(M,), W2=(L, M), h1=(M,), h2=(L,), B=(N, M)).items():
            if given[name].shape != shape:
                raise ValueError(f"{name} has shape {given[name].shape}; with W1 of shape {(M, L)} it must be {shape}.")
        return cls(**given, clipped=clipped)

    @property
    def latent_dim(self) -> int:
        return self.W1.shape[-2]

    def readout(self, z: Float[Array, "... M"]) -> Float[Array, "... N"]:
        """x̂ = B z."""
        return z @ self.B.T

    def to_free(self) -> "ShallowPLRNN":
        """The coordinates training moves in: a with A = tanh(a). Infinite or NaN where |A| >= 1."""
        return dataclasses.replace(self, A=jnp.arctanh(self.A))

    def from_free(self) -> "ShallowPLRNN":
        """Back from the coordinates of training."""
        return dataclasses.replace(self, A=jnp.tanh(self.A))

    def autonomous(self) -> "ForcedShallowPLRNN":
        """The free-running map; its inputs are ignored."""
        return self.forced(jnp.eye(self.latent_dim, dtype=self.A.dtype), None)

    def forced(self, E: Float[Array, "M M"], D: Float[Array, "M N"] | None) -> "ForcedShallowPLRNN":
        """The map `(z, x) ↦ F(E z + D x)`; without D it takes no data."""
        onto = jnp.concatenate([self.A[:, None] * E, self.W2 @ E])
        data = None if D is None else jnp.concatenate([self.A[:, None] * D, self.W2 @ D])
        return ForcedShallowPLRNN(onto, data, self.W1, self.h1, self.h2, self.clipped)


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class ForcedShallowPLRNN(Map):
    """`F(E z + D x)` of a shPLRNN, 2(M+L)(M+N) + 2ML flops a step; its linearisation is the activation pattern alone."""

    onto: Any  # (M+L, M) [A E; W2 E]
    data: Any  # (M+L, N) [A D; W2 D]
    W1: Any  # (M, L)
    h1: Any  # (M,)
    h2: Any  # (L,)
    clipped: bool = dataclasses.field(default=False, metadata={"static": True})

    def __call__(self, z, x=None):
        linear, hidden = self._split(z, x)
        return linear + self._activate(hidden) @ self.W1.T + self.h1

    def linearise(self, z, x=None):
        linear, hidden = self._split(z, x)
        slope = (hidden + self.h2 > 0).astype(jnp.int8)  # one byte a unit: this is what Newton keeps for every time step
        if self.clipped:
            slope = slope - (hidden > 0).astype(jnp.int8)
        return linear + self._activate(hidden) @ self.W1.T + self.h1, slope

    def push(self, pattern, v):
        both = v @ self.onto.T
        M = v.shape[-1]
        return both[..., :M] + (pattern.astype(v.dtype) * both[..., M:]) @ self.W1.T

    def pull(self, pattern, w):
        return jnp.concatenate([w, pattern.astype(w.dtype) * (w @ self.W1)], axis=-1) @ self.onto

    def dense(self, pattern):
        M, L = self.W1.shape
        # J is affine in the pattern: one matrix product over all time steps, and no M×L×M intermediate per step.
        units = (self.W1.T[:, :, None] * self.onto[M:, None, :]).reshape(L, M * M)
        return (pattern.astype(units.dtype) @ units).reshape(*pattern.shape[:-1], M, M) + self.onto[:M]

    def diagonal(self, pattern):
        M = self.W1.shape[0]
        return pattern.astype(self.W1.dtype) @ (self.W1.T * self.onto[M:]) + jnp.diagonal(self.onto[:M])

    def _split(self, z, x):
        M = self.W1.shape[0]
        both = z @ self.onto.T
        if self.data is not None:
            both = both + x @ self.data.T
        return both[..., :M], both[..., M:]

    def _activate(self, hidden):
        active = jnp.maximum(hidden + self.h2, 0)
        return active - jnp.maximum(hidden, 0) if self.clipped else active


@dataclasses.dataclass(frozen=True)
class ShallowPLRNNShape:
    """Sizes of a shPLRNN to be trained, and its first weights, near the identity (forms derived, numbers free choices).

    A ~ min(1 − U(0, 0.05), 0.999); W1 ~ U(±0.01/√L): larger values let the unforced units blow up over 10⁴ steps before
    training starts; W2, h2 ~ U(±1/√M); h1 = 0; B = [I | 0] for M ≥ N, Kaiming normal otherwise.
    """

    latent_dim: int = 10
    hidden_dim: int = 50
    clipped: bool = False

    def init(self, key, observed_dim: int, dtype=jnp.float32) -> ShallowPLRNN:
        M, L, N = self.latent_dim, self.hidden_dim, observed_dim
        diagonal, first, second, bias, readout = jr.split(key, 5)

        def uniform(key, bound, *shape):
            return jr.uniform(key, shape, dtype, -bound, bound)

        return ShallowPLRNN(
            A=jnp.minimum(1 - jr.uniform(diagonal, (M,), dtype, 0, 0.05), 0.999),
            W1=uniform(first, 0.01 / L**0.5, M, L),
            W2=uniform(second, 1 / M**0.5, L, M),
            h1=jnp.zeros(M, dtype),
            h2=uniform(bias, 1 / M**0.5, L),
            B=jnp.eye(N, M, dtype=dtype) if M >= N else jr.normal(readout, (N, M), dtype) * (2 / M) ** 0.5,
            clipped=self.clipped,
        )
