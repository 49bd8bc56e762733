"""Recurrences by name: settings, and what is drawn for a length and a seed.

Draws are made by numpy in double precision, whatever precision they are used in: a recurrence of a seed is the same one on every
machine and in every precision.
"""

import dataclasses
from typing import Any, ClassVar

import jax
import numpy as np
from jaxtyping import Float

import registry
from systems.checks import check_seed, check_size
from systems.recurrences.recurrence import Recurrence


@dataclasses.dataclass(frozen=True, kw_only=True)
class Family:
    """A subclass gives `start`, which is z_0, and `step(z, u)`; its fields are its settings.

    Unless it says otherwise by `inputs` and `guess`, u_t is the number of the step, from 0 on, and the first guess is N(0, 1) in
    every component. What draws more than that, such as weights, defines `draw`.
    """

    start: ClassVar[tuple[float, ...]]
    dt: ClassVar[float] = 1.0  # time from one state to the next; a field where it is a setting

    def step(self, z, u):
        """The state after z (M,) under the input u."""
        raise TypeError(f"{type(self).__name__} must define step(z, u).")

    def inputs(self, T: int, rng: np.random.Generator) -> Any:
        """u_1 … u_T, leaves (T, ·)."""
        return np.arange(T, dtype=np.float64)[:, None]

    def guess(self, T: int, rng: np.random.Generator) -> Float[np.ndarray, "T M"]:
        """Where a search for z_1 … z_T begins."""
        return rng.standard_normal((T, len(self.start)))

    def draw(self, T: int, seed: int = 0) -> Recurrence:
        """The recurrence of T steps. A longer one of the same seed starts with the shorter."""
        self.check(T, seed)
        z0 = np.asarray(self.start, np.float64)
        inputs, guess, tangent = (np.random.default_rng([seed, part]) for part in range(3))
        return Recurrence(
            jax.tree_util.Partial(ByValue(self)),
            z0,
            self.inputs(T, inputs),
            self.guess(T, guess),
            direction(tangent, len(z0)),
            self.dt,
        )

    def check(self, T: int, seed: int) -> None:
        """Refuses a length or a seed that is no whole number in range."""
        check_size(T, label=type(self).__name__)
        check_seed(seed, label=type(self).__name__)


@dataclasses.dataclass(frozen=True)
class ByValue:
    """`family.step` as a function that equals that of an equal family, so that jax compiles for both but once."""

    family: Family

    def __call__(self, *arguments):
        return self.family.step(*arguments)


def direction(rng: np.random.Generator, dim: int) -> Float[np.ndarray, "dim"]:
    """A random vector of length 1."""
    drawn = rng.standard_normal(dim)
    return drawn / np.linalg.norm(drawn)


NEEDED = ("step", "start")
ALLOWED = (*NEEDED, "inputs", "guess", "dt", "summary", "references")


def made(entry):
    """The recurrence of one entry of RECURRENCES: a `Family`, or a dictionary with a function `step(z, u)` and a first state."""
    if not isinstance(entry, dict):
        return entry
    for key in entry.keys() - set(ALLOWED):
        raise ValueError(f'a recurrence has no part "{key}".{registry.suggest(key, ALLOWED)} Known: {", ".join(ALLOWED)}.')
    for key in NEEDED:
        if key not in entry:
            raise ValueError(f'a recurrence has no "{key}": want dict(step=..., start=...).')
    if np.ndim(entry["start"]) != 1:
        raise ValueError(f"start = {entry['start']!r}: want the numbers of the first state one by one, such as (0.3,).")
    functions = {key: staticmethod(entry[key]) for key in ("step", "inputs", "guess") if key in entry}
    given = type("Given", (Family,), {"__doc__": entry["step"].__doc__, **entry, **functions})
    return dataclasses.dataclass(frozen=True, kw_only=True)(given)()
