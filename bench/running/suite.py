"""Many experiments in one run: the main claim of each before the rest of any.

Whoever has eight minutes of a machine wants to know first of every experiment what it is about, and not all of the first one.
"""

import dataclasses
import math
import time
from pathlib import Path

from bench.question import worth
from bench.question.cell import Cell
from bench.question.config import Experiment
from bench.running import runner
from bench.running.jobs import jobs
from bench.running.runner import Options, Result


@dataclasses.dataclass(frozen=True)
class Asked:
    """An experiment as it is asked for: resolved, all of its cells, those that are chosen, and the folder of its results."""

    experiment: Experiment
    everything: list[Cell]
    chosen: list[Cell]
    out: Path

    @property
    def parts(self) -> dict[str, list[Cell]]:
        """The chosen cells of the main claim with those that are measured together with them, and the others."""
        first = {cell.id for cell in worth.claim(self.experiment, self.everything)}
        possible = [cell for cell in self.chosen if not (cell.misfit or runner.reason(cell))]
        for job in jobs(possible, self.experiment.options.isolation):
            if any(cell.id in first for cell in job.cells):
                first.update(cell.id for cell in job.cells)
        return {
            "main claim": [cell for cell in self.chosen if cell.id in first],
            "the rest": [cell for cell in self.chosen if cell.id not in first],
        }


def run(asked: list[Asked], options: Options) -> list[Result]:
    """Answer what is missing of every experiment, in their order, main claims first; how each of them ended.

    The budget is that of all together. Where it ends, the other experiments count the cells that are left of them.
    """
    end = time.monotonic() + (math.inf if options.budget_s is None else options.budget_s)
    parts = [each.parts for each in asked]
    results = [Result(0, 0) for _ in asked]
    for part in ("main claim", "the rest"):
        for i, each in enumerate(asked):
            if any(result.interrupted for result in results):
                return [dataclasses.replace(result, interrupted=True) for result in results]
            if not parts[i][part]:
                continue
            budget_s = None if options.budget_s is None else max(end - time.monotonic(), 0.0)
            how = dataclasses.replace(options, out=each.out, budget_s=budget_s, heading=f"{each.experiment.name}, {part}")
            results[i] = _both(results[i], runner.run(each.experiment, each.everything, parts[i][part], how))
    return results


def _both(first: Result, second: Result) -> Result:
    return Result(
        answered=first.answered + second.answered,
        left=first.left + second.left,
        interrupted=first.interrupted or second.interrupted,
        spent=first.spent or second.spent,
    )
