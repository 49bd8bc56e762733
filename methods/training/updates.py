"""One update of a training: segments drawn from a series, loss and gradient, a step of the optimiser, and its log."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import jax.random as jr
import optax
from jaxtyping import Array, ArrayLike, Float, Real

from methods.forcing import adaptive
from methods.layout.precision import precise
from methods.problem import border
from methods.problem.solution import CONVERGED


class TrainingState(NamedTuple):
    """Everything a training carries from one update to the next."""

    weights: Any  # parameters in unconstrained coordinates, see `Model.to_unconstrained`
    optimiser: Any
    key: Array
    done: Array  # updates
    alpha: Array  # forcing strength, where it adapts


class Log(NamedTuple):
    """The log of an update. `iterations` and `residual` are the worst over the batch, as the slowest sequence costs the time."""

    loss: Float[Array, "..."]
    iterations: Array
    residual: Float[Array, "..."]
    gradient_norm: Float[Array, "..."]
    failures: Array  # sequences whose solve did not converge
    skipped: Array  # whether the parameters were left as they were
    alpha: Float[Array, "..."]  # NaN for a method without forcing strength


def first_state(method, params, key) -> TrainingState:
    """The state before the first update. A diagonal that training bounds needs |A| < 1."""
    weights = params.to_unconstrained()
    dtype = jax.tree.leaves(weights)[0].dtype
    return TrainingState(weights, method.training.optimiser().init(weights), key, jnp.zeros((), jnp.int32), jnp.ones((), dtype))


@precise()
def update(method, state: TrainingState, x: Real[ArrayLike, "S T_plus_1 N"], *, alpha=None) -> tuple[TrainingState, Log]:
    """One optimiser step on the segments x `(S, T+1, N)`, or none where a solve failed, and its log.

    alpha  forcing strength in place of the method's own
    """
    key, drawn = jr.split(state.key)
    if adaptive.adapts(method.forcing):
        alpha = state.alpha
    x = noisy(method.training, border.sequences(state.weights, x), drawn)
    progress = state.done / method.training.updates

    def loss(weights, method):
        return method.loss(weights.from_unconstrained(), x, alpha=alpha, key=drawn, progress=progress)

    (value, aux), gradient = jax.value_and_grad(loss, has_aux=True)(state.weights, method)
    failures = jnp.sum(aux.code != CONVERGED)
    if method.training.on_failure == "sequential":
        stepwise = method.stepwise
        # A loop of at most one turn: unlike `cond` it costs nothing under `vmap` while no seed needs it.
        again = lambda carry: (False, *_flat(jax.value_and_grad(loss, has_aux=True)(state.weights, stepwise)))  # noqa: E731
        _, value, gradient = jax.lax.while_loop(lambda carry: carry[0], again, (failures > 0, value, gradient))
    allowed = failures == 0 if method.training.on_failure == "skip" else True
    norm, use, (weights, optimiser) = step(method.training.optimiser(), state.weights, state.optimiser, value, gradient, allowed)
    strength = getattr(method.forcing, "alpha", jnp.nan) if alpha is None else alpha
    strength = jnp.asarray(strength, value.dtype)
    log = Log(value, aux.iterations.max(), aux.residual.max(), norm, failures, ~use, strength)
    after = TrainingState(weights, optimiser, key, state.done + 1, state.alpha)
    return after._replace(alpha=adaptive.following(method.forcing, after, x)), log


def step(optimiser, weights, moments, value, gradient, allowed=True):
    """One step of the optimiser: the norm of the gradient, whether the step was taken, and parameters and moments after it.

    No step is taken where the loss or its gradient is not finite, or where it is not `allowed`.
    """
    norm = optax.tree.norm(gradient)
    use = jnp.isfinite(norm) & jnp.isfinite(value) & allowed
    steps, after = optimiser.update(gradient, moments, weights)
    moved = optax.apply_updates(weights, steps), after
    return norm, use, jax.tree.map(lambda new, old: jnp.where(use, new, old), moved, (weights, moments))


def segments(series: Float[ArrayLike, "rows N"], key, *, T: int, batch: int) -> Float[Array, "batch T_plus_1 N"]:
    """Segments of T+1 consecutive rows, their first rows drawn uniformly with replacement."""
    starts = jr.randint(key, (batch,), 0, series.shape[0] - T)
    return jax.vmap(lambda at: jax.lax.dynamic_slice_in_dim(series, at, T + 1))(starts)


def noisy(training, x: Float[Array, "S T_plus_1 N"], key) -> Float[Array, "S T_plus_1 N"]:
    """Segments with the observation noise of one update.

    key  of the update; the noise is drawn with a key made from it
    """
    if not training.observation_noise:
        return x
    return x + training.observation_noise * jr.normal(jr.fold_in(key, 1), x.shape, x.dtype)


def _flat(result):
    (value, _), gradient = result
    return value, gradient
