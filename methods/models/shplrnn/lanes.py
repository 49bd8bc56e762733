"""The forced shPLRNN on many states in columns, with its adjoint written out.

Windowed solvers and their gradients spend their time in this step, so its products are arranged by hand. One step is
`[a; b] = onto z + data x`, `F = a + W1 φ(b + h2) + h1`. Backwards, with w the cotangent of F and q = φ'(b + h2):

    c = [w; q ⊙ W1ᵀ w],   Jᵀ w = ontoᵀ c,   d_onto += c zᵀ,   d_data += c xᵀ,   dW1 += w φᵀ,   dh += c
"""

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp

from methods.layout.products import of_lanes
from methods.problem.lanes import Lanes


@dataclasses.dataclass(frozen=True)
class ShallowPLRNNLanes(Lanes):
    """The lanes of a `ForcedShallowPLRNN`, which is `step`.

    The other fields are parts of its weights, cut out and transposed once; XLA would do that again in every step of a scan.
    """

    onto: Any  # (M+L, M), or (M+L, M+N) [onto data] where states and data go through one product
    data: Any  # (M+L, N), or None
    onto_b: Any  # (L, ·), the rows of `onto` that make b
    data_b: Any  # (L, N), those of `data`, or None
    onto_T: Any  # (M, M+L); XLA's small products are slow where it has to transpose
    W1_T: Any  # (L, M)
    on_w: Any  # (M+L, M) [onto_aᵀ; W1ᵀ], all that w is multiplied by
    onto_b_T: Any  # (M, L)

    @classmethod
    def of(cls, step) -> "ShallowPLRNNLanes":
        M, (onto, data) = step.W1.shape[0], step.joint()
        onto_T = step.onto.T
        on_w = jnp.concatenate([onto_T[:, :M], step.W1.T])
        return cls(step, onto, data, onto[M:], None if data is None else data[M:], onto_T, step.W1.T, on_w, onto_T[:, M:])

    def __call__(self, z, x):
        a, b = self._split(z, x)
        return a + of_lanes(self.step.W1, self._activate(b)) + self.step.h1[:, None]

    def push(self, z, x, V):
        step, M = self.step, z.shape[0]
        a, b = self._split(z, x)
        both = of_lanes(step.onto, V)
        image = a + of_lanes(step.W1, self._activate(b)) + step.h1[:, None]
        return image, both[:M] + of_lanes(step.W1, self._slope(b, z.dtype)[:, None] * both[M:])

    def pattern(self, z, x):
        return self._slope(self._hidden(z, x), jnp.int8)  # one byte per unit, as in `ForcedShallowPLRNN.linearise`

    def back(self, pattern, w):
        # Without the concatenation [w; q ⊙ W1ᵀ w], which only `pull` needs: that saves 5 % of a step (M = 24, 64 lanes).
        M, both = w.shape[0], of_lanes(self.on_w, w)
        return both[:M] + of_lanes(self.onto_b_T, pattern.astype(w.dtype) * both[M:])

    def nothing(self, lanes: int):
        M, L = self.step.W1.shape
        # Biases are added up lane by lane in every step, and over the lanes only once, in `collect`.
        biases = {"h1": jnp.zeros((M, lanes), self.step.h1.dtype), "h2": jnp.zeros((L, lanes), self.step.h2.dtype)}
        data = None if self.data is None else jnp.zeros_like(self.data)
        return dataclasses.replace(super().nothing(lanes), onto=jnp.zeros_like(self.onto), data=data, **biases)

    def pull(self, z, x, w, total):
        step, b, inner = self.step, self._hidden(z, x), self.W1_T @ w
        c = jnp.concatenate([w, self._slope(b, w.dtype) * inner])
        total = dataclasses.replace(
            total,
            onto=total.onto + c @ self._arguments(z, x).T,
            data=None if self.data is None else total.data + c @ x.T,
            W1=total.W1 + w @ self._activate(b).T,
            h1=total.h1 + w,
            h2=total.h2 + jnp.where(b + step.h2[:, None] > 0, inner, 0),
        )
        return self.onto_T @ c, total, None if step.data is None else step.data.T @ c

    def collect(self, total):
        M, data = self.step.W1.shape[0], total.data
        if self.step.data is not None and data is None:
            data = total.onto[:, M:]
        return dataclasses.replace(total, onto=total.onto[:, :M], data=data, h1=total.h1.sum(-1), h2=total.h2.sum(-1))

    def _hidden(self, z, x):
        """b, without a. It is wanted at all steps at once, or with gradients, where a product of matrices is the best form."""
        return self._product(jnp.matmul, self.onto_b, self.data_b, z, x)

    def _split(self, z, x):
        both = self._product(of_lanes, self.onto, self.data, z, x)
        return both[: z.shape[0]], both[z.shape[0] :]

    def _product(self, times, onto, data, z, x):
        image = times(onto, self._arguments(z, x))
        return image if data is None else image + times(data, x)

    def _arguments(self, z, x):
        """The states, or the states and the data, whichever `onto` multiplies."""
        return z if self.onto.shape[1] == z.shape[0] else jnp.concatenate([z, x])

    def _activate(self, b):
        active = jax.nn.relu(b + self.step.h2[:, None])
        return active - jax.nn.relu(b) if self.step.clipped else active

    def _slope(self, b, dtype):
        slope = (b + self.step.h2[:, None] > 0).astype(dtype)
        return slope - (b > 0).astype(dtype) if self.step.clipped else slope
