"""Forward and gradient time of each method at one size, on one trained model, timed in turn."""

import dataclasses
from typing import ClassVar

import numpy as np

from bench import memory, timing
from bench.measure.accuracy import reference
from bench.measure.outcome import Measure, Outcome
from bench.measure.trained import needs, trained, trainer, windows
from settings import Count, Fraction, NonNegative

PHASES = ("forward", "gradient")


@dataclasses.dataclass(frozen=True)
class Runtime(Measure):
    """Seconds of `solve` (forward) and of the loss with its gradient (gradient), every repetition kept.

    The methods of one size take turns, repetition by repetition, so that a change of the machine's speed meets them all. A method
    is timed only if its answer is right: value and gradient are compared with the sequential scan first.
    """

    # how the gradient is scanned is part of a method, though every method has the setting
    together: ClassVar[tuple[str, ...]] = ("method", "scan", "adjoint_scan")
    timed: ClassVar[tuple[str, ...]] = ("ok",)  # statuses of an answer that is worth a time

    repeats: Count = 20
    budget_s: NonNegative = 30.0  # a cell whose calls have taken this long is timed no further, after at least three repetitions
    trained_updates: Count = 500  # of the model that is timed, at T = 200
    trained_alpha: Fraction = 0.2

    def needs(self, cell):
        return needs(cell.T)

    def run(self, cells, active):
        ready = []
        for cell in cells:
            active(cell)
            subject = _Subject.prepare(self, cell)
            if subject.status in self.timed:
                ready.append((cell, subject))
            else:
                yield cell, subject.outcome()
        for repetition in range(self.repeats):
            for cell, subject in ready:
                if repetition < 3 or subject.spent_s < self.budget_s:
                    active(cell)
                    subject.time(repetition)
        for cell, subject in ready:
            active(cell)
            yield cell, subject.outcome()


@dataclasses.dataclass
class _Subject:
    """One cell under way: its compiled programs, and what is known so far."""

    programs: dict
    arguments: tuple
    status: str
    columns: dict
    rows: list = dataclasses.field(default_factory=list)
    spent_s: float = 0.0

    @classmethod
    def prepare(cls, measure: Runtime, cell) -> "_Subject":
        """Compile, call once, and check the answer."""
        method, system = cell.build_method(), cell.build_system()
        training = {"updates": measure.trained_updates, "alpha": measure.trained_alpha}
        params = trained(trainer(method), system, **training, dtype=cell.dtype, seed=cell.seed)
        x = windows(system, T=cell.T, batch=cell.batch, dtype=cell.dtype, seed=cell.seed)
        programs = {phase: timing.compile(method.phases[phase], params, x) for phase in PHASES}
        _, solution = timing.timed(programs["forward"].call, params, x)
        first_call_s, (_, gradient) = timing.timed(programs["gradient"].call, params, x)
        columns = programs["gradient"].costs | {
            "first_call_s": first_call_s,
            "choice": method.explain(params, x),
            "iterations": int(solution.iterations.max()),
            "residual": float(solution.residual.max()),
        }
        status = worst(solution.status)
        if status == "ok":
            exact = reference(method, params, x)
            errors = exact.errors(solution.states, gradient)
            columns |= {"value_error": errors.value, "gradient_error": errors.gradient}
            status = "ok" if exact.accepts(errors, cell.dtype) else "wrong_answer"
        return cls(programs, (params, x), status, columns)

    def time(self, repetition: int) -> None:
        for phase in PHASES:
            seconds, _ = timing.timed(self.programs[phase].call, *self.arguments)
            self.spent_s += seconds
            self.rows.append(
                {"phase": phase, "repetition": repetition, "seconds": seconds, "iterations": self.columns["iterations"]}
            )

    def outcome(self) -> Outcome:
        return Outcome(self.status, self.columns | {"peak_bytes": memory.peak_bytes()}, {"runtime": self.rows})


def worst(statuses) -> str:
    """The status of a cell from those of its sequences."""
    statuses = np.atleast_1d(statuses)
    return next((bad for bad in ("diverged", "not_converged") if (statuses == bad).any()), "ok")


MEASURES = {"runtime": Runtime()}
