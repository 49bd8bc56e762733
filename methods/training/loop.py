"""One training loop for all methods: segments of a long series, RAdam with cosine decay, several seeds in one compiled program.

Methods differ in how a trajectory and its gradient are found; all else about training is shared, so that they can be compared.
Hess et al. 2026, arXiv:2605.12683, Algorithms 1–3; the numbers here are free choices, not the paper's. A is trained through
A = tanh(a), so that |A| stays below 1.
"""

import dataclasses
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar, Literal, NamedTuple

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import optax
from jaxtyping import Array, ArrayLike, Float, Real

from methods.forcing import adaptive
from methods.layout.devices import each_seed, where_seeds_are
from methods.problem import border
from methods.training.checkpoint import Checkpoint, question
from methods.training.updates import Log, TrainingState, first_state, segments, update
from settings import Count, Natural, NonNegative, Positive

LARGEST_START = 1e3  # a forced trajectory that is larger before training says that the initialisation is unstable


@dataclasses.dataclass(frozen=True)
class Training:
    """Loss and optimiser settings. The defaults are the paper's plain recipe; the rest is for sequences on which it blows up."""

    resumes: ClassVar[bool] = True  # `fit` takes `resume` and `keep`
    uses_adjoint: ClassVar[bool] = True  # gradients come from the method's adjoint
    unused: ClassVar[tuple[str, ...]] = ()  # settings, of any part of a method, that have no effect on this training

    warmup: Natural = 0  # T_w: forced steps at the start of each segment that the loss does not see
    updates: Count = 1000
    learning_rate: Positive = 1e-3  # decays by a cosine over all updates
    final_learning_rate: NonNegative = 1e-5
    rate_warmup: Natural = 0  # updates in which the learning rate rises from 0
    clip_norm: NonNegative = 0.0  # gradients are scaled down to this norm; 0: never
    # Lengths of shorter segments to train on first; T comes last. Each has an equal share of the updates, and T_w in proportion.
    curriculum: tuple[Count, ...] = ()
    # Standard deviation of noise that is drawn anew for every segment, and added to its data before they force or are compared.
    observation_noise: NonNegative = 0.0
    # What an update does where a solve has not converged: no step; solve again step by step; use the states if they are finite.
    on_failure: Literal["skip", "sequential", "accept"] = "skip"

    def __post_init__(self):
        if self.rate_warmup >= self.updates:
            raise ValueError(f"rate_warmup = {self.rate_warmup}: must be less than updates = {self.updates}.")

    def schedule(self) -> optax.Schedule:
        """The learning rate as a function of the number of steps taken before."""
        rates = self.learning_rate, self.final_learning_rate
        if self.rate_warmup:
            return optax.warmup_cosine_decay_schedule(0.0, rates[0], self.rate_warmup, self.updates, rates[1])
        return optax.cosine_decay_schedule(rates[0], self.updates, rates[1] / rates[0])

    def optimiser(self) -> optax.GradientTransformation:
        step = optax.radam(self.schedule())
        return optax.chain(optax.clip_by_global_norm(self.clip_norm), step) if self.clip_norm else step

    def fit(self, method, series, **options) -> "Fit":
        """Train; another way of training is a subclass with another `fit`."""
        return fit(method, series, **options)

    def check(self, T: int, batch: int) -> None:
        """Raise `ValueError` for sizes with which it cannot train."""
        self.stages(T)

    def train_block(self, method, states: TrainingState, series, T: int, batch: int, length: int) -> tuple[TrainingState, Log]:
        """`length` updates of every seed; a subclass may have them done outside jax."""
        return _train_block(method, where_seeds_are(method, states), series, T, batch, length)

    def stages(self, T: int) -> list["Stage"]:
        """The parts of the training, one for each length of segments."""
        lengths = (*self.curriculum, T)
        if any(not 1 <= length <= T for length in lengths) or self.updates < len(lengths):
            raise ValueError(
                f"curriculum = {self.curriculum}: lengths must be from 1 to T = {T}, and no more than the {self.updates} updates."
            )
        shares = np.diff(np.linspace(0, self.updates, len(lengths) + 1).round().astype(int))
        return [Stage(length, self.warmup * length // T, int(share)) for length, share in zip(lengths, shares, strict=True)]


class Stage(NamedTuple):
    """A part of a training, with segments of one length."""

    T: int
    warmup: int
    updates: int


class Fit(NamedTuple):
    """A finished training; every leaf has a leading axis over seeds."""

    params: Any
    log: Log  # (seeds, updates)
    initial_size: Float[Array, "seeds"]  # max |z| of a forced roll-out before training; see `LARGEST_START`
    # How far apart the parameters of windows are that have their own: distance from their mean, relative to it.
    spread: Float[Array, "seeds"] | None = None
    # Strength with which the training ended, for the history of a free run; None without forcing.
    alpha: Float[Array, "seeds"] | None = None


def fit(
    method,
    series: Real[ArrayLike, "rows N"],
    *,
    T: int,
    batch: int,
    seeds=(0,),
    block: int = 100,
    dtype=jnp.float32,
    params=None,
    callback: Callable[[int, Log], None] = lambda done, log: None,
    resume: Checkpoint | None = None,
    keep: Callable[[Checkpoint], None] | None = None,
) -> Fit:
    """Train one model per seed on segments of T+1 rows of `series`, all seeds in one compiled program.

    T, batch  steps and number of the segments of an update
    seeds     whole numbers from 0 to 2³¹ − 1
    block     updates per compiled call
    params    parameters from which every seed starts, in place of its own initialisation
    callback  called after each block with the number of updates done and their log (seeds, block)
    resume    a checkpoint that a call with the same arguments has given to `keep`: goes on from there, to the same end
    keep      called after each block with a checkpoint
    """
    border.sizes(T=T, batch=batch, block=block)
    series = border.series(series, T=T, dtype=dtype, missing=method.parameters.get("missing"))
    seeds = border.seeds(seeds)
    states = begin(method, series.shape[1], jnp.dtype(dtype), seeds, params)
    if not all(jnp.isfinite(leaf).all() for leaf in jax.tree.leaves(states.weights)):
        raise ValueError("params: the diagonal A reaches 1 or more in size, or is not finite; training bounds it, A = tanh(a).")
    sizes = initial_size(method, states.weights, series[: T + 1])
    logs, done, fingerprint = [], 0, ""
    if resume is not None or keep is not None:
        fingerprint = question(method, series, T=T, batch=batch, seeds=seeds, dtype=dtype, params=params)
    if resume is not None:
        states, log = resume.restore(states, fingerprint)
        logs, done = [log], log.loss.shape[1]
    for stage, length in _calls(method.training.stages(T), block, done):
        of_stage = method.configure(warmup=stage.warmup)
        states, log = method.training.train_block(of_stage, states, series, stage.T, batch, length)
        done += length
        logs.append(jax.block_until_ready(log))
        callback(done, log)
        if keep is not None:
            logs = [joined(logs)]
            keep(Checkpoint.of(states, logs[0], fingerprint))
    return Fit(_finish(states.weights), joined(logs), sizes, alpha=final_alpha(method.forcing, states))


def _calls(stages: list[Stage], block: int, done: int):
    """The compiled calls that are left: the stages in blocks, without the first `done` updates."""
    for stage in stages:
        left = stage.updates - min(done, stage.updates)
        done -= stage.updates - left
        while left:
            length = min(block, left)
            left -= length
            yield stage, length


def joined(logs: list[Log]) -> Log:
    """Logs of consecutive blocks as one."""
    return jax.tree.map(lambda *leaves: np.concatenate(leaves, axis=1), *logs)


def begin(method, observed_dim, dtype, seeds, params=None) -> TrainingState:
    """The states of all seeds before the first update, from `params` where they are given."""
    first, keys = _draw(method.model, observed_dim, dtype, seeds)
    if params is not None:
        first = jax.tree.map(lambda leaf: jnp.broadcast_to(leaf, (len(seeds), *leaf.shape)), params)
    return jax.vmap(partial(first_state, method))(first, keys)


# It takes the model, not the method, so that all methods share the compiled program; not optimised, as that takes six times as
# long, 2.7 s.
@partial(jax.jit, static_argnums=(0, 1, 2), compiler_options={"xla_backend_optimization_level": 0})
def _draw(model, observed_dim, dtype, seeds):
    """For every seed, first parameters and a random key for drawing segments."""

    def one(seed):
        model_key, data_key = jr.split(jr.key(seed))
        return model.init(model_key, observed_dim, dtype), data_key

    return jax.vmap(one)(seeds)


@jax.jit
def _finish(weights):
    return jax.vmap(lambda weights: weights.from_unconstrained())(weights)


def initial_size(method, weights, x) -> Float[Array, "seeds"]:
    """max |z| of the trajectory under x `(T+1, N)` before training; warns where it shows that the initialisation is unstable."""
    sizes = _initial_size(method.stepwise, weights, x)
    if not (sizes <= LARGEST_START).all():  # written so that NaN warns
        listed = ", ".join(f"{size:.3g}" for size in sizes)
        warnings.warn(
            f"{method.label}: before training max |z| over T + 1 rows is {listed}, one a seed; above {LARGEST_START:g} an "
            "initialisation is unstable. Take a smaller T at first (curriculum), a stronger alpha, or another model.",
            stacklevel=3,
        )
    return sizes


@partial(jax.jit, static_argnums=0)
def _initial_size(stepwise, weights, x):
    return jax.vmap(lambda weights: jnp.abs(stepwise.solve(weights.from_unconstrained(), x).states).max())(weights)


def final_alpha(forcing, states: TrainingState) -> Float[Array, "seeds"] | None:
    """The strength of every seed after its last update."""
    if adaptive.adapts(forcing):
        return states.alpha
    alpha = getattr(forcing, "alpha", None)
    return None if alpha is None or "alpha" in forcing.unused else jnp.full_like(states.alpha, alpha)


@partial(jax.jit, static_argnums=(0, 3, 4, 5), donate_argnums=1)
def _train_block(method, states, series, T, batch, length):
    def train(state, series):
        def one(state, _):
            key, segment_key = jr.split(state.key)
            return update(method, state._replace(key=key), segments(series, segment_key, T=T, batch=batch))

        return jax.lax.scan(one, state, length=length)

    return each_seed(method, train, states, series)
