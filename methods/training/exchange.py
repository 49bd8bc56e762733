"""One exchange of a training decomposed in time: the windows run, tell each other where they are, and take optimiser steps.

The algorithm is written out in `methods.training.decomposed`, whose settings are the argument `decomposition` here.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float

from methods.layout.precision import precise
from methods.training import local_steps, objective, overlapping
from methods.training.local_steps import LocalLoss, Steps, Told
from methods.training.overlapping import Windowed


class Carry(NamedTuple):
    """What windows carry from one exchange to the next. Unless they share parameters, weights and optimiser have an axis K."""

    weights: Any  # in unconstrained coordinates
    starts: Float[Array, "K M"]
    optimiser: Any


class Report(NamedTuple):
    """How windows did at an exchange, and in the optimiser steps that followed it."""

    local_loss: Float[Array, ""]  # mean_k of the data term of J_k
    jump: Float[Array, ""]  # largest difference of neighbours where the own part of a window starts
    steps: Steps


def first_carry(decomposition, method, weights, data: Windowed, optimiser) -> Carry:
    """The carry before the first exchange: all windows have the same parameters, and start at B⁺x."""
    K = decomposition.windows
    starts = method.problem(weights.from_unconstrained(), data.x[:, 0][None].repeat(2, 0))[0].z0
    if decomposition.sharing == "shared":
        return Carry(weights, starts, optimiser.init(_trained(decomposition, weights, starts)))
    weights = jax.tree.map(lambda leaf: jnp.broadcast_to(leaf, (K, *leaf.shape)), weights)
    return Carry(weights, starts, jax.vmap(optimiser.init)(_trained(decomposition, weights, starts)))


def merged(decomposition, carry: Carry):
    """The parameters that a training ends with: the mean over windows, in unconstrained coordinates."""
    return carry.weights if decomposition.sharing == "shared" else jax.tree.map(lambda leaf: leaf.mean(0), carry.weights)


def spread(decomposition, carry: Carry):
    """Root mean square distance of the windows' parameters from their mean, relative to the norm of the mean."""
    mean = merged(decomposition, carry)
    if decomposition.sharing == "shared":
        return jnp.zeros(())
    return jnp.sqrt(local_steps.distance(carry.weights, mean) / decomposition.windows) / optax.tree.norm(mean)


@precise()
def exchange_and_step(decomposition, method, carry: Carry, data: Windowed, optimiser, **drawn) -> tuple[Carry, Report]:
    """One exchange and the `local_steps` optimiser steps that follow it.

    drawn  key and progress, for a forcing that draws; see `Method.solve`
    """
    before, after = [], []
    for half in _halves(decomposition):
        states = _run(decomposition, method, carry, data, drawn)
        before.append(_report(decomposition, carry, states, data))
        carry, steps = _advance(decomposition, method, carry, states, data, optimiser, half, drawn)
        after.append(steps)
    if decomposition.sharing == "gossip":
        carry = carry._replace(weights=jax.tree.map(_gossip, carry.weights))
    elif decomposition.sharing == "mean":
        carry = carry._replace(weights=jax.tree.map(lambda leaf: jnp.broadcast_to(leaf.mean(0), leaf.shape), carry.weights))
    norms, failures, skipped = (sum(values) for values in zip(*after, strict=True))
    return carry, Report(*before[0], Steps(norms / len(after), failures, skipped > 0))


def _halves(decomposition):
    """Which windows take steps together, `(K,)` each: all of them, or first the even and then the odd ones."""
    k = jnp.arange(decomposition.windows)
    return [k >= 0] if decomposition.order == "additive" else [k % 2 == 0, k % 2 == 1]


def _trained(decomposition, weights, starts):
    """What the optimiser moves: the parameters, and the starts of windows where they are learned, else None."""
    return (weights, starts) if decomposition.window_start == "learned" else (weights, None)


def _over(decomposition) -> int | None:
    """The axis of the parameters that runs over windows; None where they share one set."""
    return None if decomposition.sharing == "shared" else 0


def _run(decomposition, method, carry, data, drawn):
    """States of all windows `(K, C + δ, M)`."""

    def one(weights, z0, k):
        return overlapping.states(method, data, drawn, weights.from_unconstrained(), z0, k)

    k = jnp.arange(decomposition.windows)
    return jax.vmap(one, in_axes=(_over(decomposition), 0, 0))(carry.weights, carry.starts, k)


def _report(decomposition, carry, states, data):
    """The data term of the local losses, averaged over windows, and the largest jump between neighbours."""
    C, overlap = data.C, data.overlap

    def own(weights, z, x, seen):
        return objective.squares(weights.from_unconstrained(), z, x, seen)

    own_parts = carry.weights, states[:, overlap:], data.x[:, overlap + 1 :], data.seen
    squares = jax.vmap(own, in_axes=(_over(decomposition), 0, 0, 0))(*own_parts)
    behind = states[:-1, C + overlap - 1]
    ahead = states[1:, overlap - 1] if overlap else carry.starts[1:]
    return objective.Squares(*(leaf.sum() for leaf in squares)).mean, jnp.abs(behind - ahead).max(initial=0)


def _advance(decomposition, method, carry, states, data, optimiser, half, drawn):
    """m optimiser steps of the windows in `half`, each on its J_k, with what its neighbours have just told it."""
    told = _told(decomposition, carry, states, data, half)
    trained = _trained(decomposition, carry.weights, told.starts)
    steps = local_steps.with_one_set if decomposition.sharing == "shared" else local_steps.with_own_sets
    loss = LocalLoss(decomposition, method, data, drawn)
    ((weights, starts), optimiser_state), report = steps(loss, optimiser, trained, carry.optimiser, told, half)
    return Carry(weights, told.starts if starts is None else starts, optimiser_state), report


def _told(decomposition, carry, states, data, half) -> Told:
    """What windows are told at an exchange, from the states of all. Only windows of `half` get new starts."""
    C, overlap = data.C, data.overlap
    starts = carry.starts
    if decomposition.window_start == "schwarz":
        starts = jnp.where(half[:, None], jnp.concatenate([starts[:1], states[:-1, C - 1]]), starts)
    # The first and the last window have one neighbour only. Own states stand in for the other, and `has` = 0 leaves them out.
    head = jnp.concatenate([states[:1, :overlap], states[:-1, C:]])
    tail = jnp.concatenate([states[1:, :overlap], states[-1:, C:]])
    k = jnp.arange(decomposition.windows)
    has = jnp.stack([k > 0, k < decomposition.windows - 1], 1).astype(states.dtype)
    shared = decomposition.sharing == "shared"
    before, behind = (None if shared else jax.tree.map(shift, carry.weights) for shift in (_before, _behind))
    return Told(starts, k, data.x, data.seen, head, tail, has, before, behind)


def _gossip(leaf):
    return leaf + (_before(leaf) + _behind(leaf) - 2 * leaf) / 3


def _before(leaf):
    """For each window the value of the window before it; for the first, its own."""
    return jnp.concatenate([leaf[:1], leaf[:-1]])


def _behind(leaf):
    """For each window the value of the window behind it; for the last, its own."""
    return jnp.concatenate([leaf[1:], leaf[-1:]])
