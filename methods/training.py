"""One training loop for all methods: windows of a long series, RAdam with cosine decay, several seeds in one compiled program.

Hess et al. 2026, arXiv:2605.12683, Algorithms 1–3; the numbers here are free choices, not the paper's. A is trained through
A = tanh(a), so that |A| stays below 1.
"""

import dataclasses
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import optax
from jaxtyping import Array, ArrayLike, Float

from methods.solution import CONVERGED


@dataclasses.dataclass(frozen=True)
class Training:
    """Loss and optimiser settings."""

    warmup: int = 0  # T_w: forced steps at the start of each window that the loss does not see
    updates: int = 1000
    learning_rate: float = 1e-3  # decays by a cosine over all updates
    final_learning_rate: float = 1e-5
    # What an update does when a solve has not converged: no step; solve again step by step; use whatever finite states came back.
    on_failure: Literal["skip", "sequential", "accept"] = "skip"

    def optimiser(self) -> optax.GradientTransformation:
        decay = self.final_learning_rate / self.learning_rate
        return optax.radam(optax.cosine_decay_schedule(self.learning_rate, self.updates, decay))


class State(NamedTuple):
    """Everything a training carries from one update to the next."""

    free: Any  # parameters in unbounded coordinates
    optimiser: Any
    key: Array


class Log(NamedTuple):
    """One update. `iterations` and `residual` are the worst over the batch: the slowest sequence is what costs time."""

    loss: Float[Array, "..."]
    iterations: Array
    residual: Float[Array, "..."]
    gradient_norm: Float[Array, "..."]
    failures: Array  # sequences whose solve did not converge
    skipped: Array  # whether the parameters were left as they were


class Fit(NamedTuple):
    """A finished training; every leaf has a leading axis over seeds."""

    params: Any
    log: Log  # (seeds, updates)
    initial_size: Float[Array, "seeds"]  # max |z| of a forced roll-out before training; above 1e3 the initialisation is unstable


def start(method, params, key) -> State:
    """The state before the first update. A bounded diagonal needs |A| < 1."""
    free = params.to_free()
    return State(free, method.training.optimiser().init(free), key)


def update(method, state: State, x: Float[Array, "S T_plus_1 N"], *, alpha=None) -> tuple[State, Log]:
    """One optimiser step on the windows x."""
    key, guess_key = jr.split(state.key)

    def loss(free, method):
        return method.loss(free.from_free(), x, alpha=alpha, key=guess_key)

    (value, aux), gradient = jax.value_and_grad(loss, has_aux=True)(state.free, method)
    failures = jnp.sum(aux.code != CONVERGED)
    if method.training.on_failure == "sequential":
        stepwise = method.stepwise
        # A loop of at most one turn: unlike `cond` it costs nothing under `vmap` while no seed needs it.
        again = lambda carry: (False, *_flat(jax.value_and_grad(loss, has_aux=True)(state.free, stepwise)))  # noqa: E731
        _, value, gradient = jax.lax.while_loop(lambda carry: carry[0], again, (failures > 0, value, gradient))
    norm = optax.tree.norm(gradient)
    use = jnp.isfinite(norm) & jnp.isfinite(value)
    if method.training.on_failure == "skip":
        use = use & (failures == 0)
    steps, optimiser = method.training.optimiser().update(gradient, state.optimiser, state.free)
    stepped = State(optax.apply_updates(state.free, steps), optimiser, key)
    kept = state._replace(key=key)
    state = jax.tree.map(lambda new, old: jnp.where(use, new, old), stepped, kept)
    log = Log(value, aux.iterations.max(), aux.residual.max(), norm, failures, ~use)
    return state, log


def windows(series: Float[ArrayLike, "rows N"], key, *, T: int, batch: int) -> Float[Array, "batch T_plus_1 N"]:
    """Windows of T+1 rows, starts drawn uniformly with replacement."""
    starts = jr.randint(key, (batch,), 0, series.shape[0] - T)
    return jax.vmap(lambda at: jax.lax.dynamic_slice_in_dim(series, at, T + 1))(starts)


def fit(
    method,
    series: Float[ArrayLike, "rows N"],
    *,
    T: int,
    batch: int,
    seeds: Sequence[int] = (0,),
    block: int = 100,
    dtype=jnp.float32,
    params=None,
    callback: Callable[[int, Log], None] = lambda done, log: None,
) -> Fit:
    """Train one model per seed on windows of T+1 rows of `series`, all seeds in one compiled program.

    block     updates per compiled call
    params    where every seed starts, in place of its own initialisation
    callback  called after each block with the number of updates done and their log (seeds, block)
    """
    series = jnp.asarray(series, dtype)
    if series.ndim != 2 or series.shape[0] < T + 1:
        raise ValueError(f"series has shape {series.shape}; wanted (rows, N) with at least T + 1 = {T + 1} rows.")
    states = _begin(method, series.shape[1], jnp.dtype(dtype), jnp.asarray(seeds), params)
    if not all(jnp.isfinite(leaf).all() for leaf in jax.tree.leaves(states.free)):
        raise ValueError("params: the diagonal A reaches 1 or more in size, or is not finite; training bounds it, A = tanh(a).")
    sizes = _initial_size(method.stepwise, states.free, series[: T + 1])
    logs, done = [], 0
    while done < method.training.updates:
        length = min(block, method.training.updates - done)
        states, log = _train_block(method, states, series, T, batch, length)
        done += length
        logs.append(jax.block_until_ready(log))
        callback(done, log)
    log = jax.tree.map(lambda *leaves: np.concatenate(leaves, axis=1), *logs)
    return Fit(_finish(states.free), log, sizes)


def _begin(method, observed_dim, dtype, seeds, params) -> State:
    first, keys = _draw(method.model, observed_dim, dtype, seeds)
    if params is not None:
        first = jax.tree.map(lambda leaf: jnp.broadcast_to(leaf, (len(seeds), *leaf.shape)), params)
    return jax.vmap(partial(start, method))(first, keys)


@partial(jax.jit, static_argnums=(0, 1, 2))  # of the model alone, so that all methods share the compiled generator
def _draw(model, observed_dim, dtype, seeds):
    """First parameters and a key for the data, for every seed."""

    def one(seed):
        model_key, data_key = jr.split(jr.key(seed))
        return model.init(model_key, observed_dim, dtype), data_key

    return jax.vmap(one)(seeds)


@jax.jit
def _finish(free):
    return jax.vmap(lambda free: free.from_free())(free)


@partial(jax.jit, static_argnums=0)
def _initial_size(stepwise, free, x):
    return jax.vmap(lambda free: jnp.abs(stepwise.solve(free.from_free(), x).states).max())(free)


@partial(jax.jit, static_argnums=(0, 3, 4, 5), donate_argnums=1)
def _train_block(method, states, series, T, batch, length):
    def one(state, _):
        key, window_key = jr.split(state.key)
        return update(method, state._replace(key=key), windows(series, window_key, T=T, batch=batch))

    return jax.vmap(lambda state: jax.lax.scan(one, state, length=length))(states)


def _flat(result):
    (value, _), gradient = result
    return value, gradient
