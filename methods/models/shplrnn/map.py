"""The forced shPLRNN as a map `(z, x) ↦ F(E z + D x)`, with the forms of its products that are fastest on a CPU.

Teacher forcing acts before the step as an affine map z̃ = E z + D x. Done one after the other, forcing and model would be four
small products per step. Both are linear up to the hidden layer, so E and D can be folded into the weights once per solve, and a
forced step costs two matrix products, as a free one does:

    [a; b] = [A E; W2 E] z + [A D; W2 D] x        F = a + W1 φ(b + h2) + h1
"""

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from methods.kernels.shplrnn import LARGEST_HIDDEN, LARGEST_STATE, Tiles
from methods.layout import cost
from methods.models.shplrnn.lanes import ShallowPLRNNLanes
from methods.problem import Map
from methods.problem.lanes import Alone, Rows


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class ForcedShallowPLRNN(Map):
    """`F(E z + D x)` of a shPLRNN, 2(M+L)(M+N) + 2ML flops per step.

    It is piecewise linear, so the pattern at a point is only which hidden units are active there.
    """

    onto: Any  # (M+L, M) [A E; W2 E]
    data: Any  # (M+L, N) [A D; W2 D]
    W1: Any  # (M, L)
    h1: Any  # (M,)
    h2: Any  # (L,)
    clipped: bool = dataclasses.field(default=False, metadata={"static": True})

    def __call__(self, z, x=None):
        linear, hidden = self._split(z, x)
        return linear + _image(self.W1, self._activate(hidden)) + self.h1

    def linearise(self, z, x=None):
        linear, hidden = self._split(z, x)
        slope = (hidden + self.h2 > 0).astype(jnp.int8)  # one byte per unit, as Newton keeps it for every time step
        if self.clipped:
            slope = slope - (hidden > 0).astype(jnp.int8)
        return linear + _image(self.W1, self._activate(hidden)) + self.h1, slope

    def push(self, pattern, v):
        both = _image(self.onto, v)
        M = v.shape[-1]
        return both[..., :M] + _image(self.W1, pattern.astype(v.dtype) * both[..., M:])

    def pull(self, pattern, w):
        return jnp.concatenate([w, pattern.astype(w.dtype) * (w @ self.W1)], axis=-1) @ self.onto

    def stepper(self):
        # XLA's small products are slow where they transpose, so weights are transposed before the loop; the barrier keeps XLA
        # from folding that back into it. On two CPU cores the forward pass takes 0.6 to 0.95 times as long. A single state is
        # best left as it is.
        onto, data = self.joint()
        onto_T, data_T, W1_T = lax.optimization_barrier(jax.tree.map(jnp.transpose, (onto, data, self.W1)))
        M = self.W1.shape[0]

        def step(z, x):
            if z.ndim == 1:
                return self(z, x)
            both = arguments(onto, z, x) @ onto_T
            if data is not None:
                both = both + x @ data_T
            return both[..., :M] + self._activate(both[..., M:]) @ W1_T + self.h1

        return step

    def puller(self):
        M, onto_T = self.W1.shape[0], self.onto.T
        on_w, onto_b = jnp.concatenate([self.onto[:M], self.W1], axis=1), self.onto[M:]
        onto_a_T, onto_b_T, W1_T = lax.optimization_barrier((onto_T[:, :M], onto_T[:, M:], self.W1.T))

        def pull(pattern, w):
            if w.ndim > 1:
                both = w @ on_w
                return both[..., :M] + (pattern.astype(w.dtype) * both[..., M:]) @ onto_b
            # For a single state, the forms that XLA's loop over time on a CPU runs fastest.
            if M <= cost.here().small:
                return onto_T @ jnp.concatenate([w, pattern.astype(w.dtype) * (self.W1 * w[:, None]).sum(0)])
            return onto_a_T @ w + onto_b_T @ (pattern.astype(w.dtype) * (W1_T @ w))

        return pull

    def dense(self, pattern):
        M, L = self.W1.shape
        # J is affine in the pattern, so that one matrix product gives it at all time steps, without M×L×M numbers per step in
        # between. Its constant part is the product with a unit that is always on: to add it afterwards would hold all Jacobians
        # a second time.
        units = (self.W1.T[:, :, None] * self.onto[M:, None, :]).reshape(L, M * M)
        units = jnp.concatenate([units, self.onto[:M].reshape(1, M * M)])
        pattern = jnp.concatenate([pattern, jnp.ones_like(pattern[..., :1])], axis=-1)
        return (pattern.astype(units.dtype) @ units).reshape(*pattern.shape[:-1], M, M)

    def diagonal(self, pattern):
        M = self.W1.shape[0]
        return pattern.astype(self.W1.dtype) @ (self.W1.T * self.onto[M:]) + jnp.diagonal(self.onto[:M])

    def lanes(self, count=None):
        if count is None or count > cost.here().few_lanes:
            return ShallowPLRNNLanes.of(self)
        return (Alone if count == 1 else Rows).of(self)

    @property
    def no_tiles(self) -> str:
        (M, L), N = self.W1.shape, 0 if self.data is None else self.data.shape[1]
        if max(M, N) <= LARGEST_STATE and L <= LARGEST_HIDDEN:
            return ""
        return f"kernels hold M and N up to {LARGEST_STATE} and L up to {LARGEST_HIDDEN}, not M = {M}, N = {N}, L = {L}"

    def tiles(self):
        return Tiles.of(self)

    def joint(self):
        """[onto data] and None where one product of states and data together is faster; else onto and data.

        With a single column of data two products are faster: XLA makes the second one part of its neighbours, without a call.
        """
        if self.data is None or self.data.shape[1] == 1 or not cost.here().joint_products:
            return self.onto, self.data
        return jnp.concatenate([self.onto, self.data], axis=1), None

    def _split(self, z, x):
        M = self.W1.shape[0]
        onto, data = (self.onto, self.data) if z.ndim == 1 else self.joint()
        both = _image(onto, arguments(onto, z, x))
        if data is not None:
            both = both + _image(data, x)
        return both[..., :M], both[..., M:]

    def _activate(self, hidden):
        active = jax.nn.relu(hidden + self.h2)
        return active - jax.nn.relu(hidden) if self.clipped else active


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class SparselyForced(Map):
    """`F(E z + D x)` at the steps whose flag is 1, `F(z)` at the others. Inputs: data `(..., N)` and flags `(..., 1)`."""

    free: ForcedShallowPLRNN
    E: Any  # (M, M)
    D: Any  # (M, N)

    def __call__(self, z, u):
        return self.free(self._forced(z, u))

    def linearise(self, z, u):
        image, pattern = self.free.linearise(self._forced(z, u))
        return image, (pattern, *u[1:])

    def push(self, pattern, v):
        pattern, flag = pattern
        return self.free.push(pattern, v + flag * (v @ self.E.T - v))

    def pull(self, pattern, w):
        pattern, flag = pattern
        w = self.free.pull(pattern, w)
        return w + flag * (w @ self.E - w)

    def dense(self, pattern):
        pattern, flag = pattern
        J = self.free.dense(pattern)
        return J + flag[..., None] * (J @ self.E - J)

    def _forced(self, z, u):
        x, flag = u
        return z + flag * (z @ self.E.T + x @ self.D.T - z)


def arguments(onto, z, x):
    """The states z, or states and data, whichever the `onto` of `joint` multiplies."""
    return z if onto.shape[1] == z.shape[-1] else jnp.concatenate([z, x], axis=-1)


def _image(W, z):
    """W z over leading axes, in the form that is fastest for its shape on a CPU (two cores, one state, T = 65536 steps).

    For one state `W @ z` takes a fifth of the time of `z @ W.T`. With few columns, a sum of products takes a fifth of the time of
    `W @ z`, because XLA makes it part of its neighbours, while a matrix product is a call of its own.
    """
    if z.ndim > 1:
        return z @ W.T
    return (W * z).sum(-1) if W.shape[1] <= cost.here().small else W @ z
