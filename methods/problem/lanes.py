"""A map applied to many states side by side, one state per column: the fast form of a step inside a scan over time.

One small matrix times one vector keeps no processor busy; one small matrix times a wide one does. So the states of many windows
and sequences go through a step together, as the columns of an array `(M, lanes)`, whose long axis, the lanes, is contiguous. On
two CPU cores (M = 16, L = 64, 64 lanes) that takes two thirds of the time of states in rows, and per state a quarter of the time
of one state alone. Few states are faster in rows, `Rows`, and one by itself, `Alone`; all three have the same methods.
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
    """The form in columns, for any map; a model may offer a faster one of its own through `Map.lanes`."""

    step: Any  # a Map

    def __call__(self, z, u):
        """F(z, u) for z `(M, lanes)` and leaves of u `(..., lanes)`."""
        return jax.vmap(self.step, in_axes=-1, out_axes=-1)(z, u)

    def flip(self, z):
        """`(M, lanes)` in the form that is fastest to carry through a scan; flipped once more, it is back again."""
        return z

    def run(self, z, inputs):
        """C steps from z `(M, lanes)`: the last state, and all states `(C, M, lanes)`.

        inputs  leaves (C, ..., lanes)
        """

        def advance(z, u):
            z = self(z, u)
            return z, z

        return lax.scan(advance, z, inputs, unroll=cost.unroll())

    def push(self, z, u, V):
        """F(z, u), and J V for r tangents V `(M, r, lanes)`."""
        image, push = jax.linearize(lambda z: self(z, u), z)
        return image, jax.vmap(push, in_axes=1, out_axes=1)(V)

    def patterns(self, z, inputs):
        """The patterns at the points z `(C, M, lanes)`, for `back`: all at once, or step by step to stay in a CPU's cache."""
        if math.isinf(cost.here().block_rows):
            return jax.vmap(self.pattern)(z, inputs)
        return lax.map(lambda point: self.pattern(*point), (z, inputs))

    def pattern(self, z, u):
        """What the linearisation at z `(M, lanes)` needs to remember."""
        return jax.vmap(lambda z, u: self.step.linearise(z, u)[1], in_axes=-1, out_axes=-1)(z, u)

    def back(self, pattern, w):
        """Jᵀ w at a pattern; w and the result are in the form that `flip` gives."""
        return jax.vmap(self.step.pull, in_axes=-1, out_axes=-1)(pattern, w)

    def nothing(self, lanes: int):
        """The total of cotangents of the map from which the first `pull` starts: 0."""
        return jax.tree.map(jnp.zeros_like, self.step)

    def pull(self, z, u, w, total):
        """One step backwards from the cotangent w `(M, lanes)` of F(z, u): Jᵀ w, the new total, and the cotangent of u.

        total  cotangents of the map so far, to which those of this step are added
        """
        _, pull = jax.vjp(lambda step, z, u: Lanes(step)(z, u), self.step, z, u)
        d_step, w, d_u = pull(w)
        return w, jax.tree.map(jnp.add, total, d_step), d_u

    def collect(self, total):
        """The cotangent of the map, from the total that `pull` has added up."""
        return total


@dataclasses.dataclass(frozen=True)
class Rows(Lanes):
    """The form for few lanes: states lie in rows inside, and in columns only where they go in and come out."""

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

        z, states = lax.scan(advance, self.flip(z), inputs, unroll=cost.unroll())
        return self.flip(z), states

    def patterns(self, z, inputs):
        return blocks.over(lambda z, u: self.step.linearise(z, u)[1], self.rows((z, inputs), 1))

    def back(self, pattern, w):
        return self.pull_back(pattern, w)


@dataclasses.dataclass(frozen=True)
class Alone(Rows):
    """The form for a single lane: its state is a vector `(M,)`, for which maps have a faster form of their own."""

    def flip(self, z):
        return z[:, 0] if z.ndim == 2 else z[:, None]

    def rows(self, columns, axis: int):
        """Leaves `(..., 1)` without the axis of lanes."""
        return jax.tree.map(lambda leaf: leaf[..., 0], columns)
