"""Forward, gradient and update of one method, compiled for one size, checked and timed."""

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Any

import jax
import numpy as np

from bench.measure import timing
from bench.measure.accuracy import reference
from bench.measure.environment import usable_cores
from bench.measure.runtime import worst
from bench.question.cell import Cell
from methods.method import Method


@dataclasses.dataclass
class Programs:
    """The programs of one training, for all of its seeds.

    They are compiled at the first seed whose model is worth a time; where all seeds diverge, nothing is compiled.
    """

    method: Method
    params: Any  # of any seed: their shapes
    x: jax.Array  # windows (S, T+1, N), evenly spread

    @classmethod
    def of(cls, method, params, cell: Cell, series) -> "Programs":
        starts = np.linspace(0, len(series) - cell.T - 1, cell.batch).astype(int)
        x = np.stack([series[start : start + cell.T + 1] for start in starts])
        return cls(method, params, jax.numpy.asarray(x, cell.dtype))

    def arguments(self, params, seed: int) -> dict:
        """What each phase is called with."""
        state = self.method.start(params, jax.random.key(seed))
        return {phase: (state if phase == "update" else params, self.x) for phase in self.method.phases}

    @cached_property
    def compiled(self) -> dict:
        """The compiled program of each phase, several compiled at once where there are cores. Nothing is timed meanwhile."""
        given = self.arguments(self.params, 0)
        with ThreadPoolExecutor(usable_cores()) as pool:
            waiting = {
                phase: pool.submit(timing.compile, function, *given[phase]) for phase, function in self.method.phases.items()
            }
            return {phase: program.result() for phase, program in waiting.items()}

    def timed(self, params, cell: Cell, repeats: int) -> tuple[str, dict, list[dict]]:
        """Status, costs and errors against the sequential scan, and seconds of each phase on one batch.

        Where the solver fails on this batch nothing is timed. The status stays ok, since one batch after the training says little
        of the training itself.
        """
        given = self.arguments(params, cell.seed)
        calls = {phase: (program.call, *given[phase]) for phase, program in self.compiled.items()}
        solution, (_, gradient), _ = (timing.timed(*call)[1] for call in calls.values())
        columns = self.compiled["update"].costs | {"residual": float(solution.residual.max())}
        if worst(solution.status) != "ok":
            return "ok", columns | {"error_message": f"not timed: {worst(solution.status)} on the trained model"}, []
        exact = reference(self.method, params, self.x)
        errors = exact.errors(solution.states, gradient)
        columns |= {"value_error": errors.value, "gradient_error": errors.gradient}
        if not exact.accepts(errors, cell.dtype):
            return "wrong_answer", columns, []
        iterations = int(solution.iterations.max())
        rows = [
            {"phase": phase, "repetition": repetition, "seconds": timing.timed(*call)[0], "iterations": iterations}
            for repetition in range(repeats)
            for phase, call in calls.items()
        ]
        return "ok", columns, rows
