"""What can be told of cells before anything is run: do the data suffice, do method, system and sizes fit together?"""

import json
import warnings

from bench.errors import say
from bench.question import catalogue
from bench.question.cell import Cell

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
        if getattr(system, "incomplete", False):
            _check_masks(group)
        if hasattr(system, "observed_dim"):
            for cell in group:
                method = cell.build_method()
                asked = method.model, method.forcing, method.solver.solves, method.regularisation, system.observed_dim
                models[asked] = cell, method
    for (*_, observed_dim), (cell, method) in models.items():
        _check_model(method, observed_dim, cell)


def _check_masks(cells: list[Cell]) -> None:
    """Whether all methods on data with gaps are told to mask them."""
    for cell in cells:
        told = cell.parameters("method").get("missing")
        if told != "mask":
            way = 'Set missing = "mask", or fill them' if told else "It has no way to leave them out: fill them"
            raise ValueError(f'method "{cell.method}" on system "{cell.system}": values are missing. {way}.')


def _by_system(cells: list[Cell]) -> list[list[Cell]]:
    """Cells that ask the same of a system, those that read the same file one after another."""
    groups: dict = {}
    for cell in cells:
        groups.setdefault((cell.system, json.dumps([cell.system_parameters, cell.files], sort_keys=True)), []).append(cell)
    return sorted(groups.values(), key=lambda group: sorted(group[0].files.values()))


def _check_model(method, observed_dim: int, cell: Cell) -> None:
    """Whether the model can be made in the asked sizes and is one that the solver solves.

    Only shapes are made: jax starts no device, whose memory the workers will need.
    """
    import jax
    import jax.numpy as jnp

    from methods.problem import Map

    solves = method.solver.solves

    def pose():
        params = method.model.init(jax.random.key(0), observed_dim, jnp.float32)
        method.regularisation.penalty(params)
        problem, _ = method.problem(params, jnp.zeros((3, observed_dim)))
        if not isinstance(problem.step, solves):
            raise TypeError(f"its solver takes a {solves.__name__} alone, not a {type(problem.step).__name__}")
        if problem.step.own_solver and solves is Map:
            raise TypeError(f"only the solver of method {problem.step.own_solver} takes it")
        return problem.z0

    try:
        jax.eval_shape(pose)
    except (ValueError, TypeError, ZeroDivisionError) as error:
        model = f" with model {given}" if (given := cell.method_parameters.get("model")) else ""
        where = f'method "{cell.method}"{model} on {observed_dim} variables of system "{cell.system}"'
        raise ValueError(f"{where}: {error}") from error
