"""Optimiser steps that windows take on losses of their own, between two exchanges of a training decomposed in time.

The loss of window k, J_k, is written out in `methods.training.decomposed`. It depends on other windows only through what they
told at the last exchange, so that all windows step side by side.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float, Int

from methods.training import objective, overlapping, updates
from methods.training.overlapping import Windowed


class Steps(NamedTuple):
    """How m optimiser steps of all windows went, `(m,)` each."""

    gradient_norm: Float[Array, "m"]  # of the shared parameters; else the mean over windows of their own
    failures: Int[Array, "m"]  # windows whose states are not finite
    skipped: Array  # whether the parameters, of one window at least, were left as they were


class Told(NamedTuple):
    """What every window has been told at the last exchange; all of it is fixed until the next one."""

    starts: Float[Array, "K M"]
    k: Int[Array, "K"]
    x: Float[Array, "K rows N"]
    seen: Float[Array, "K C N"] | None
    head: Float[Array, "K overlap M"]  # states of the window before, in the overlap with it
    tail: Float[Array, "K overlap M"]  # of the window behind
    has: Float[Array, "K 2"]  # 1 where there is a window before, and behind, else 0
    before: Any  # parameters of the window before; None where all share one set
    behind: Any


class LocalLoss(NamedTuple):
    """J_k of one window as a function of what it trains."""

    decomposition: Any
    method: Any
    data: Windowed
    drawn: dict

    def __call__(self, trained, told: Told):
        """The loss of one window, and whether its states are finite.

        trained  its parameters in unconstrained coordinates, and its start; None: the start is not trained
        told     what it has been told, without the axis K
        """
        weights, start = trained
        params = weights.from_unconstrained()
        # the very first window starts at B⁺x_0
        z0 = told.starts if start is None else jnp.where(told.has[0] > 0, start, told.starts)
        z = overlapping.states(self.method, self.data, self.drawn, params, z0, told.k)
        overlap = self.data.overlap
        errors = objective.squares(params, z[overlap:], told.x[overlap + 1 :], told.seen).total
        loss = self._share * errors + self.method.regularisation.penalty(params)
        return loss + self._disagreement(weights, z, told), jnp.isfinite(z).all()

    @property
    def _share(self):
        """The weight of a squared error, such that the mean of all J_k is the mean over all values that count, in any window."""
        data, K = self.data, self.decomposition.windows
        if data.seen is None:
            return 1 / (data.C * data.x.shape[-1])
        return K / jnp.maximum(data.seen.sum(), 1)

    def _disagreement(self, weights, z, told):
        """The penalties on differences from the neighbours: of states in the overlaps, and of parameters."""
        decomposition, C, overlap = self.decomposition, self.data.C, self.data.overlap
        total = 0.0
        if decomposition.match_weight and overlap:
            apart = told.has[0] * jnp.mean((z[:overlap] - told.head) ** 2) + told.has[1] * jnp.mean((z[C:] - told.tail) ** 2)
            total = total + decomposition.match_weight * apart
        if decomposition.parameter_weight and told.before is not None:
            apart = told.has[0] * distance(weights, told.before) + told.has[1] * distance(weights, told.behind)
            total = total + 0.5 * decomposition.parameter_weight * apart
        return total


def with_one_set(loss: LocalLoss, optimiser, trained, optimiser_state, told: Told, active):
    """m optimiser steps of parameters that all windows share, each along the mean gradient of the active windows.

    trained  parameters in unconstrained coordinates, and starts (K, M) or None
    active   (K,), which windows take part
    Returns ((trained, optimiser_state), Steps), as `with_own_sets` does.
    """
    axes = (None, None if trained[1] is None else 0)

    def mean(trained):
        losses, finite = jax.vmap(loss, in_axes=(axes, 0))(trained, told)
        return jnp.where(active, losses, 0).sum() / active.sum(), finite

    def step(state, _):
        (value, finite), gradient = jax.value_and_grad(mean, has_aux=True)(state[0])
        norm, use, state = updates.step(optimiser, *state, value, gradient)
        return state, Steps(norm, (active & ~finite).sum(), ~use)

    return lax.scan(step, (trained, optimiser_state), length=loss.decomposition.local_steps)


def with_own_sets(loss: LocalLoss, optimiser, trained, optimiser_state, told: Told, active):
    """m optimiser steps of each active window's own parameters; the other windows stay as they are. Arguments as above."""

    def of_one(trained, optimiser_state, told, active):
        def step(state, _):
            (value, finite), gradient = jax.value_and_grad(loss, has_aux=True)(state[0], told)
            norm, use, moved = updates.step(optimiser, *state, value, gradient)
            state = jax.tree.map(lambda new, old: jnp.where(active, new, old), moved, state)
            return state, Steps(norm, active & ~finite, active & ~use)

        return lax.scan(step, (trained, optimiser_state), length=loss.decomposition.local_steps)

    after, steps = jax.vmap(of_one)(trained, optimiser_state, told, active)
    norms = jnp.where(active[:, None], steps.gradient_norm, 0).sum(0) / active.sum()
    return after, Steps(norms, steps.failures.sum(0), steps.skipped.any(0))


def distance(one, other):
    """Squared distance of two sets of parameters."""
    return sum(jnp.sum((a - b) ** 2) for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True))
