"""What can be known of a recurrence before it is solved: how a first guess fares on short windows of time.

Some windows, evenly spread over time, are run side by side by the map itself, each from what the guess says at its start. That is
cheap, since windows do not wait for each other, and it shows the three things that decide how many updates a solver needs:

    growth    how a small error grows from step to step along what the map makes of the guess
    error     how far the guess is from that
    left      which share of this error is left after one update of a solver, made on the windows

Errors that a window cannot see, as they come from before its start, are what `growth` is for.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from methods.layout import cost
from methods.problem import Problem

SETTLING = 4  # the tangent turns into the direction that grows most in the first 1/SETTLING of a window


def length(T: int, share: float) -> int:
    """Steps of a window: 4 √T, so that there are many windows and none is short, and no more than the share of T."""
    return max(1, min(int(share * T), max(64, int(4 * np.sqrt(T)))))


class Outlook(NamedTuple):
    """Windows of C steps, K of each sequence; lanes are the windows of all sequences, window by window."""

    windows: Problem  # z0 (lanes, M), inputs (C, lanes, ·)
    guess: Float[Array, "C lanes M"]
    states: Float[Array, "C lanes M"]  # what the map makes of the guess at the start of each window
    logs: Float[Array, "C lanes"]  # by how much the tangent grew in each step, natural logarithm
    whole: jax.ShapeDtypeStruct  # states (T, ..., M) of the problem

    @classmethod
    def of(cls, problem: Problem, guess: Float[Array, "T ... M"], C: int, K: int) -> "Outlook":
        """Go through K windows of C steps: K C products and as many linearisations, C of each after one another."""
        T, M = guess.shape[0], guess.shape[-1]
        starts = np.round(np.linspace(0, T - C, K)).astype(int)
        rows = starts + np.arange(C)[:, None]
        z0 = jnp.concatenate([problem.z0[None], guess[starts[1:] - 1]]).reshape(-1, M)

        def lanes(leaf):
            return leaf[rows].reshape(C, -1, *leaf.shape[guess.ndim - 1 :])

        windows = Problem(problem.step, z0, jax.tree.map(lanes, problem.inputs))
        return cls(windows, lanes(guess), *_followed(windows), guess)

    @classmethod
    def at_share(cls, share: float, problem: Problem, guess: Float[Array, "T ... M"]) -> "Outlook":
        """As many windows as have a share of all steps."""
        T = guess.shape[0]
        C = length(T, share)
        return cls.of(problem, guess, C, max(1, int(share * T) // C))

    @property
    def T(self) -> int:
        return self.whole.shape[0]

    def per_sequence(self, values):
        """`(..., lanes)` as `(..., K, *batch)`."""
        return values.reshape(*values.shape[:-1], -1, *self.whole.shape[1:-1])

    @property
    def growth(self) -> Float[Array, "K C ..."]:
        """The logarithms of growth, window after window; while a tangent settles it is taken to grow as it does later."""
        C = self.logs.shape[0]
        settled = self.logs[C // SETTLING :].mean(0)
        logs = jnp.where(jnp.arange(C)[:, None] < C // SETTLING, settled, self.logs)
        return jnp.moveaxis(self.per_sequence(logs), 1, 0)

    @property
    def error(self) -> Float[Array, "K ..."]:
        """The root mean square over each window of how far the guess is from the states."""
        return self.per_sequence(jnp.sqrt((_norm(self.guess - self.states) ** 2).mean(0)))

    def left(self, update: Any) -> Float[Array, "C K ..."]:
        """The size of the error after one `update(problem, at)`, made on the windows, in units of `error`."""
        after = update(self.windows, self.windows.evaluate(self.guess))
        share = self.per_sequence(_norm(after - self.states)) / jnp.maximum(self.error, jnp.finfo(after.dtype).tiny)
        return jnp.where(jnp.isfinite(share), share, jnp.inf)

    @property
    def known(self):
        """Whether all that is asked of each sequence is a number, `(...)`."""
        lanes = jnp.isfinite(self.logs).all(0) & jnp.isfinite(self.states - self.guess).all((0, -1))
        return self.per_sequence(lanes).all(0)


def _followed(windows: Problem):
    """The states of the windows, and the logarithms by which a tangent grows in each step, a quarter of the windows long."""

    def step(carry, u):
        z, v = carry
        z, pattern = windows.step.linearise(z, u)
        v = windows.step.push(pattern, v)
        size = jnp.maximum(jnp.linalg.norm(v, axis=-1, keepdims=True), jnp.finfo(v.dtype).tiny)
        return (z, v / size), (z, size[..., 0])

    # every direction, but none of the units alone
    v = jnp.cos(1 + jnp.arange(windows.z0.shape[-1], dtype=windows.z0.dtype))
    v = jnp.broadcast_to(v / jnp.linalg.norm(v), windows.z0.shape)
    states, sizes = jax.lax.scan(step, (windows.z0, v), windows.inputs, unroll=cost.unroll())[1]
    return states, jnp.log(sizes)


def _norm(values):
    return jnp.linalg.norm(values, axis=-1)
