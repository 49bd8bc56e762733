"""What a solver returns: states, cost and an honest status, as arrays, so that it passes through `jit`, `vmap` and `grad`."""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float, Int

from advice import ADVICE
from methods.problem.stretch import ALL, Stretch

CONVERGED, NOT_CONVERGED, DIVERGED = 0, 1, 2
STATUSES = np.array(["converged", "not_converged", "diverged"])


def largest(values, axis=(0, -1)):
    """max |values| over time and components, `(...)`; NaN where a value is not finite, as XLA's own maximum may pass over NaN."""
    return jnp.where(jnp.isfinite(values).all(axis), jnp.abs(values).max(axis), jnp.nan)


def always(flags):
    """Whether flags `(T, ...)` have been true at all steps so far, for each step."""
    return lax.cummin(flags.astype(jnp.int8)).astype(bool)


def over_time(per_sequence, leaf):
    """A value per sequence, shaped so that `jnp.where` can choose by it between leaves `(T, ..., ·)`."""
    return per_sequence.reshape(1, *per_sequence.shape, *[1] * (leaf.ndim - 1 - per_sequence.ndim))


def own_size(states, axis: int = -1):
    """max(1, |z|), |z| the largest component along `axis`: the size by which the error of a state is measured."""
    return jnp.maximum(1, jnp.abs(states).max(axis))


def by_size(residual, states):
    """The largest residual of all steps, each divided by the size of its own state or 1: what stopping rules look at.

    Divided by the largest state of the sequence instead, a single outlier would loosen the tolerance for all other states.
    """
    return largest(residual / own_size(states)[..., None])


def default_tolerance(tolerance: float | None, dtype) -> float:
    """`tolerance`, or the default for this precision where it is None."""
    return tolerance if tolerance is not None else 1e-10 if dtype == jnp.float64 else 1e-6


def from_where_it_broke(states, residual, code, stretch: Stretch = ALL):
    """`states`, with NaN in a diverged sequence from the first step on whose residual is not finite.

    An iteration may end with a finite iterate whose image is not finite. It must not look like an answer, so it is given the form
    in which the step-by-step scan leaves a sequence that diverged.
    """
    broken = stretch.from_first(~jnp.isfinite(residual).all(-1))
    return jnp.where((broken & (code == DIVERGED))[..., None], jnp.nan, states)


class History(NamedTuple):
    """How an iteration went, `(max_iterations + 1, ...)`: row i is about the iterate after i iterations, NaN if there is none."""

    residual: Float[Array, "updates ..."]
    step: Float[Array, "updates ..."]  # largest change of a state

    @classmethod
    def start(cls, max_iterations: int, at, stretch: Stretch = ALL) -> "History":
        empty = jnp.full((max_iterations + 1, *at.states.shape[1:-1]), jnp.nan, at.states.dtype)
        return cls(empty.at[0].set(stretch.largest(largest(at.residual))), empty)

    def record(self, update, running, at, change, stretch: Stretch = ALL) -> "History":
        """This history with a row for iteration number `update`, for the sequences that still run."""
        sizes = (stretch.largest(largest(values)) for values in (at.residual, change))
        residual, step = (jnp.where(running, size, jnp.nan) for size in sizes)
        return History(self.residual.at[update].set(residual), self.step.at[update].set(step))


class Solution(NamedTuple):
    """A solved trajectory. Per-sequence fields have the batch shape, which is empty for a single sequence.

    Time comes first (`(T, ..., M)`) inside `methods`; `Method.solve` moves the batch to the front.
    """

    states: Float[Array, "T ... M"]  # z_1 … z_T
    iterations: Int[Array, "..."]  # not counting the evaluation that verifies the last one
    evaluations: Int[Array, "..."]  # sweeps of the map over all T steps
    residual: Float[Array, "..."]  # max |z_t - F_t(z_{t-1})| over time and components
    code: Int[Array, "..."]  # index into STATUSES
    history: History | None = None  # on request
    choice: Int[Array, ""] | None = None  # of a solver that chooses among others: the number of the one it took

    @property
    def status(self):
        """`converged`, `not_converged` or `diverged`: a string, or an array of them for a batch. Not under `jit`: use `code`."""
        status = STATUSES[np.asarray(self.code)]
        return str(status) if status.ndim == 0 else status

    @property
    def advice(self):
        """What to do next, one sentence: a string, or an array of them for a batch. Not under `jit`."""
        sentences = np.array([ADVICE[status] for status in STATUSES])[np.asarray(self.code)]
        return str(sentences) if sentences.ndim == 0 else sentences

    def as_batch(self) -> "Solution":
        """This solution of one sequence, states `(T, M)`, as a batch of one, states `(1, T, M)`."""
        fields = {name: getattr(self, name)[None] for name in ("states", "iterations", "evaluations", "residual", "code")}
        history = self.history and History(*(rows[:, None] for rows in self.history))
        return self._replace(**fields, history=history)

    @property
    def first_nonfinite(self) -> Int[Array, "..."]:
        """Time index (from 0) of the first state that is not finite, -1 where all are; of `Method.solve`'s states `(S, T, M)`."""
        bad = ~jnp.isfinite(self.states).all(-1)
        return jnp.where(bad.any(-1), bad.argmax(-1), -1)
