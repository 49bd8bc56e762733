"""The forced shPLRNN on many states in columns, with its adjoint written out.

One step is `[a; b] = onto z + data x`, `F = a + W1 φ(b + h2) + h1`. Backwards, with w the cotangent of F and q = φ'(b + h2):

    c = [w; q ⊙ W1ᵀ w],   Jᵀ w = ontoᵀ c,   d_onto += c zᵀ,   d_data += c xᵀ,   dW1 += w φᵀ,   dh += c
"""

import dataclasses
from typing import Any

import jax.numpy as jnp

from methods.lanes import Lanes


@dataclasses.dataclass(frozen=True)
class ShallowPLRNNLanes(Lanes):
    """`step` is a ForcedShallowPLRNN. Transposes are kept: XLA's small products are slow where it has to transpose."""

    onto_T: Any  # (M, M+L)
    W1_T: Any  # (L, M)

    def __call__(self, z, x):
        a, b = self._split(z, x)
        return a + self.step.W1 @ self._activate(b) + self.step.h1[:, None]

    def push(self, z, x, V):
        step, M = self.step, z.shape[0]
        a, b = self._split(z, x)
        both = jnp.tensordot(step.onto, V, 1)
        image = a + step.W1 @ self._activate(b) + step.h1[:, None]
        return image, both[:M] + jnp.tensordot(step.W1, self._slope(b, z.dtype)[:, None] * both[M:], 1)

    def pattern(self, z, x):
        return self._slope(self._hidden(z, x), jnp.int8)  # one byte a unit, as the step keeps it

    def back(self, pattern, w):
        return self.onto_T @ jnp.concatenate([w, pattern.astype(w.dtype) * (self.W1_T @ w)])

    def nothing(self, lanes: int):
        M, L = self.step.W1.shape
        # biases are added up lane by lane, and over the lanes only once
        biases = {"h1": jnp.zeros((M, lanes), self.step.h1.dtype), "h2": jnp.zeros((L, lanes), self.step.h2.dtype)}
        return dataclasses.replace(super().nothing(lanes), **biases)

    def pull(self, z, x, w, total):
        step, b, inner = self.step, self._hidden(z, x), self.W1_T @ w
        c = jnp.concatenate([w, self._slope(b, w.dtype) * inner])
        total = dataclasses.replace(
            total,
            onto=total.onto + c @ z.T,
            data=None if step.data is None else total.data + c @ x.T,
            W1=total.W1 + w @ self._activate(b).T,
            h1=total.h1 + w,
            h2=total.h2 + jnp.where(b + step.h2[:, None] > 0, inner, 0),
        )
        return self.onto_T @ c, total, None if step.data is None else step.data.T @ c

    def collect(self, total):
        return dataclasses.replace(total, h1=total.h1.sum(-1), h2=total.h2.sum(-1))

    def _hidden(self, z, x):
        """b alone."""
        M = z.shape[0]
        b = self.step.onto[M:] @ z
        return b if self.step.data is None else b + self.step.data[M:] @ x

    def _split(self, z, x):
        both = self.step.onto @ z
        if self.step.data is not None:
            both = both + self.step.data @ x
        return both[: z.shape[0]], both[z.shape[0] :]

    def _activate(self, b):
        active = jnp.maximum(b + self.step.h2[:, None], 0)
        return active - jnp.maximum(b, 0) if self.step.clipped else active

    def _slope(self, b, dtype):
        slope = (b + self.step.h2[:, None] > 0).astype(dtype)
        return slope - (b > 0).astype(dtype) if self.step.clipped else slope
