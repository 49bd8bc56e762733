"""The updates of `methods.training.loop` in torch, for the block of mamba-ssm, with equal segments, loss, RAdam and log.

A block of updates starts from the `TrainingState` of jax and ends in one, so that first weights, schedules and checkpoints are
shared. Seeds train one after the other. So far this has run on the CPU only, never on a GPU.
"""

from functools import partial

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import optax
import torch

from methods.layout import cost
from methods.torch_mamba import package
from methods.torch_mamba.model import TorchMamba, failures
from methods.training.updates import Log, TrainingState, noisy, segments

EPSILON = 1e-8  # of RAdam, as in optax
BETAS = 0.9, 0.999


def train_block(method, states: TrainingState, series, T: int, batch: int, length: int) -> tuple[TrainingState, Log]:
    """`length` updates of every seed, as `Training.train_block` does them in jax."""
    check(method, states.weights)
    results = []
    for seed in range(states.done.shape[0]):
        run = Run(method, jax.tree.map(lambda leaf, seed=seed: leaf[seed], states), length)
        for _ in range(length):
            key, x = _draw(method.training, run.key, series, T, batch)
            run.update(key, torch.from_dlpack(x))
        results.append((run.state(), run.log()))
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *results)


@partial(jax.jit, static_argnums=(0, 3, 4))
def _draw(training, key, series, T, batch):
    """The random key after the next update, and its segments, drawn with the keys with which jax would draw them."""
    key, segment_key = jr.split(key)
    key, drawn = jr.split(key)
    return key, noisy(training, segments(series, segment_key, T=T, batch=batch), drawn)


def check(method, params) -> None:
    """Raise an error for settings that a training in jax takes and this one cannot."""
    if package.DEVICE == "cuda":
        if params.W_e.dtype != jnp.float32:
            raise ValueError(f'dtype = "{params.W_e.dtype}": the kernels of mamba-ssm compute in float32. Set dtype = "float32".')
        if cost.kind() != "gpu":
            raise RuntimeError('method "mamba2-cuda" runs on the GPU, but jax is on the CPU here. Run with --device gpu.')
    if method.training.on_failure == "sequential":
        raise ValueError('on_failure = "sequential": mamba-ssm trains by its scan alone. Set "skip" or "accept".')
    method.regularisation.penalty(params)  # raises for a penalty that this model cannot have; otherwise it is 0


class Run:
    """The training of one seed under way in torch; `update` changes it in place."""

    def __init__(self, method, start: TrainingState, length: int):
        """Start from a state of the training in jax.

        length  the most updates that will be done
        """
        self.method, self.start, self.key = method, start, start.key
        self.model = TorchMamba(start.weights, chunk=method.solver.chunk, device=package.DEVICE)
        self.reports = []
        # Updates that were not skipped: RAdam and its schedule count alike.
        self.taken = int(optax.tree.get_all_with_path(start.optimiser, "count")[0][1])
        rates = jax.vmap(method.training.schedule())(self.taken + jnp.arange(length))
        self.rates = iter(np.asarray(rates, float))
        self.radam = torch.optim.RAdam(self.model.weights.values(), lr=0.0, betas=BETAS)
        moments = {"exp_avg": optax.tree.get(start.optimiser, "mu"), "exp_avg_sq": optax.tree.get(start.optimiser, "nu")}
        for field, weight in self.model.weights.items():
            kept = {name: self.model.like(field, getattr(moment, field)) for name, moment in moments.items()}
            self.radam.state[weight] = {"step": torch.tensor(float(self.taken)), **kept}

    def update(self, key, x: torch.Tensor) -> None:
        """One optimiser step on the segments x `(S, T+1, N)`, or none where `training.updates.update` would take none.

        key  the random key after this update
        """
        training = self.method.training
        loss, outputs, gradient = self.model.gradient(x, training.warmup)
        norm = torch.stack([part.norm() for part in gradient.values()]).norm()
        failed = failures(outputs).sum()
        use = torch.isfinite(norm) & torch.isfinite(loss)
        if training.on_failure == "skip":
            use = use & (failed == 0)
        use = bool(use)  # waits for the device
        if use:
            self._step(gradient, norm)
        self.key = key
        self.reports.append((loss, norm, failed, not use))

    def _step(self, gradient, norm) -> None:
        clip = self.method.training.clip_norm
        for field, weight in self.model.weights.items():
            weight.grad = gradient[field] * torch.clamp(clip / norm, max=1) if clip else gradient[field]
        self.taken += 1
        group = self.radam.param_groups[0]
        group["lr"] = next(self.rates)
        # torch adds ε before ν is corrected for its bias, optax after
        group["eps"] = EPSILON * (1 - BETAS[1] ** self.taken) ** 0.5
        self.radam.step()

    def state(self) -> TrainingState:
        """The training state with which jax would go on."""
        weights, export = self.model.weights, self.model.exported
        mu, nu = (export({f: self.radam.state[w][name] for f, w in weights.items()}) for name in ("exp_avg", "exp_avg_sq"))
        optimiser = optax.tree.set(self.start.optimiser, mu=mu, nu=nu, count=jnp.asarray(self.taken, jnp.int32))
        done = self.start.done + len(self.reports)
        return self.start._replace(weights=export(weights), optimiser=optimiser, key=self.key, done=done)

    def log(self) -> Log:
        """The log, one row per update."""
        loss, norm, failed, skipped = (
            np.asarray([float(value) for value in column]) for column in zip(*self.reports, strict=True)
        )
        once, nothing = np.ones(len(loss), np.int32), np.full(len(loss), np.nan)
        alpha = np.full(len(loss), getattr(self.method.forcing, "alpha", np.nan))
        return Log(loss, once, nothing, norm, failed.astype(np.int32), skipped.astype(bool), alpha)
