"""How many updates a recurrence takes, for every length at once, beside the exponents that explain it."""

import dataclasses
from functools import partial
from typing import ClassVar

import jax
import numpy as np

from bench.measure import foresight, memory, timing
from bench.measure.accuracy import VALUE_TOLERANCE
from bench.measure.convergence import updates
from bench.measure.growth import Growth
from bench.measure.outcome import Measure, Outcome
from bench.measure.posed import Posed, is_recurrence
from bench.measure.runtime import FEWEST, worst
from bench.measure.trained import needs
from methods.layout.precision import precise
from methods.predictability import forecast, prefix_updates
from methods.problem import merit
from methods.problem.solution import CONVERGED, largest
from settings import Count, Fraction, Natural, NonNegative

MOST_PROGRAMS = 32  # compiled ones that are kept


@dataclasses.dataclass(frozen=True)
class Predictability(Measure):
    """Updates, merit and true error of a solver on a recurrence, or on a trained model under its forcing.

    A recurrence has a step, a first state, inputs and a first guess of its own; of a method only the solver counts then, and the
    seed of the cell draws the recurrence. The stopping rule is the solver's. A merit below its tolerance does not make states
    right, so the distance to the step-by-step states is kept beside it, and a solve that met its rule is `ok` however far off.
    """

    summary: ClassVar[str] = "updates for every length of a recurrence, true errors, and the exponents that explain them"
    # methods of one recurrence, whose forcing plays no part, are timed in turn, and share its exponents
    together: ClassVar[tuple[str, ...]] = (
        *("method", "forcing", "scan", "jacobian", "rule", "tolerance", "max_iterations", "step_size", "adjoint_scan", "kernels"),
    )
    evaluates_recurrences: ClassVar[bool] = True

    prefixes: bool = True  # count the updates of every shorter length too, where the solver allows it
    repeats: Natural = 1  # timed calls; 0: the updates alone are asked for
    budget_s: NonNegative = 30.0  # a cell whose calls have taken this long is timed no further, after at least three
    spectrum: Count = 1  # exponents, from the largest on
    pl_turns: Natural = 0  # the most turns of Lanczos that find the constant μ; 0: it is not asked for
    trained_updates: Count = 1000  # of a model, on a system that gives data
    trained_alpha: Fraction = 0.2

    def needs(self, cell):
        return needs(cell.T)

    def check(self, cell) -> None:
        if not is_recurrence(cell):
            return super().check(cell)
        if cell.batch != 1:
            raise ValueError(f'batch = {cell.batch}: a recurrence such as "{cell.system}" is one sequence. Set batch = 1.')

    def run(self, cells, active):
        problems, subjects = {}, []
        for cell in cells:
            active(cell)
            subject = self._solved(cell, problems)
            if subject.status == "ok" and self.repeats:
                subjects.append(subject)
            else:
                yield cell, subject.outcome()
        for repetition in range(self.repeats):
            for subject in list(subjects):
                left_s = active(subject.cell)
                if repetition < FEWEST or (subject.spent_s < self.budget_s and left_s > subject.first_s):
                    subject.time(repetition)
                else:
                    subjects.remove(subject)
                    yield subject.cell, subject.outcome()
        for subject in subjects:
            active(subject.cell)
            yield subject.cell, subject.outcome()

    def _solved(self, cell, problems: dict) -> "_Subject":
        method = cell.build_method()
        key = None if is_recurrence(cell) else (method.stepwise, method.guess)
        if key not in problems:
            posed = self._posed(cell)
            problems[key] = posed, Growth.of(posed, spectrum=self.spectrum, pl_turns=self.pl_turns)
        counts = self.prefixes and method.solver.counts_prefixes
        return _Subject.of(cell, method.solver, *problems[key], counts=counts, timed=self.repeats > 0)

    def _posed(self, cell) -> Posed:
        if is_recurrence(cell):
            return Posed.of_recurrence(cell)
        return Posed.of_training(cell, updates=self.trained_updates, alpha=self.trained_alpha)


@dataclasses.dataclass
class _Subject:
    """One cell under way: solved once, and perhaps timed."""

    cell: object
    status: str
    columns: dict
    tables: dict
    call: object = None  # the compiled solve with its arguments
    first_s: float = 0.0
    spent_s: float = 0.0

    @classmethod
    def of(cls, cell, solver, posed: Posed, growth: Growth, *, counts: bool, timed: bool) -> "_Subject":
        given = posed.problem, posed.guess
        program = compiled(solver.solve, *given) if timed or not counts else None
        tables = {}
        if counts:
            counting = compiled(partial(prefix_updates, solver), *given)
            seconds, (solution, counted) = timing.timed(counting.call, *given)
            tables["prefixes"] = encoded(np.asarray(counted))
        if not counts or timed:
            seconds, solution = timing.timed(program.call, *given)
        status, errors, scores = _judged(posed, growth, solution, cell.dtype)
        explained = solver.explain(*given) if hasattr(solver, "explain") else None
        columns = (program or counting).costs | {
            "first_call_s": seconds,
            "choice": explained,
            "iterations": float(solution.iterations.mean()),
            "residual": float(solution.residual.max()),
        }
        tables |= {"metrics": growth.rows + posed.promised + scores, "runtime": [], "newton": updates(solution)}
        call = program and partial(timing.timed, program.call, *given)
        columns |= foresight.columns(forecast(solver, *given), np.mean)
        return cls(cell, status, posed.columns | columns | errors, tables, call, first_s=seconds)

    def time(self, repetition: int) -> None:
        seconds, solution = self.call()
        self.spent_s += seconds
        row = {"phase": "forward", "repetition": repetition, "seconds": seconds}
        row |= {"iterations": int(solution.iterations.max())}
        self.tables["runtime"].append(row)

    def outcome(self) -> Outcome:
        return Outcome(self.status, self.columns | {"peak_bytes": memory.peak_bytes()}, self.tables)


def _judged(posed: Posed, growth: Growth, solution, dtype: str) -> tuple[str, dict, list[dict]]:
    """Status, errors and scores of a solution; its residual is computed anew, so that a solver is not taken at its word."""
    residual = _residual(posed.problem, solution.states)
    scale, off = (float(largest(states, None)) for states in (growth.states, solution.states - growth.states))
    status, disagrees = worst(solution.status), np.abs(solution.residual - largest(residual))
    solved = np.atleast_1d(solution.code == CONVERGED)
    if status == "ok" and not (np.atleast_1d(disagrees)[solved] <= VALUE_TOLERANCE[dtype] * (1 + scale)).all():
        status = "wrong_answer"
    reason = {} if np.isfinite(off) else {"reason": "the states that the solver ended with are not finite"}
    per_step = float(np.max(merit(residual))) / len(residual)
    scores = [{"metric": "merit", "value": per_step, "unit": ""}, {"metric": "trajectory_error", "value": off, "unit": ""}]
    return status, {"value_error": off / scale if scale else off}, [score | reason for score in scores]


@jax.jit
@precise()
def _residual(problem, states):
    return problem.evaluate(states).residual


def compiled(function, problem, guess) -> timing.Compiled:
    """`function(problem, guess)` compiled; problems that differ in their numbers alone share one program within a process."""
    leaves, structure = jax.tree.flatten((problem, guess))
    asked = function.args if isinstance(function, partial) else (function.__self__,)
    known = type(function), asked, structure, tuple((leaf.shape, leaf.dtype) for leaf in leaves)
    if known in _programs:
        return _programs[known]._replace(compile_cached=True)
    program = timing.compile(precise()(function), problem, guess)
    if len(_programs) >= MOST_PROGRAMS:
        del _programs[next(iter(_programs))]
    _programs[known] = program
    return program


_programs: dict = {}


def encoded(updates: np.ndarray) -> list[dict]:
    """Rows of `prefixes` for updates `(T, ...)` of every length: one where a number begins, null for lengths not solved."""
    rows = []
    for sequence, counts in enumerate(updates.reshape(len(updates), -1).T):
        begins = np.flatnonzero(np.diff(counts, prepend=counts[0] - 1))
        rows += [
            {"sequence": sequence, "length": int(t) + 1, "updates": int(counts[t]) if counts[t] >= 0 else None} for t in begins
        ]
    return rows


MEASURES = {"predictability": Predictability()}
