"""Train a method on a system, let the model run free, and score what it makes."""

import dataclasses
from functools import partial
from pathlib import Path
from typing import ClassVar

import jax
import numpy as np
from jax.flatten_util import ravel_pytree
from jax.tree_util import Partial

from bench.measure import memory
from bench.measure.checkpoints import Checkpoints
from bench.measure.clock import Clock
from bench.measure.outcome import Measure, Outcome
from bench.measure.programs import Programs
from bench.measure.trained import rows
from methods.forcing.adaptive import adapts
from methods.models.free_run import warmed_up
from methods.training.checkpoint import question
from settings import Count, Natural


@dataclasses.dataclass(frozen=True)
class Reconstruction(Measure):
    """Loss and updates per second of a training, all seeds in one program; then D_stsp, D_H and n-step error of a free run.

    The scores stand beside their floor, the same score between the training orbit and the test orbit, and beside that of white
    noise with the mean and spread of the truth. Forward, gradient and update are also timed alone on the trained model, one
    seed, after their answer has been checked against the sequential scan.
    """

    summary: ClassVar[str] = "trains, lets the model run freely and scores the orbit; with updates per second"
    together: ClassVar[tuple[str, ...]] = ("seed",)
    resumes: ClassVar[bool] = True
    scores: ClassVar[bool] = True

    train_rows: Count = 100_000
    test_rows: Count = 10_000  # also the length of the free run
    delay: Count = 1  # of the embedding for the state-space divergences
    lag: Count = 1
    history: Count = 100  # rows before a free run or a forecast
    lyapunov_steps: Natural = 0  # of a free run whose largest exponent is taken; 0: none is
    rmse_steps: Count = 50
    rmse_windows: Count = 100
    orbit_steps: Natural = 0  # of the free run of the first seed that are kept as an example
    repeats: Count = 20

    def scoring(self, dt: float):
        from bench.measure.scoring import Scoring  # loads scipy, which other measures need not pay for

        known = [field.name for field in dataclasses.fields(Scoring) if field.name != "dt"]
        return Scoring(**{name: getattr(self, name) for name in known}, dt=dt)

    def needs(self, cell):
        from bench.measure.scoring import rows_needed

        return {"train": cell.T + 1, "test": rows_needed(self.history, self.rmse_steps, self.delay, self.lag)}

    def check(self, cell):
        super().check(cell)
        for key, split in (("train_rows", "train"), ("test_rows", "test")):
            if getattr(self, key) < (least := self.needs(cell)[split]):
                what = f"T = {cell.T} needs" if split == "train" else f"the scores, with history = {self.history}, need"
                raise ValueError(f"{key} = {getattr(self, key)}, but {what} at least {least} rows.")
        cell.build_method().training.check(cell.T, cell.batch)

    def run(self, cells, active, scratch: Path | None = None):
        first = cells[0]
        active(first)
        method, system = first.build_method(), first.build_system()
        series, truth = (
            rows(system, wanted, seed=0, split=split) for wanted, split in ((self.train_rows, "train"), (self.test_rows, "test"))
        )
        scoring = self.scoring(system.sample(1).dt)
        bounds = scoring.bounds(truth, rows(system, len(truth), seed=0, split="train"))
        clock = Clock()
        sizes = {"T": first.T, "batch": first.batch, "seeds": tuple(cell.seed for cell in cells), "dtype": first.dtype}
        kept, resuming = None, {}
        if scratch is not None and method.training.resumes:
            kept = Checkpoints.of(cells, scratch)
            resuming = {"resume": kept.load(question(method, series, **sizes)), "keep": kept.keep}
        fit = jax.device_get(method.fit(series, callback=clock, **sizes, **resuming))
        programs = None
        for i, cell in enumerate(cells):
            active(cell)
            params, log = (jax.tree.map(lambda leaf, i=i: leaf[i], tree) for tree in (fit.params, fit.log))
            programs = programs or Programs.of(method, params, cell, series)
            extra = _whole_sequence(cell, method, params, series)
            if fit.spread is not None:
                extra += _decomposed(log, fit.spread[i])
            extra.append({"metric": "initial_size", "value": float(fit.initial_size[i]), "unit": "state"})
            alpha = fit.alpha[i] if adapts(method.forcing) else None
            yield cell, self._outcome(cell, method, params, alpha, log, clock, programs, truth, scoring, bounds, extra, i == 0)
        if kept is not None:
            kept.forget()

    def _outcome(
        self, cell, method, params, alpha, log, clock, programs, truth, scoring, bounds, extra, example: bool
    ) -> Outcome:
        from bench.measure.scoring import blew_up

        history, generate = np.asarray(truth[: self.history], cell.dtype), partial(method.generate, params, alpha=alpha)
        generated = np.asarray(generate(history, len(truth)), np.float64)
        forecast = lambda history: generate(np.asarray(history, cell.dtype), self.rmse_steps)  # noqa: E731
        scores = scoring.of_orbit(truth, generated) | scoring.of_forecasts(truth, lambda: forecast)
        scores |= scoring.of_map(lambda: _free_map(method, params, history, alpha), len(truth))
        skipped = float(np.mean(log.skipped))
        if blew_up(truth, generated) or not np.isfinite(log.loss[-1]):  # no model whose speed would say anything
            status, timings = "diverged", []
            what = "the free run blew up" if np.isfinite(log.loss[-1]) else "the last loss is not finite"
            columns = {"error_message": f"{what}; {skipped:.0%} of the updates were skipped"}
        else:
            status, columns, timings = programs.timed(params, cell, self.repeats)
        columns |= {
            "iterations": float(np.mean(log.iterations)),
            "first_call_s": clock.first_s,
            "peak_bytes": memory.peak_bytes(),
        }
        if status != "diverged" and skipped > 0.5:
            status = "not_converged"
            columns["error_message"] = f"{skipped:.0%} of the updates were skipped: the solver did not converge"
        shares = [{"metric": "skipped_updates", "value": skipped, "unit": "share"}]
        tables = {
            "runtime": timings,
            "training": clock.training(log),
            "metrics": scoring.rows(scores, bounds) + shares + extra,
            "orbits": _orbit_rows(truth[self.history :], generated, self.orbit_steps) if example else [],
        }
        return Outcome(status, columns, tables)


def _free_map(method, params, history, alpha):
    """The free-running map on flat states, one program for all seeds, and the state that follows a history."""
    state = warmed_up(method.forcing, params, history, alpha)
    return Partial(_flat_step, params, state), ravel_pytree(state)[0]


def _flat_step(params, like, z):
    """A free step of the flat state z of a state that is structured like `like`."""
    return ravel_pytree(params.free()(ravel_pytree(like)[1](z)))[0]


def _whole_sequence(cell, method, params, series) -> list[dict]:
    """The loss on the first T + 1 rows of the series, undecomposed."""
    x = jax.numpy.asarray(series[: cell.T + 1], cell.dtype)
    return [_note("sequence_loss", _loss(method.stepwise, params, x))]


def _decomposed(log, spread) -> list[dict]:
    """What a decomposed training says of itself in the end."""
    found = {"local_loss": log.loss[-1], "interface_jump": log.residual[-1], "parameter_spread": spread}
    return [_note(name, value) for name, value in found.items()]


@partial(jax.jit, static_argnums=0)
def _loss(stepwise, params, x):
    return stepwise.loss(params, x)[0]


def _note(name: str, value) -> dict:
    """A number that belongs to a training and has no floor."""
    return {"metric": name, "value": float(value), "unit": "data²" if "loss" in name else "data", "higher_is_better": False}


def _orbit_rows(truth, generated, steps: int) -> list[dict]:
    """The first steps of a free run beside the true orbit that follows the same history."""
    steps = min(steps, len(truth), len(generated))
    return [
        {"step": t, "variable": n, "truth": truth[t, n], "generated": generated[t, n]}
        for n in range(truth.shape[1])
        for t in range(steps)
    ]


MEASURES = {"reconstruction": Reconstruction()}
