"""Observers: a copy of a flow that is fed some coordinates of the flow at every step, and so forgets where it started."""

import dataclasses
import functools
from typing import ClassVar, Literal

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from systems.recurrences.euler import EulerFlow
from systems.recurrences.family import ByValue
from systems.recurrences.recurrence import Recurrence

# `jax.random.normal(jax.random.split(jax.random.PRNGKey(42), 6)[0], (1, 3))` in double precision: what the code of
# arXiv:2508.16817 draws for Table 1. Written out, since jax promises no bits from one version to the next.
PUBLISHED = (-0.7203007280025545, -0.26062232600173396, 1.6815685055837928)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Observer(EulerFlow):
    """`z_t = z̃ + dt [field(z̃) + c (c · x_{t-1} - c · z̃)]`, where z̃ is z_{t-1} with some coordinates replaced by those of x_{t-1}.

    x is the orbit of the flow, and the observer starts at x_0 + N(0, 1). Replacing is teacher forcing with α = 1 for these
    coordinates. For the feedback c is the one that the published code draws for all its observers, or drawn here from N(0, 1), or
    0. A class names this one before its flow: `class ChuaObserver(Observer, Chua)`.
    """

    replaced: ClassVar[tuple[int, ...]]  # coordinates, from 0

    feedback: Literal["published", "drawn", "none"] = "published"

    def step(self, c: Float[Array, "dim"], z: Float[Array, "dim"], x: Float[Array, "dim"]) -> Float[Array, "dim"]:
        seen = np.isin(np.arange(len(self.start)), self.replaced)
        z = jnp.where(seen, x, z)
        return z + self.dt * (self.field(z) + c * (c @ (x - z)))

    def draw(self, T: int, seed: int = 0) -> Recurrence:
        """The observer of the first T states of the orbit, with the guess and the tangent of the flow."""
        draws, orbit = self.draws(T, seed), _orbit(self, T)
        c = {"published": np.array(PUBLISHED), "drawn": draws.feedback, "none": np.zeros(len(self.start))}[self.feedback]
        step = jax.tree_util.Partial(ByValue(self), c)
        return Recurrence(step, orbit[0] + draws.perturbation, orbit, draws.guess, draws.tangent, self.dt)


def _orbit(observer: Observer, T: int) -> Float[np.ndarray, "T dim"]:
    """x_0 … x_{T-1} of the flow, in double precision on the CPU, whatever the global x64 flag and the default device."""
    with jax.enable_x64(True), jax.default_device(jax.local_devices(backend="cpu")[0]):
        start = jnp.asarray(observer.start, jnp.float64)
        return np.concatenate([start[None], _after(observer, start, T - 1)]) if T > 1 else np.asarray(start)[None]


@functools.partial(jax.jit, static_argnums=(0, 2))
def _after(observer, start, steps):
    def step(x, _):
        x = EulerFlow.step(observer, x, None)
        return x, x

    return jax.lax.scan(step, start, length=steps)[1]
