"""From an experiment to its cells: every combination of every grid, each setting given to whom it belongs."""

import itertools
from pathlib import Path
from typing import Literal

import pydantic

import settings
from bench.errors import UserError
from bench.question import catalogue, feasible, places
from bench.question.cell import CORE, Cell
from bench.question.config import Experiment, Setting
from registry import suggest

# Settings that follow from T, so that an axis of T need not be written out grid by grid.
DERIVED = {
    "states_per_update": ("batch", lambda states, T: max(1, states // T)),  # S T
    "warmup_share": ("warmup", lambda share, T: int(share * T)),  # T_w / T
}
_WORDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a text", tuple: "a list"}


class Core(pydantic.BaseModel, strict=True):
    """The settings that every cell has."""

    method: str = pydantic.Field(description="the name of a method")
    system: str = pydantic.Field(description="the name of a system")
    T: settings.Count = pydantic.Field(description="a whole number of at least 1")
    batch: settings.Count = pydantic.Field(description="a whole number of at least 1")
    dtype: Literal["float32", "float64"] = pydantic.Field("float32", description='"float32" or "float64"')
    seed: settings.Natural = pydantic.Field(0, description="a whole number of at least 0 and below 2**31")


def cells(experiment: Experiment) -> list[Cell]:
    """All cells in the order of the file, each question once; those whose parts do not go together say so in `misfit`.

    An experiment file lists settings without saying to whom each belongs. A setting goes to the method, the system or the measure
    that has a field of its name. In a cell where none of the three has such a field it is dropped, since a grid may cross methods
    with different settings. A setting that nobody in its grids knows is an error.
    """
    _check_measure(experiment)
    belongs = [_belongs(experiment, grid) for grid in experiment.grids]
    _check_keys(experiment, belongs)
    found = {}
    for grid in experiment.grids:
        for values in itertools.product(*(setting.values for setting in grid.values())):
            cell = _cell(experiment, grid, dict(zip(grid, values, strict=True)))
            found.setdefault(cell.id, cell)
    try:
        return feasible.marked(list(found.values()))
    except ValueError as error:
        raise UserError(f"{experiment.file}: {error}") from None


def _check_measure(experiment: Experiment) -> None:
    name = experiment.measure
    if reason := catalogue.why_unavailable("measure", name):
        raise experiment.error("measure", name, f"unavailable here: {reason}.")
    if name not in catalogue.plugins("measure").names():
        raise experiment.error("measure", name, catalogue.no_such("measure", name))


def _belongs(experiment: Experiment, grid: dict[str, Setting]) -> set[str] | None:
    """The settings that some method, system or the measure of `grid` knows; None where one of them cannot say."""
    known = {*CORE, *DERIVED, *catalogue.settings("measure", experiment.measure)}
    anything = False
    for kind in ("method", "system"):
        if kind not in grid:
            raise UserError(
                f'{experiment.file}: {kind}: missing, want the name of a {kind} in [fixed] or [[grid]], {kind} = "...".'
            )
        for name in grid[kind].values:
            if not _is_here(experiment, grid[kind], kind, name):
                anything = True
            elif kind == "method":
                models, forcings = (grid[key].values if key in grid else (None,) for key in ("model", "forcing"))
                for model, forcing in itertools.product(models, forcings):
                    known.update(_of_method(experiment, grid, name, model, forcing))
            else:
                known.update(catalogue.settings(kind, name))
    return None if anything else known


def _is_here(experiment: Experiment, setting: Setting, kind: str, name) -> bool:
    """Whether a method or system can be used on this machine; one that exists nowhere, or has no place here, is an error."""
    try:
        found_as = catalogue.found_as(kind, name)
    except ValueError as error:
        raise experiment.error(setting.where, name, str(error)) from None
    if isinstance(name, str) and catalogue.why_unavailable(kind, name):
        return False
    if name not in catalogue.plugins(found_as).names():
        raise experiment.error(setting.where, name, catalogue.no_such(kind, str(name)))
    if found_as == "recurrence" and experiment.measure not in (able := _evaluating()):
        problem = f'a recurrence, which gives no data, and measure "{experiment.measure}" trains a model on data.'
        mend = f'Name a system, see `pitbench list systems`, or set measure = "{able[0]}".' if able else "Name a system."
        raise experiment.error(setting.where, name, f"{problem} {mend}")
    return True


def _evaluating() -> list[str]:
    """The measures that take a recurrence."""
    measures = catalogue.plugins("measure")
    return [name for name in measures.names() if getattr(measures[name], "evaluates_recurrences", False)]


def _of_method(experiment: Experiment, grid: dict[str, Setting], method: str, model, forcing) -> dict:
    """The settings of a method that may be given a model, which may be unavailable here, and a forcing."""
    if model is None:
        return catalogue.settings("method", method, None, forcing)
    setting = grid["model"]
    if isinstance(model, str) and (reason := catalogue.why_unavailable("model", model)):
        raise experiment.error(setting.where, model, f"unavailable here: {reason}.")
    if model not in catalogue.plugins("model").names():
        raise experiment.error(setting.where, model, catalogue.no_such("model", str(model)))
    return catalogue.settings("method", method, model, forcing) | {"model": catalogue.model_of(method)}


def _check_keys(experiment: Experiment, belongs: list) -> None:
    for key, setting in {(key, setting) for grid in experiment.grids for key, setting in grid.items()}:
        # one [fixed] setting stands in every grid: it is enough that one of them has a use for it
        holders = [known for grid, known in zip(experiment.grids, belongs, strict=True) if grid.get(key) is setting]
        if not any(known is None or key in known for known in holders):
            known = sorted(set().union(*holders))
            problem = f"no such setting.{suggest(key, known)}\nKnown: {', '.join(known)}."
            raise experiment.error(setting.where, setting.values[0] if len(setting.values) == 1 else setting.values, problem)


def _derived(experiment: Experiment, grid: dict[str, Setting], values: dict) -> tuple[dict, dict]:
    """Grid and values in which each setting of `DERIVED` is replaced by the one that follows from it.

    Where a cell is given that one too, it keeps what it is given.
    """
    grid, values = dict(grid), dict(values)
    for key in DERIVED.keys() & values.keys():
        name, derive = DERIVED[key]
        where, value = grid.pop(key), values.pop(key)
        if type(value) not in (int, float) or value <= 0:
            raise experiment.error(where.where, value, "want a number above 0.")
        if name not in values and isinstance(values.get("T"), int):
            grid[name], values[name] = where, derive(value, values["T"])
    return grid, values


def _cell(experiment: Experiment, grid: dict[str, Setting], values: dict) -> Cell:
    grid, values = _derived(experiment, grid, values)
    try:
        core = Core.model_validate({key: values[key] for key in CORE if key in values})
    except pydantic.ValidationError as errors:
        error = errors.errors()[0]
        key, wanted = error["loc"][0], Core.model_fields[error["loc"][0]].description
        if error["type"] == "missing":
            raise UserError(f"{experiment.file}: {key}: missing, want {wanted} in [fixed] or [[grid]].") from None
        near = suggest(str(values[key]), ("float32", "float64")) if key == "dtype" else ""
        raise experiment.error(grid[key].where, values[key], f"want {wanted}.{near}") from None
    names = {"method": core.method, "system": core.system, "measure": experiment.measure}
    defaults = {kind: _defaults(kind, name) for kind, name in names.items()}
    if defaults["method"] is not None:
        defaults["method"] = _of_method(experiment, grid, core.method, values.get("model"), values.get("forcing"))
    claimed = set(CORE).union(*(known for known in defaults.values() if known is not None))
    parameters, errors = {}, {}
    for kind, known in defaults.items():
        if known is None:  # it may have any setting that nobody else of the cell has
            known = dict.fromkeys(values.keys() - claimed)
        given, wrong = _given(experiment, grid, values, kind, names[kind], known)
        parameters[f"{kind}_parameters"] = given
        for key in known.keys() & values.keys():
            errors.setdefault(key, []).append(wrong.get(key))
    for key in values:  # one name may mean a number to a measure and a switch to a method: it goes to whom it fits
        if key in errors and None not in errors[key]:
            raise errors[key][0]
    given_at = {key: setting.where for key, setting in grid.items()}
    where = places.files(core.system, parameters["system_parameters"], given_at, Path(experiment.file))
    return _checked(experiment, Cell(measure=experiment.measure, **core.model_dump(), **parameters, files=where))


def _checked(experiment: Experiment, cell: Cell) -> Cell:
    """The cell, if its parts take the values they are given: better said now than in every row."""
    builders = {"method": cell.build_method, "system": cell.build_system, "measure": cell.build_measure}
    for kind, build in builders.items():
        if not catalogue.why_unavailable(kind, getattr(cell, kind)):
            try:
                build()
            except settings.Misfit:  # `feasible` says what becomes of it
                continue
            except ValueError as error:
                raise UserError(f"{experiment.file}: {error}") from None
    return cell


def _defaults(kind: str, name: str) -> dict | None:
    return None if catalogue.why_unavailable(kind, name) else catalogue.settings(kind, name)


def _given(experiment: Experiment, grid: dict[str, Setting], values: dict, kind: str, name: str, known: dict):
    """Two dictionaries by setting: the values that differ from the defaults of a plug-in, and the errors of those it cannot take.

    known  the settings of the plug-in, with their defaults
    """
    given, wrong, holder = {}, {}, catalogue.owner(kind, name)
    for key in sorted(known.keys() - set(CORE)):
        if key in values:
            try:
                value = _typed(experiment, grid[key].where, values[key], known[key], holder, key)
            except UserError as error:
                wrong[key] = error
                continue
            if known[key] is catalogue.REQUIRED or value != known[key]:
                given[key] = value
        elif known[key] is catalogue.REQUIRED:
            raise UserError(f'{experiment.file}: {key}: missing, {kind} "{name}" needs it. Write it in [fixed] or [[grid]].')
    return given, wrong


def _typed(experiment: Experiment, where: str, value, default, owner: type | None, key: str):
    """`value` in the type of `default`, so that 1 and 1.0 are one question."""
    wanted = type(default)
    if isinstance(value, list):
        value = tuple(value)
    if wanted is float and type(value) is int:
        return float(value)
    if default is None or default is catalogue.REQUIRED or type(value) is wanted or _also_takes(owner, key, value):
        return value
    raise experiment.error(where, value, f"want {_WORDS.get(wanted, wanted.__name__)}, like the default {default!r}.")


def _also_takes(owner: type | None, key: str, value) -> bool:
    """Whether a field holds values of other types than its default has, such as a list of names in place of a text."""
    try:
        return owner is not None and settings.checked(owner, key, value, label="") == value and not isinstance(value, bool)
    except ValueError:
        return False
