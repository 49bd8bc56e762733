"""What a measurement is, and what it leaves behind."""

import dataclasses
from collections.abc import Callable, Iterator
from typing import ClassVar

STATUSES = (
    "ok",
    "not_converged",
    "diverged",
    "wrong_answer",
    "timeout",
    "out_of_memory",
    "error",
    "crashed",
    "unavailable",
    "skipped",
)
# Nothing was learnt about the method, and it may end otherwise when it is tried again. The other statuses are answers.
FAILED = ("timeout", "out_of_memory", "error", "crashed", "unavailable")
# The parts of the cell do not go together, so nothing was asked of the method: neither an answer of its nor a failure.
SKIPPED = "skipped"
# What says something of the method, and what of it is not right.
ANSWERS = tuple(status for status in STATUSES if status not in (*FAILED, SKIPPED))
WRONG = tuple(status for status in ANSWERS if status != "ok")


# What is timed of a method: its trajectory, the loss with its gradient, and a step of the optimiser. A solved problem has the
# first two, a training all of them.
PHASES = ("forward", "gradient", "update")
SOLVED = PHASES[:2]


@dataclasses.dataclass(frozen=True)
class Outcome:
    """The answer to one cell: a status, values for its row in `cells`, and rows for the other tables.

    columns  extra values of the row in `cells`: iterations, residual, compile_s, error_message, ...
    tables   rows for `runtime`, `newton`, `training` and `metrics`, without `cell` and `attempt`, which the store adds
    """

    status: str
    columns: dict = dataclasses.field(default_factory=dict)
    tables: dict[str, list[dict]] = dataclasses.field(default_factory=dict)

    def __post_init__(self):
        if self.status not in STATUSES:
            raise ValueError(f'Outcome.status = "{self.status}": no such status. Known: {", ".join(STATUSES)}.')


@dataclasses.dataclass(frozen=True)
class Measure:
    """A kind of measurement; its fields are settings of the experiment file."""

    # Keys in which the cells of one job may differ: ("seed",) trains seeds in one program, ("method",) interleaves timings.
    together: ClassVar[tuple[str, ...]] = ()
    # `run` also takes `scratch`, a folder where it may keep what a killed job needs to go on.
    resumes: ClassVar[bool] = False
    scores: ClassVar[bool] = False  # by every metric there is
    # It takes a recurrence, a known map to be evaluated, where others need a system, whose data a model is trained on.
    evaluates_recurrences: ClassVar[bool] = False

    def needs(self, cell) -> dict[str, int]:
        """How many rows of each split of the system (`train`, `test`) the cell cannot do without."""
        return {}

    def check(self, cell) -> None:
        """Raise `ValueError` for a cell that can only fail, from its settings alone; asked before anything is run."""
        warmup = cell.parameters("method").get("warmup", 0)
        if warmup >= cell.T:
            raise ValueError(f"warmup = {warmup}, but it must be less than T = {cell.T}, or no step is left to learn from.")

    def run(self, cells: list, active: Callable) -> Iterator[tuple]:
        """Yield `(cell, Outcome)` for every cell of one job, in any order.

        active  call it with a cell whenever work on that cell starts or goes on: its clock runs, and it is blamed for a crash. It
                returns the seconds until the run must have its answers.
        An exception becomes an `error` row of the active cell; the other cells are tried again without it.
        """
        raise TypeError(f"{type(self).__name__} must define run(cells, active).")
