"""Train a method on a system, let the model run free, and score what it makes."""

import dataclasses
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import jax
import numpy as np

from bench.measure import memory
from bench.measure.checkpoints import Checkpoints
from bench.measure.learned import Learned
from bench.measure.outcome import Measure, Outcome
from bench.measure.programs import Programs
from bench.measure.trained import rows
from bench.measure.training_log import TrainingLog
from methods.training.checkpoint import question
from settings import Count, Natural

if TYPE_CHECKING:
    from bench.measure.scoring import Bounds, Scoring


@dataclasses.dataclass(frozen=True)
class Reconstruction(Measure):
    """Loss and updates per second of a training, all seeds in one program; then D_stsp, D_H and n-step error of a free run.

    A score alone says little, so each stands between two bounds: its floor, which is the score of the training orbit against the
    test orbit, and the score of white noise with the mean and spread of the truth. Forward, gradient and update are also timed
    on the trained model of each seed, after their answer has been checked against the sequential scan.
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
        series, exam = self._data(system)
        training = _Training(method, cells, series, scratch, left_s=lambda: active(first))
        programs = None
        for i, cell in enumerate(cells):
            active(cell)
            model = Learned.of(method, training.fit, i)
            programs = programs or Programs.of(method, model.params, cell, series)
            yield cell, self._outcome(i, cell, model, exam, training, programs)
        training.forget()

    def _data(self, system) -> tuple[np.ndarray, "_Exam"]:
        """The series to train on, and what its models are scored by."""
        series, truth = (
            rows(system, wanted, seed=0, split=split) for wanted, split in ((self.train_rows, "train"), (self.test_rows, "test"))
        )
        scoring = self.scoring(system.sample(1).dt)
        return series, _Exam(truth, scoring, scoring.bounds(truth, rows(system, len(truth), seed=0, split="train")))

    def _outcome(self, i: int, cell, model: Learned, exam: "_Exam", training: "_Training", programs: Programs) -> Outcome:
        """What seed `i` learned, scored and timed; the first seed keeps its orbit as an example."""
        truth = exam.truth
        history = np.asarray(truth[: self.history], cell.dtype)
        generated = np.asarray(model.generate(history, len(truth)), np.float64)
        scores = self._scores(cell, model, exam, history, generated)
        status, columns, timings = self._timed(cell, model, programs, truth, generated)
        columns |= {"iterations": float(np.mean(model.log.iterations)), "first_call_s": training.log.first_s}
        skipped = {"metric": "skipped_updates", "value": model.skipped, "unit": "share"}
        tables = {
            "runtime": timings,
            "training": training.log.rows(model.log),
            "metrics": [*exam.scoring.rows(scores, exam.bounds), skipped, *training.notes(i, cell, model)],
            "orbits": _orbit_rows(truth[self.history :], generated, self.orbit_steps) if i == 0 else [],
        }
        return Outcome(status, columns | {"peak_bytes": memory.peak_bytes()}, tables)

    def _scores(self, cell, model: Learned, exam: "_Exam", history, generated) -> dict:
        """Every metric of a free run, of forecasts, and of the map itself."""
        forecast = lambda history: model.generate(np.asarray(history, cell.dtype), self.rmse_steps)  # noqa: E731
        scores = exam.scoring.of_orbit(exam.truth, generated) | exam.scoring.of_forecasts(exam.truth, lambda: forecast)
        return scores | exam.scoring.of_map(lambda: model.free_map(history), len(exam.truth))

    def _timed(self, cell, model: Learned, programs: Programs, truth, generated) -> tuple[str, dict, list[dict]]:
        """Status, columns and seconds of one seed; a model that diverged has no speed that would say anything."""
        from bench.measure.scoring import blew_up

        skipped = {"error_message": f"{model.skipped:.0%} of the updates were skipped: the solver did not converge"}
        if blew_up(truth, generated) or not np.isfinite(model.log.loss[-1]):
            what = "the free run blew up" if np.isfinite(model.log.loss[-1]) else "the last loss is not finite"
            return "diverged", {"error_message": f"{what}; {model.skipped:.0%} of the updates were skipped"}, []
        status, columns, timings = programs.timed(model.params, cell, self.repeats)
        return ("not_converged", columns | skipped, timings) if model.skipped > 0.5 else (status, columns, timings)


class _Exam(NamedTuple):
    """What all seeds are scored by: the test orbit, the scores asked for, and what they stand between."""

    truth: np.ndarray
    scoring: "Scoring"
    bounds: "Bounds"


class _Training:
    """One training of all seeds of a job, which goes on where an earlier one was kept and writes down where it is."""

    def __init__(self, method, cells, series, scratch: Path | None, left_s: Callable[[], float]):
        first = cells[0]
        sizes = {"T": first.T, "batch": first.batch, "seeds": tuple(cell.seed for cell in cells), "dtype": first.dtype}
        self._series, self._kept, resuming = series, None, {}
        self.log = TrainingLog()
        if scratch is not None and method.training.resumes:
            self._kept = Checkpoints.of(cells, scratch, left_s)
            resuming = {"resume": self._kept.load(question(method, series, **sizes)), "keep": self._kept.keep}
        self.fit = jax.device_get(method.fit(series, callback=self.log, **sizes, **resuming))

    def notes(self, i: int, cell, model: Learned) -> list[dict]:
        """What the training of seed `i` says of itself, as rows of `metrics`."""
        found = _whole_sequence(cell, model, self._series)
        if self.fit.spread is not None:
            found += _decomposed(model.log, self.fit.spread[i])
        return [*found, {"metric": "initial_size", "value": float(self.fit.initial_size[i]), "unit": "state"}]

    def forget(self) -> None:
        """Every seed has its outcome: there is nothing to go on from any more."""
        if self._kept is not None:
            self._kept.forget()


def _whole_sequence(cell, model: Learned, series) -> list[dict]:
    """The loss on the first T + 1 rows of the series, undecomposed."""
    x = jax.numpy.asarray(series[: cell.T + 1], cell.dtype)
    return [_note("sequence_loss", _loss(model.method.stepwise, model.params, x))]


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
