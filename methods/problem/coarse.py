"""Coarse maps: cheap stand-ins for C forced steps, with which two-level solvers carry corrections from window to window.

A coarse map has to be much cheaper than C steps, so it cannot run the model C times. What C steps of forcing do can be had at
once, though: without the model they compose to z̃ = E^C z + Σ_{j<C} E^j D x. For projected and for gtf forcing that is forcing
of strength α_C = 1 − (1−α)^C in place of α. With F the free map,

    blend   𝒢(z) = z̃, x the data at the window's end                 the forcing without the model
    euler   𝒢(z) = z̃ + C (F(z̃) − z̃), x the data at its start         one step C times as long: MGRIT's Φ_c
    none    𝒢(z) = 0

These forms are our own. On forced reconstructions of Lorenz-63 they save sweeps only in windows of a few steps, with `euler` and
every variable observed. Directions that are not observed are not forced, so E^C stays 1 there however fast the model forgets:
`blend` and `euler` then carry corrections on for ever, and 𝒢 = 0 needs fewer sweeps.
"""

import dataclasses
from collections.abc import Callable
from typing import Any, Literal

import jax
import jax.numpy as jnp

CoarseMap = Literal["blend", "euler", "none"]


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class Parts:
    """What a coarse map is made of: the free map and one step of forcing z̃ = E z + D x."""

    free: Any  # a Map without inputs
    E: Any  # (M, M)
    D: Any  # (M, N); None without forcing

    def forced(self, steps: int):
        """E^C and Σ_{j<C} E^j D for C = `steps`, from one power of [E D; 0 I]: O((M + N)³ log C)."""
        if self.D is None:
            return jnp.linalg.matrix_power(self.E, steps), None
        M, N = self.D.shape
        once = jnp.block([[self.E, self.D], [jnp.zeros((N, M), self.E.dtype), jnp.eye(N, dtype=self.E.dtype)]])
        all_steps = jnp.linalg.matrix_power(once, steps)
        return all_steps[:M, :M], all_steps[:M, M:]


def change_of(kind: CoarseMap, parts: Parts | None, steps: int) -> Callable | None:
    """The function (new, old, x) ↦ 𝒢(new) − 𝒢(old) for windows of `steps` steps; None where 𝒢 = 0.

    new, old  (M, lanes), two states at the start of each window
    x         (N, lanes), the data there
    parts     None where a problem does not say what it is made of: it has no coarse map but 0
    """
    if kind == "none" or parts is None:
        return None
    E, D = parts.forced(steps)
    if kind == "blend":
        return lambda new, old, x: E @ (new - old)  # the data's share is the same for both
    free = parts.free.lanes()

    def euler(z, x):
        z = E @ z if D is None else E @ z + D @ x
        return z + steps * (free(z, None) - z)

    return lambda new, old, x: euler(new, x) - euler(old, x)
