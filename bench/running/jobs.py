"""Which cells are measured together, and in which order."""

from collections.abc import Collection

from bench.question.cell import Cell
from bench.running.protocol import Job


def jobs(chosen: list[Cell], isolation: str, *, as_written: bool = False, first: Collection[str] = ()) -> list[Job]:
    """The jobs that answer the `chosen` cells, the cheapest first (by T × batch).

    A measure may take some cells in one call: methods, to time them in turn, or seeds, to train them in one program. A job is a
    set of cells that agree in everything else.

    isolation   "cell" for jobs of one cell: the peak memory of a process is then the peak of its cell
    as_written  keep the order of the experiment, which puts first what it wants to know most: for a run that may not get to its
                end
    first       ids of cells whose jobs come before all others
    """
    shared = _shared_parameters(chosen)
    groups: dict = {}
    for cell in chosen:
        groups.setdefault(cell.id if isolation == "cell" else _agreement(cell, shared), []).append(cell)
    work = (lambda group: 0) if as_written else lambda group: max(cell.T * cell.batch for cell in group)
    late = lambda group: all(cell.id not in first for cell in group)  # noqa: E731
    return [Job(tuple(group)) for group in sorted(groups.values(), key=lambda group: (late(group), work(group)))]


def _shared_parameters(chosen: list[Cell]) -> set[str]:
    """The settings that every method has: methods in one job must agree in these, not in those that only some have."""
    return set.intersection(*(set(cell.parameters("method")) for cell in chosen)) if chosen else set()


def _agreement(cell: Cell, shared: set[str]) -> tuple:
    together = cell.build_measure().together
    own = set(cell.parameters("method")) - shared if "method" in together else set()
    return tuple(sorted((key, repr(value)) for key, value in cell.settings.items() if key not in own.union(together)))
