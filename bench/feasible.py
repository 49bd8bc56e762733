"""What can be told of cells before anything is run: do the data suffice, do method, system and sizes fit together?"""

import json
import warnings

from bench import catalogue
from bench.cell import Cell
from bench.errors import say

KINDS = ("method", "system", "measure")


def check(cells: list[Cell]) -> None:
    """Raise `ValueError` for the first cell that can only fail; cells that cannot be answered on this machine are left alone.

    The files of a system are read once, whatever the number of cells.
    """
    cells = [cell for cell in cells if not any(catalogue.why_unavailable(kind, getattr(cell, kind)) for kind in KINDS)]
    for cell in cells:
        cell.build_measure().check(cell)
    models = {}
    for group in _by_system(cells):
        system, needs = group[0].build_system(), {}
        for cell in group:
            for split, rows in cell.build_measure().needs(cell).items():
                needs[split] = max(rows, needs.get(split, 0))
        if hasattr(system, "check"):
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                system.check(needs)
            for told in dict.fromkeys(str(warning.message) for warning in caught):
                say(told)
        if hasattr(system, "observed_dim"):
            models |= {(cell.build_method().model, system.observed_dim): cell for cell in group}
    for (model, observed_dim), cell in models.items():
        _check_sizes(model, observed_dim, cell)


def _by_system(cells: list[Cell]) -> list[list[Cell]]:
    """Cells that ask the same of a system, those that read the same file one after another."""
    groups: dict = {}
    for cell in cells:
        groups.setdefault((cell.system, json.dumps([cell.system_parameters, cell.files], sort_keys=True)), []).append(cell)
    return sorted(groups.values(), key=lambda group: sorted(group[0].files.values()))


def _check_sizes(model, observed_dim: int, cell: Cell) -> None:
    """Whether the model can be made in the asked sizes; only its shapes are."""
    import jax

    try:
        jax.eval_shape(lambda: model.init(jax.random.key(0), observed_dim, jax.numpy.float32))
    except (ValueError, TypeError, ZeroDivisionError) as error:
        raise ValueError(f'method "{cell.method}" on {observed_dim} variables of system "{cell.system}": {error}') from error
