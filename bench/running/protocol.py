"""What a runner, an executor and a worker say to each other.

The runner gives an executor a `Plan`, with the `Orders` for workers in it, and jobs; it gets a `Finished` for each attempt. An
executor starts a worker, `python -m bench.running.worker ORDERS`, and writes jobs to its standard input, one line of JSON each:

    {"cells": [...], "left_s": SECONDS}
    {"stop": true}                      the run is interrupted: hand over what is there, for the process is ended soon

The worker answers on its standard output, in lines of JSON too:

    {"ready": CONTEXT, "notices": []}   once, when jax is there; what the user should know meanwhile
    {"active": CELL}                    work on this cell starts or goes on: its clock runs, it is blamed if the process dies
    {"written": CELL, "status": ...}    its attempt is on the disk; with wall_s and the reason of a failure
    {"done": true, "singly": BOOL}      the job is over; cells not written must be tried again, one by one if `singly`
"""

import dataclasses
from collections.abc import Callable
from pathlib import Path

from bench.question.cell import Cell


@dataclasses.dataclass(frozen=True)
class Job:
    """Cells that one call of their measure answers."""

    cells: tuple[Cell, ...]


@dataclasses.dataclass(frozen=True)
class Orders:
    """What a worker is told when it starts."""

    out: str
    context: dict
    plugins: list[str]
    device: str | None


@dataclasses.dataclass(frozen=True)
class Plan:
    """What an executor is to do beside the jobs themselves.

    known      the latest attempt of each cell when the run was planned: a later one means that another runner has answered it
    left_s     says how many seconds of the budget are left; when there are none, the run ends, and with it the cell in progress
    doing      is told what is going on, about once a second
    """

    out: Path
    orders: Orders
    timeout_s: float
    isolation: str
    known: dict[str, str]
    left_s: Callable[[], float]
    doing: Callable[[str | Cell], None]


@dataclasses.dataclass(frozen=True)
class Finished:
    """An attempt is over.

    final  it has left its row; if not, nothing is stored, and the cell will be tried once more
    """

    cell: Cell
    status: str
    wall_s: float
    final: bool = True
    reason: str = ""
