"""Training decomposed in time: K overlapping windows with losses of their own exchange states, and parameters, with neighbours.

Elsewhere one loss is minimised and the solver is parallel in time. Here the training problem itself is cut in time: each window
trains by itself, in parallel with the others, and now and then tells its neighbours where it is. T = K C + δ steps. Window k
covers steps kC + 1 … kC + C + δ; its first δ are the overlap with window k − 1, its own part is the rest. With s_k its state at
time kC, z^k its states and z̊ those of its neighbours at the last exchange,

    J_k = mean over the own part of (x_t − B z_t^k)²
          + μ [mean over the head overlap of (z^k − z̊^{k-1})² + mean over the tail overlap of (z^k − z̊^{k+1})²]
          + μ_θ / 2 [‖θ_k − θ̊_{k-1}‖² + ‖θ_k − θ̊_{k+1}‖²]
          + the penalties of an undecomposed training

Steps of the warm-up of the whole sequence are left out of the first line. The others are weighted so that its mean over all k is
the mean over all steps that count.

    repeat:  all windows in parallel;  exchange overlaps (and θ);  new s_k;  m steps on J_k, all k at once or even before odd k

    shared   one θ, the mean of the gradients of all J_k
    local    θ_k of their own; agreement is left to μ_θ: the failure baseline
    gossip   local, then θ_k ← θ_k + ⅓ Σ_{j = k±1} (θ_j − θ_k)
    mean     local, then θ_k ← mean_j θ_j

Sequential depth per exchange is m (C + δ); 2 δ M numbers per window (and θ) are exchanged. With starts from the window before,
the shared form is chunk Jacobi with one sweep per update, whose gradients are cut at the starts of windows. The local losses
flatter, as every window starts anew: judge a training by the loss on the whole sequence. D'Amore 2025,
doi 10.17352/tcsit.000091, of which only the abstract could be read: the idea is hers, the forms are derived.
"""

import dataclasses
from functools import partial
from typing import ClassVar, Literal, NamedTuple

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jax import lax
from jaxtyping import Array

from methods.forcing import adaptive
from methods.layout.devices import each_seed, where_seeds_are
from methods.problem import border
from methods.training import exchange, loop, overlapping
from methods.training.loop import Fit, Training
from methods.training.updates import Log, noisy
from references import Reference
from references.papers import DAMORE2025
from settings import Count, Natural, NonNegative


@dataclasses.dataclass(frozen=True)
class Decomposition(Training):
    """How the training on one sequence is cut into windows, and what these exchange.

    Each window is run step by step and differentiated by plain autodiff, so that settings of an adjoint, and what to do where a
    solver fails, have no meaning here. There is one sequence, and so no curriculum of lengths and no strength that adapts to
    batches. Observation noise is drawn anew for every exchange.
    """

    references: ClassVar[tuple[Reference, ...]] = (DAMORE2025,)
    resumes: ClassVar[bool] = False
    uses_adjoint: ClassVar[bool] = False
    unused: ClassVar[tuple[str, ...]] = ("curriculum", "on_failure", "alpha_from")

    sharing: Literal["shared", "local", "gossip", "mean"] = "shared"
    windows: Count = 8  # K
    overlap: Natural = 20  # δ
    # Where a window starts: at the state of the window before at the last exchange; at B⁺x; or at a state that is trained.
    window_start: Literal["schwarz", "data", "learned"] = "schwarz"
    order: Literal["additive", "red-black"] = "additive"
    local_steps: Count = 1  # m
    match_weight: NonNegative = 0.0  # μ
    parameter_weight: NonNegative = 0.0  # μ_θ

    def __post_init__(self):
        super().__post_init__()
        if self.curriculum or self.on_failure != "skip":
            raise ValueError("curriculum and on_failure have no meaning in a training decomposed in time: leave them out.")

    def fit(self, method, series, **options) -> Fit:
        return fit(method, series, **options)

    def check(self, T: int, batch: int) -> None:
        if batch != 1:
            raise ValueError(f"batch = {batch}: a decomposed training is on one sequence cut into windows. Set batch = 1.")
        if self.warmup >= T:
            raise ValueError(f"warmup = {self.warmup}: must be less than the T = {T} steps of the sequence.")
        self.length(T)

    def length(self, T: int) -> int:
        """C, for T steps in all; an error where T cannot be cut so."""
        C, left = divmod(T - self.overlap, self.windows)
        if left or C < max(1, self.overlap):
            good = self.windows * max(C, self.overlap, 1) + self.overlap
            raise ValueError(
                f"T = {T}: windows = {self.windows} of C steps with overlap = {self.overlap} need T = windows · C + overlap "
                f"and C >= overlap. Take T = {good}, for instance."
            )
        return C


class ExchangeState(NamedTuple):
    """What the training of one seed carries from one exchange to the next."""

    carry: exchange.Carry
    key: Array
    done: Array  # exchanges


def fit(
    method,
    series,
    *,
    T: int,
    batch: int,
    seeds=(0,),
    block: int = 100,
    dtype=jnp.float32,
    params=None,
    callback=lambda done, log: None,
) -> Fit:
    """Train on the first T + 1 rows of `series`, all seeds in one compiled program. Arguments as for `training.loop.fit`.

    The log has a row per optimiser step: as loss the mean of the windows' own losses, as residual the largest jump between
    neighbours, both at the last exchange; as failures the windows whose states were not finite. An update counts as skipped where
    any window skipped it.
    """
    decomposition = method.training
    border.sizes(T=T, batch=batch, block=block)
    x, seeds = border.series(series, T=T, dtype=dtype, missing=method.parameters.get("missing"))[: T + 1], border.seeds(seeds)
    if adaptive.adapts(method.forcing):
        raise ValueError(f'alpha_from = "{method.forcing.alpha_from}": no meaning in a training decomposed in time. Give alpha.')
    decomposition.check(T, batch)
    states = loop.begin(method, x.shape[1], jnp.dtype(dtype), seeds, params)
    sizes = loop.initial_size(method, states.weights, x)
    alpha = loop.final_alpha(method.forcing, states)
    states = ExchangeState(_begin(method, states.weights, x), states.key, states.done)
    logs, done, exchanges = [], 0, -(-decomposition.updates // decomposition.local_steps)
    while done < exchanges:
        length = min(max(1, block // decomposition.local_steps), exchanges - done)
        states, report = _train_block(method, where_seeds_are(method, states), x, length)
        done += length
        logs.append(_log(method, jax.device_get(report)))
        callback(done * decomposition.local_steps, logs[-1])
    return Fit(_finish(method, states.carry), loop.joined(logs), sizes, _spread(method, states.carry), alpha)


def _log(method, report: exchange.Report) -> Log:
    """One row per optimiser step, in the form in which an undecomposed training logs."""
    loss, jump = (np.repeat(leaf, method.training.local_steps, axis=1) for leaf in (report.local_loss, report.jump))
    norm, failures, skipped = (leaf.reshape(loss.shape) for leaf in report.steps)
    alpha = np.full_like(loss, getattr(method.forcing, "alpha", np.nan))
    return Log(loss, np.ones(loss.shape, int), jump, norm, failures, skipped, alpha)


@partial(jax.jit, static_argnums=0)
def _begin(method, weights, x):
    data, optimiser = overlapping.windows(method.training, x, method.forcing), method.training.optimiser()
    return jax.vmap(lambda weights: exchange.first_carry(method.training, method, weights, data, optimiser))(weights)


@partial(jax.jit, static_argnums=(0, 3))
def _train_block(method, states, x, length):
    decomposition = method.training
    exchanges = -(-decomposition.updates // decomposition.local_steps)

    def one_exchange(state, x):
        key, drawn = jr.split(state.key)
        data = overlapping.windows(decomposition, noisy(decomposition, x[None], drawn)[0], method.forcing)
        drawn = {"key": drawn, "progress": state.done / exchanges}
        optimiser = decomposition.optimiser()
        carry, report = exchange.exchange_and_step(decomposition, method, state.carry, data, optimiser, **drawn)
        return ExchangeState(carry, key, state.done + 1), report

    def train(state, x):
        return lax.scan(lambda state, _: one_exchange(state, x), state, length=length)

    return each_seed(method, train, states, x)


@partial(jax.jit, static_argnums=0)
def _finish(method, carries):
    return jax.vmap(lambda carry: exchange.merged(method.training, carry).from_unconstrained())(carries)


@partial(jax.jit, static_argnums=0)
def _spread(method, carries):
    return jax.vmap(partial(exchange.spread, method.training))(carries)
