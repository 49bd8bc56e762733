"""A map applied to many states side by side, one state per column: the fast form of a step inside a scan over time.

States lie as `(M, lanes)`: the lanes are the long, contiguous axis, so that a step is a product of the small weight matrices with
a wide one. On two CPU cores (M = 16, L = 64, 64 lanes) that takes two thirds of the time of states in rows, and per state a
quarter of the time of one state alone. Few states are faster in rows, `Rows`.
"""

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from methods.layout import blocks, cost


@dataclasses.dataclass(frozen=True)
class Lanes:
    """Any map; a model may offer a faster one of its own through `Map.lanes`."""

    step: Any  # a Map

    def __call__(self, z, u):
        """F(z, u) for z `(M, lanes)` and leaves of u `(..., lanes)`."""
        return jax.vmap(self.step, in_axes=-1, out_axes=-1)(z, u)

    def flip(self, z):
        """`(M, lanes)` in the form that is fastest to carry through a scan, and back."""
        return z

    def run(self, z, inputs):
        """The last and all `(C, M, lanes)` of the states from z on."""

        def advance(z, u):
            z = self(z, u)
            return z, z

        return lax.scan(advance, z, inputs)

    def push(self, z, u, V):
        """F(z, u), and J V for r tangents `(M, r, lanes)`."""
        image, push = jax.linearize(lambda z: self(z, u), z)
        return image, jax.vmap(push, in_axes=1, out_axes=1)(V)

    def patterns(self, z, inputs):
        """What `back` needs to know about the points z `(C, M, lanes)`; one after the other where a step stays in cache."""
        if math.isinf(cost.here().block_rows):
            return jax.vmap(self.pattern)(z, inputs)
        return lax.map(lambda now: self.pattern(*now), (z, inputs))

    def pattern(self, z, u):
        return jax.vmap(lambda z, u: self.step.linearise(z, u)[1], in_axes=-1, out_axes=-1)(z, u)

    def back(self, pattern, w):
        """Jᵀ w, w and itself as `flip` gives them."""
        return jax.vmap(self.step.pull, in_axes=-1, out_axes=-1)(pattern, w)

    def nothing(self, lanes: int):
        """What `pull` adds to, before the first step."""
        return jax.tree.map(jnp.zeros_like, self.step)

    def pull(self, z, u, w, total):
        """Jᵀ w, `total` with the cotangents of the map added, and the cotangents of u."""
        _, pull = jax.vjp(lambda step, z, u: Lanes(step)(z, u), self.step, z, u)
        d_step, w, d_u = pull(w)
        return w, jax.tree.map(jnp.add, total, d_step), d_u

    def collect(self, total):
        """The cotangent of the map from what `pull` has added up."""
        return total


@dataclasses.dataclass(frozen=True)
class Rows(Lanes):
    """For few lanes: the step as it is, whose states lie in rows; only what goes in and comes out lies in columns."""

    advance: Callable  # `step.stepper()` and `step.puller()`
    pull_back: Callable

    @classmethod
    def of(cls, step) -> "Rows":
        return cls(step, step.stepper(), step.puller())

    def flip(self, z):
        return z.T

    def rows(self, columns, axis: int):
        """Leaves `(..., lanes)` with their lanes along this axis."""
        return jax.tree.map(lambda leaf: jnp.moveaxis(leaf, -1, axis), columns)

    def run(self, z, inputs):
        def advance(z, u):
            z = self.advance(z, self.rows(u, 0))
            return z, self.flip(z)

        z, states = lax.scan(advance, self.flip(z), inputs)
        return self.flip(z), states

    def patterns(self, z, inputs):
        return blocks.over(lambda z, u: self.step.linearise(z, u)[1], self.rows((z, inputs), 1))

    def back(self, pattern, w):
        return self.pull_back(pattern, w)


@dataclasses.dataclass(frozen=True)
class Alone(Rows):
    """For a single lane: its state as it is, `(M,)`, for which a step has forms of its own."""

    def flip(self, z):
        return z[:, 0] if z.ndim == 2 else z[:, None]

    def rows(self, columns, axis: int):
        """Leaves `(..., 1)` without the axis of lanes."""
        return jax.tree.map(lambda leaf: leaf[..., 0], columns)
