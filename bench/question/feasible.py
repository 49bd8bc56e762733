"""What can be told of cells before anything is run: do the data suffice, do method, system and sizes fit together?

Where only some of the cells do not fit, as a grid crosses methods that ask different things of the data, the others are answered
and those are skipped, with the reason. Where none fits, or a file cannot be read at all, the user has made a mistake, which is
said before anything is run.
"""

import dataclasses
import json
import warnings

from bench.errors import say
from bench.question import catalogue
from bench.question.cell import Cell

KINDS = ("method", "system", "measure")
TOLD = 3  # reasons that are told before a run; the rest is in its rows


def marked(cells: list[Cell]) -> list[Cell]:
    """The cells, with the reason in `misfit` where one can only fail; those that cannot be answered here are left as they are.

    Raises `ValueError` where none of them fits, or where a system cannot be used whatever is asked of it. The files of a system
    are read once, whatever the number of cells.
    """
    here = [cell for cell in cells if not any(catalogue.why_unavailable(kind, getattr(cell, kind)) for kind in KINDS)]
    misfits = _by_settings(here)
    models: dict = {}
    for group in _by_system([cell for cell in here if cell.id not in misfits]):
        system = group[0].build_system()
        if catalogue.found_as("system", group[0].system) == "recurrence":
            misfits |= {cell.id: reason for cell in group if (reason := _unsolved(cell))}
            continue
        misfits |= _by_data(system, group)
        for cell in group if hasattr(system, "observed_dim") else []:
            method = cell.build_method()
            asked = method.model, method.forcing, method.solver.solves, method.regularisation, system.observed_dim
            models.setdefault(asked, []).append((cell, method))
    for (*_, observed_dim), group in models.items():
        if reason := _why_no_model(group[0][1], observed_dim):
            misfits = {cell.id: f"{_named(cell, observed_dim)}: {reason}" for cell, _ in group} | misfits
    if here and len(misfits) == len(here):
        raise ValueError(misfits[here[0].id])
    return [dataclasses.replace(cell, misfit=misfits[cell.id]) if cell.id in misfits else cell for cell in cells]


def tell(cells: list[Cell]) -> None:
    """Say which of the cells are going to be skipped, and why."""
    reasons = list(dict.fromkeys(cell.misfit for cell in cells if cell.misfit))
    for reason in reasons[:TOLD]:
        count = sum(cell.misfit == reason for cell in cells)
        say(f"{count} of {len(cells)} cells are skipped, as their parts do not go together: {reason}")
    if reasons[TOLD:]:
        count = sum(cell.misfit in reasons[TOLD:] for cell in cells)
        say(f"{count} more are skipped for other reasons. Once they are run, `pitbench failures` tells all of them.")


def _by_settings(cells: list[Cell]) -> dict[str, str]:
    """Why cells can only fail, by cell, from their settings alone."""
    found = {}
    for cell in cells:
        try:
            cell.build_method()
            cell.build_measure().check(cell)
        except ValueError as error:
            found[cell.id] = str(error)
    return found


def _by_data(system, cells: list[Cell]) -> dict[str, str]:
    """Why cells can only fail, since their system has too few rows, or values are missing that their method cannot do without."""
    found = {}
    if hasattr(system, "check"):
        found = _short(system, {cell.id: cell.build_measure().needs(cell) for cell in cells})
    if getattr(system, "incomplete", False):
        found = {cell.id: reason for cell in cells if (reason := _unmasked(cell))} | found
    return found


def _short(system, needs: dict[str, dict[str, int]]) -> dict[str, str]:
    """Why cells that need so many rows of each split cannot have them; a system that has not even one is a mistake."""
    most: dict[str, int] = {}
    for each in needs.values():
        most |= {split: max(rows, most.get(split, 0)) for split, rows in each.items()}
    if not _lacks(system, most):
        return {}
    if unusable := _lacks(system, dict.fromkeys(most, 1)):
        raise ValueError(unusable)
    reasons = {key: _lacks(system, dict(key)) for key in {tuple(each.items()) for each in needs.values()}}
    return {cell: reason for cell, each in needs.items() if (reason := reasons[tuple(each.items())])}


def _lacks(system, rows: dict[str, int]) -> str:
    """Why a system has not so many rows of each split, if so; what it warns of is said."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            system.check(rows)
        except ValueError as error:
            return str(error)
    for told in dict.fromkeys(str(warning.message) for warning in caught):
        say(told)
    return ""


def _unmasked(cell: Cell) -> str:
    """Why a method cannot have data with gaps, unless it is told to mask them."""
    told = cell.parameters("method").get("missing")
    if told == "mask":
        return ""
    way = 'Set missing = "mask", or fill them' if told else "It has no way to leave them out: fill them"
    return f'method "{cell.method}" on system "{cell.system}": values are missing. {way}.'


def _unsolved(cell: Cell) -> str:
    """Why the solver of a method cannot take a recurrence, of which nothing is known but its step, if so."""
    from methods.problem import FunctionMap

    solves = cell.build_method().solver.solves
    if issubclass(FunctionMap, solves):
        return ""
    return f'method "{cell.method}" on recurrence "{cell.system}": its solver takes a {solves.__name__} alone, not any step.'


def _by_system(cells: list[Cell]) -> list[list[Cell]]:
    """Cells that ask the same of a system, those that read the same file one after another."""
    groups: dict = {}
    for cell in cells:
        groups.setdefault((cell.system, json.dumps([cell.system_parameters, cell.files], sort_keys=True)), []).append(cell)
    return sorted(groups.values(), key=lambda group: sorted(group[0].files.values()))


def _named(cell: Cell, observed_dim: int) -> str:
    model = f" with model {given}" if (given := cell.method_parameters.get("model")) else ""
    return f'method "{cell.method}"{model} on {observed_dim} variables of system "{cell.system}"'


def _why_no_model(method, observed_dim: int) -> str:
    """Why the model cannot be made, or not be solved, if so.

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
        return str(error)
    return ""
