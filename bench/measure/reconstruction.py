"""Train a method on a system, let the model run free, and score what it makes."""

import dataclasses
from functools import partial
from pathlib import Path
from typing import ClassVar, NamedTuple

import jax
import numpy as np
from jax.flatten_util import ravel_pytree

from bench import memory, timing
from bench.measure.accuracy import reference
from bench.measure.checkpoints import Checkpoints
from bench.measure.clock import Clock
from bench.measure.outcome import Measure, Outcome
from bench.measure.runtime import worst
from bench.measure.trained import rows
from methods.checkpoint import question
from settings import Count, Natural


@dataclasses.dataclass(frozen=True)
class Reconstruction(Measure):
    """Loss and updates per second of a training, all seeds in one program; then D_stsp, D_H and n-step error of a free run.

    The scores stand beside their floor, the same score between the training orbit and the test orbit, and beside that of white
    noise with the mean and spread of the truth. Forward, gradient and update are also timed alone on the trained model, one
    seed, after their answer has been checked against the sequential scan.
    """

    together: ClassVar[tuple[str, ...]] = ("seed",)
    resumes: ClassVar[bool] = True

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
        cell.build_method().training.stages(cell.T)

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
            programs = programs or _Programs.compile(method, params, cell, series)
            extra = _whole_sequence(cell, method, params, series)
            if fit.spread is not None:
                extra += _decomposed(log, fit.spread[i])
            yield cell, self._outcome(cell, method, params, log, clock, programs, truth, scoring, bounds, extra, example=i == 0)
        if kept is not None:
            kept.forget()

    def _outcome(self, cell, method, params, log, clock, programs, truth, scoring, bounds, extra, example: bool) -> Outcome:
        from bench.measure.scoring import blew_up

        generated = np.asarray(method.generate(params, np.asarray(truth[: self.history], cell.dtype), len(truth)), np.float64)
        forecast = lambda history: method.generate(params, np.asarray(history, cell.dtype), self.rmse_steps)  # noqa: E731
        scores = scoring.of_orbit(truth, generated) | scoring.of_forecasts(truth, lambda: forecast)
        scores |= scoring.of_map(lambda: _free_map(method, params, np.asarray(truth[: self.history], cell.dtype)), len(truth))
        status, columns, timings = self._timings(cell, method, params, programs)
        skipped = float(np.mean(log.skipped))
        columns |= {
            "iterations": float(np.mean(log.iterations)),
            "first_call_s": clock.first_s,
            "peak_bytes": memory.peak_bytes(),
        }
        if blew_up(truth, generated) or not np.isfinite(log.loss[-1]):
            status = "diverged"
            what = "the free run blew up" if np.isfinite(log.loss[-1]) else "the last loss is not finite"
            columns["error_message"] = f"{what}; {skipped:.0%} of the updates were skipped"
        elif skipped > 0.5:
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

    def _timings(self, cell, method, params, programs) -> tuple[str, dict, list[dict]]:
        """Status, errors against the sequential scan, and seconds of each phase on one batch.

        A solve that fails here is not timed, and leaves the status to the training, of which it says little.
        """
        x, state = programs.x, method.start(params, jax.random.key(cell.seed))
        calls = {"forward": (params, x), "gradient": (params, x), "update": (state, x)}
        solution, (_, gradient), _ = (programs.call(phase, *arguments)[1] for phase, arguments in calls.items())
        columns = programs.compiled["update"].costs | {"residual": float(solution.residual.max())}
        if worst(solution.status) != "ok":
            return "ok", columns | {"error_message": f"not timed: {worst(solution.status)} on the trained model"}, []
        exact = reference(method, params, x)
        errors = exact.errors(solution.states, gradient)
        columns |= {"value_error": errors.value, "gradient_error": errors.gradient}
        if not exact.accepts(errors, cell.dtype):
            return "wrong_answer", columns, []
        iterations = int(solution.iterations.max())
        timings = []
        for repetition in range(self.repeats):
            for phase, arguments in calls.items():
                seconds, _ = programs.call(phase, *arguments)
                timings.append({"phase": phase, "repetition": repetition, "seconds": seconds, "iterations": iterations})
        return "ok", columns, timings


class _Programs(NamedTuple):
    """One method's programs, compiled once for all seeds, and evenly spread windows `(S, T+1, N)` to time them on."""

    x: jax.Array
    compiled: dict

    @classmethod
    def compile(cls, method, params, cell, series) -> "_Programs":
        starts = np.linspace(0, len(series) - cell.T - 1, cell.batch).astype(int)
        x = jax.numpy.asarray(np.stack([series[start : start + cell.T + 1] for start in starts]), cell.dtype)
        first = {"update": method.start(params, jax.random.key(cell.seed))}
        phases = method.phases.items()
        return cls(x, {phase: timing.compile(function, first.get(phase, params), x) for phase, function in phases})

    def call(self, phase: str, *arguments):
        """Seconds and outputs."""
        return timing.timed(self.compiled[phase].call, *arguments)


def _free_map(method, params, history):
    """The free-running map on flat states, and the state that follows a history."""
    start, unravel = ravel_pytree(params.warmed_up(method.forcing, history))
    free = params.free()
    return lambda z: ravel_pytree(free(unravel(z)))[0], start


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
