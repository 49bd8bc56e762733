"""One exchange of a training decomposed in time: the windows run, tell each other where they are, and step.

`decomposition` are the settings of `methods.training.decomposed`, where the algorithm is written out.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jax import lax
from jaxtyping import Array, Float, Int

from methods.forcing import missing
from methods.layout.precision import precise
from methods.problem import rollout
from methods.training import objective, updates


class Windowed(NamedTuple):
    """Data of one exchange in windows."""

    whole: Float[Array, "T_plus_1 N"]
    x: Float[Array, "K rows N"]  # rows kC … kC + C + δ
    C: int
    overlap: int
    seen: Float[Array, "K C N"] | None  # 1 for what the loss of a window's own part looks at, else 0; None: at everything


class Carry(NamedTuple):
    """What is carried from one exchange to the next; unless parameters are shared, `free` and `optimiser` have an axis K."""

    free: Any
    starts: Float[Array, "K M"]
    optimiser: Any


class Steps(NamedTuple):
    """What m optimiser steps of all windows met, `(m,)` each."""

    gradient_norm: Float[Array, "m"]  # of the shared parameters; else the mean over windows of their own
    failures: Int[Array, "m"]  # windows whose states are not finite
    skipped: Array  # whether parameters, those of a window at least, were left as they were


class Report(NamedTuple):
    """What an exchange found before the steps that follow it, and what these met."""

    local_loss: Float[Array, ""]  # mean_k of the data term of J_k
    jump: Float[Array, ""]  # largest difference of neighbours where the own part of a window starts
    steps: Steps


def windows(decomposition, x: Float[Array, "T_plus_1 N"], forcing=None) -> Windowed:
    """The data x_0 … x_T of all windows; values may be missing where `forcing` masks them."""
    C, overlap = decomposition.length(x.shape[0] - 1), decomposition.overlap
    first = jnp.arange(decomposition.windows)[:, None] * C
    filled, gone = missing.split(forcing, x)
    seen = None
    if decomposition.warmup > overlap or gone is not None:
        own = first + jnp.arange(overlap + 1, overlap + 1 + C)
        seen = jnp.broadcast_to((own > decomposition.warmup)[..., None], (*own.shape, x.shape[1])).astype(x.dtype)
        seen = seen if gone is None else seen * (1 - gone[own])
    return Windowed(x, filled[first + jnp.arange(C + overlap + 1)], C, overlap, seen)


def start(decomposition, method, free, data: Windowed, optimiser) -> Carry:
    """Every window with the same parameters, at B⁺x."""
    K = decomposition.windows
    starts = method.problem(free.from_free(), data.x[:, 0][None].repeat(2, 0))[0].z0
    if decomposition.sharing == "shared":
        return Carry(free, starts, optimiser.init(_trained(decomposition, free, starts)))
    free = jax.tree.map(lambda leaf: jnp.broadcast_to(leaf, (K, *leaf.shape)), free)
    return Carry(free, starts, jax.vmap(optimiser.init)(_trained(decomposition, free, starts)))


def merged(decomposition, carry: Carry):
    """The parameters that a training ends with: the mean over windows, in unbounded coordinates."""
    return carry.free if decomposition.sharing == "shared" else jax.tree.map(lambda leaf: leaf.mean(0), carry.free)


def spread(decomposition, carry: Carry):
    """Root mean square distance of the windows' parameters from their mean, relative to the norm of that."""
    mean = merged(decomposition, carry)
    if decomposition.sharing == "shared":
        return jnp.zeros(())
    return jnp.sqrt(_distance(carry.free, mean) / decomposition.windows) / optax.tree.norm(mean)


@precise()
def exchange_and_step(decomposition, method, carry: Carry, data: Windowed, optimiser, **drawn) -> tuple[Carry, Report]:
    """One exchange and the `local_steps` optimiser steps that follow it.

    drawn  key and progress, for a forcing that draws; see `Method.solve`
    """
    found, met = [], []
    for half in _halves(decomposition):
        states = _run(decomposition, method, carry, data, drawn)
        found.append(_report(decomposition, carry, states, data))
        carry, steps = _advance(decomposition, method, carry, states, data, optimiser, half, drawn)
        met.append(steps)
    if decomposition.sharing == "gossip":
        carry = carry._replace(free=jax.tree.map(_gossip, carry.free))
    elif decomposition.sharing == "mean":
        carry = carry._replace(free=jax.tree.map(lambda leaf: jnp.broadcast_to(leaf.mean(0), leaf.shape), carry.free))
    norms, failures, skipped = (sum(values) for values in zip(*met, strict=True))
    return carry, Report(*found[0], Steps(norms / len(met), failures, skipped > 0))


def _halves(decomposition):
    """Which windows step: all, or even ones and then odd ones, `(K,)` each."""
    k = jnp.arange(decomposition.windows)
    return [k >= 0] if decomposition.order == "additive" else [k % 2 == 0, k % 2 == 1]


def _trained(decomposition, free, starts):
    return (free, starts) if decomposition.window_start == "learned" else (free, None)


def _states(method, data, drawn, free, s, k):
    """States `(C + δ, M)` of window k from s. Its problem is cut out of that of the whole sequence, which has one clock."""
    problem, _ = method.problem(free.from_free(), data.whole, **drawn)
    inputs = jax.tree.map(lambda leaf: lax.dynamic_slice_in_dim(leaf, k * data.C, data.C + data.overlap), problem.inputs)
    return rollout(problem._replace(z0=s, inputs=inputs), getattr(method.solver, "unroll", 1))


def _over(decomposition) -> int | None:
    """The axis of the parameters that runs over windows."""
    return None if decomposition.sharing == "shared" else 0


def _run(decomposition, method, carry, data, drawn):
    k = jnp.arange(decomposition.windows)
    one = lambda free, s, k: _states(method, data, drawn, free, s, k)  # noqa: E731
    return jax.vmap(one, in_axes=(_over(decomposition), 0, 0))(carry.free, carry.starts, k)


def _report(decomposition, carry, states, data):
    C, overlap = data.C, data.overlap
    own = jax.vmap(
        lambda free, z, x, seen: objective.squares(free.from_free(), z, x, seen), in_axes=(_over(decomposition), 0, 0, 0)
    )
    squares = own(carry.free, states[:, overlap:], data.x[:, overlap + 1 :], data.seen)
    behind = states[:-1, C + overlap - 1]
    ahead = states[1:, overlap - 1] if overlap else carry.starts[1:]
    return objective.Squares(*(leaf.sum() for leaf in squares)).mean, jnp.abs(behind - ahead).max(initial=0)


def _advance(decomposition, method, carry, states, data, optimiser, half, drawn):
    """m optimiser steps of the windows in `half` on their J_k, with what the others have just told them."""
    C, overlap, d = data.C, data.overlap, decomposition
    starts = carry.starts
    if d.window_start == "schwarz":
        starts = jnp.where(half[:, None], jnp.concatenate([starts[:1], states[:-1, C - 1]]), starts)
    # what neighbours say of the overlaps; beyond the first and the last window there is nobody, which `weights` says
    head = jnp.concatenate([states[:1, :overlap], states[:-1, C:]])
    tail = jnp.concatenate([states[1:, :overlap], states[-1:, C:]])
    k = jnp.arange(d.windows)
    weights = jnp.stack([k > 0, k < d.windows - 1], 1).astype(states.dtype)
    # the mean of all J_k is the mean over all that is looked at, wherever that lies
    share = 1 / (C * data.x.shape[-1]) if data.seen is None else d.windows / jnp.maximum(data.seen.sum(), 1)

    def local(trained, s, k, x, seen, head, tail, weight, before, after):
        free, learned = trained
        params = free.from_free()
        s = s if learned is None else jnp.where(weight[0] > 0, learned, s)  # the very first window starts at B⁺x_0
        z = _states(method, data, drawn, free, s, k)
        loss = share * objective.squares(params, z[overlap:], x[overlap + 1 :], seen).total + method.regularisation.penalty(
            params
        )
        if d.match_weight and overlap:
            apart = weight[0] * jnp.mean((z[:overlap] - head) ** 2) + weight[1] * jnp.mean((z[C:] - tail) ** 2)
            loss = loss + d.match_weight * apart
        if d.parameter_weight and before is not None:
            apart = weight[0] * _distance(free, before) + weight[1] * _distance(free, after)
            loss = loss + 0.5 * d.parameter_weight * apart
        return loss, jnp.isfinite(z).all()

    given = starts, k, data.x, data.seen, head, tail, weights
    trained = _trained(d, carry.free, starts)
    if d.sharing == "shared":

        def mean(trained):
            axes = (None, 0 if trained[1] is not None else None)
            losses, finite = jax.vmap(lambda *a: local(*a, None, None), in_axes=(axes, *[0] * 7))(trained, *given)
            return jnp.where(half, losses, 0).sum() / half.sum(), finite

        def step(state, _):
            (value, finite), gradient = jax.value_and_grad(mean, has_aux=True)(state[0])
            norm, use, state = updates.step(optimiser, *state, value, gradient)
            return state, Steps(norm, (half & ~finite).sum(), ~use)

        (trained, opt), met = lax.scan(step, (trained, carry.optimiser), length=d.local_steps)
    else:
        before, after = jax.tree.map(_before, carry.free), jax.tree.map(_after, carry.free)

        def of_one(trained, opt, active, *given):
            def step(state, _):
                (value, finite), gradient = jax.value_and_grad(local, has_aux=True)(state[0], *given)
                norm, use, moved = updates.step(optimiser, *state, value, gradient)
                state = jax.tree.map(lambda new, old: jnp.where(active, new, old), moved, state)
                return state, Steps(norm, active & ~finite, active & ~use)

            return lax.scan(step, (trained, opt), length=d.local_steps)

        (trained, opt), met = jax.vmap(of_one)(trained, carry.optimiser, half, *given, before, after)
        norms = jnp.where(half[:, None], met.gradient_norm, 0).sum(0) / half.sum()
        met = Steps(norms, met.failures.sum(0), met.skipped.any(0))
    free, learned = trained
    return Carry(free, starts if learned is None else learned, opt), met


def _distance(one, other):
    return sum(jnp.sum((a - b) ** 2) for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True))


def _gossip(leaf):
    return leaf + (_before(leaf) + _after(leaf) - 2 * leaf) / 3


def _before(leaf):
    """What the window before each has; the first has nobody, and is told of itself."""
    return jnp.concatenate([leaf[:1], leaf[:-1]])


def _after(leaf):
    return jnp.concatenate([leaf[1:], leaf[-1:]])
