"""Forward and gradient time of each method at one size, on one trained model, timed in turn."""

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from typing import ClassVar

import numpy as np

from bench.measure import foresight, memory, timing
from bench.measure.accuracy import reference
from bench.measure.environment import usable_cores
from bench.measure.outcome import SOLVED, Measure, Outcome
from bench.measure.trained import needs, trained, trainer, windows
from bench.question.cell import Cell
from methods.method import Method
from settings import Count, Fraction, NonNegative

FEWEST = 3  # repetitions that a time is worth
CORES_PER_COMPILATION = 2  # XLA uses more than one itself


@dataclasses.dataclass(frozen=True)
class Runtime(Measure):
    """Seconds of `solve` (forward) and of the loss with its gradient (gradient), every repetition kept.

    A machine changes its speed within seconds. So the methods of one size are timed in turn, repetition by repetition, and a
    change meets all of them. A method is timed only if its answer is right: value and gradient are compared with the sequential
    scan first. Its answer is handed over as soon as its own repetitions are done.
    """

    # how the gradient is scanned, and by whose kernels, is part of a method, though every method has the setting
    summary: ClassVar[str] = "seconds of a solve and of a gradient, methods in turn, after their answers are checked"
    together: ClassVar[tuple[str, ...]] = ("method", "scan", "adjoint_scan", "kernels")
    timed: ClassVar[tuple[str, ...]] = ("ok",)  # statuses of an answer that is worth a time

    repeats: Count = 20
    budget_s: NonNegative = 30.0  # a cell whose calls have taken this long is timed no further, after at least three repetitions
    trained_updates: Count = 500  # of the model that is timed, at T = 200
    trained_alpha: Fraction = 0.2

    def needs(self, cell):
        return needs(cell.T)

    def run(self, cells, active):
        references = {}
        ready = {}
        for cell, subject in self._prepared(cells, active):
            active(cell)
            subject.check(references)
            if subject.status in self.timed:
                ready[cell] = subject
            else:
                yield cell, subject.outcome()
        for repetition in range(self.repeats):
            for cell, subject in list(ready.items()):
                left_s = active(cell)
                if repetition < FEWEST or (subject.spent_s < self.budget_s and left_s > subject.repetition_s):
                    subject.time(repetition)
                else:  # handed over while others go on, so that what ends the run later cannot take it away
                    yield cell, ready.pop(cell).outcome()
        for cell, subject in ready.items():
            active(cell)
            yield cell, subject.outcome()

    def _prepared(self, cells, active):
        """Each cell with its compiled programs, as many compiled at once as there are cores for.

        Nothing is timed before the last one is there.
        """
        pool = ThreadPoolExecutor(max(1, usable_cores() // CORES_PER_COMPILATION))
        try:
            ahead = []
            for cell in cells:
                active(cell)
                method, *arguments = self._given(cell)
                programs = {phase: pool.submit(timing.compile, method.phases[phase], *arguments) for phase in SOLVED}
                ahead.append((cell, method, programs, tuple(arguments)))
            for cell, method, programs, arguments in ahead:
                active(cell)
                yield cell, _Subject(cell, method, {phase: each.result() for phase, each in programs.items()}, arguments)
        finally:
            pool.shutdown(cancel_futures=True)

    def _given(self, cell):
        """Method, parameters and data of a cell."""
        method, system = cell.build_method(), cell.build_system()
        training = {"updates": self.trained_updates, "alpha": self.trained_alpha}
        params = trained(trainer(method), system, **training, dtype=cell.dtype, seed=cell.seed)
        return method, params, windows(system, T=cell.T, batch=cell.batch, dtype=cell.dtype, seed=cell.seed)


@dataclasses.dataclass
class _Subject:
    """One cell under way: its compiled programs, and what is known so far."""

    cell: Cell
    method: Method
    programs: dict
    arguments: tuple
    status: str = ""
    columns: dict = dataclasses.field(default_factory=dict)
    rows: list = dataclasses.field(default_factory=list)
    spent_s: float = 0.0

    @property
    def repetition_s(self) -> float:
        """What one repetition has taken so far."""
        return self.spent_s * len(SOLVED) / max(len(self.rows), 1)

    def check(self, references: dict) -> None:
        """Call the programs once, and look at the answer; what it should be is computed once for all methods of one problem."""
        _, solution = timing.timed(self.programs["forward"].call, *self.arguments)
        first_call_s, (_, gradient) = timing.timed(self.programs["gradient"].call, *self.arguments)
        self.columns = (
            self.programs["gradient"].costs
            | {
                "first_call_s": first_call_s,
                "choice": self.method.explain(*self.arguments),
                "iterations": int(solution.iterations.max()),
                "residual": float(solution.residual.max()),
            }
            | foresight.columns(self.method.forecast(*self.arguments))
        )
        self.status = worst(solution.status)
        if self.status == "ok":
            problem = (self.method.stepwise, *map(id, self.arguments))
            if problem not in references:
                references[problem] = reference(self.method, *self.arguments)
            errors = references[problem].errors(solution.states, gradient)
            self.columns |= {"value_error": errors.value, "gradient_error": errors.gradient}
            self.status = "ok" if references[problem].accepts(errors, self.cell.dtype) else "wrong_answer"

    def time(self, repetition: int) -> None:
        for phase in SOLVED:
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
