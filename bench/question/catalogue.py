"""What a cell can be made of: the plug-ins of every room, with their settings and defaults."""

import dataclasses
import importlib
from pathlib import Path

import registry

ROOMS = "methods", "methods.models", "systems", "systems.recurrences", "metrics", "bench.measure"
PACKAGES = dict(zip(("method", "model", "system", "recurrence", "metric", "measure"), ROOMS, strict=True))
REQUIRED = dataclasses.MISSING  # stands where a setting has no default


def plugins(kind: str) -> registry.Registry:
    """The registry of one room; importing it may import jax."""
    return importlib.import_module(PACKAGES[kind]).REGISTRY


def found_as(kind: str, name: str) -> str:
    """The kind of the plug-in `name`: "recurrence" for a recurrence that is named where a system is, `kind` for all others.

    Raises `ValueError` for a name that both a system and a recurrence have.
    """
    if kind != "system" or not _registered("recurrence", name):
        return kind
    if _registered("system", name):
        raise ValueError(f'"{name}" is both a system and a recurrence. Give the one of your own another name.')
    return "recurrence"


def _registered(kind: str, name: str) -> bool:
    return name in plugins(kind).names() or _reason(kind, name) is not None


def configured(kind: str, name: str, /, **fields):
    """The plug-in `name` with `fields` set, ready to be used."""
    return importlib.import_module(PACKAGES[found_as(kind, name)]).get(name, **fields)


def add_plugin(path) -> None:
    """Also look for plug-ins of every kind in one Python file."""
    for kind in PACKAGES:
        plugins(kind).add_file(path)


def broken(path) -> str | None:
    """Why nothing in the plug-in file `path` can be used; nothing if something can be."""
    entry = str(Path(path).resolve())
    for kind in PACKAGES:
        if reason := plugins(kind).unavailable().get(entry):
            return reason
    module = registry.imported(path)
    offered = {kind: getattr(module, plugins(kind).attribute, {}) for kind in PACKAGES}
    if not any(offered.values()):
        return "it registers nothing: want a dictionary name -> plug-in, " + _attributes(module)
    for kind, entries in offered.items():
        if any((source := plugins(kind).source(name)) and source.path == entry for name in entries):
            return None
    return " ".join(left_out(path))


def _attributes(module) -> str:
    wanted = [plugins(kind).attribute for kind in PACKAGES]
    near = (registry.suggest(name.upper(), wanted) for name in vars(module) if not name.startswith("_"))
    return f"called {', '.join(wanted[:-1])} or {wanted[-1]}.{next(filter(None, near), '')}"


def left_out(path) -> list[str]:
    """One line for each plug-in of the file `path` that cannot be used, its reason included, where others of it can be."""
    start = f"{Path(path).resolve()}: "
    reasons = {entry: reason for kind in PACKAGES for entry, reason in plugins(kind).unavailable().items()}
    return [f'"{entry.removeprefix(start)}": {reason}' for entry, reason in reasons.items() if entry.startswith(start)]


def settings(kind: str, name: str, model: str | None = None, forcing: str | None = None) -> dict:
    """`setting -> default` of one plug-in; `REQUIRED` where it has none.

    Which settings of a method have an effect depends on its model and its forcing. Where a cell gives a method others than its
    own, they are handed in as `model` and `forcing`.
    """
    plugin = plugins(found_as(kind, name))[name]
    if kind == "method":
        method = plugin if model is None else plugin.with_model(model)
        return _under(method, forcing) if forcing is not None else dict(method.parameters)
    return {field.name: _default(plugin, field) for field in dataclasses.fields(plugin) if field.init}


def _under(method, forcing: str) -> dict:
    try:
        configured = method.configure(forcing=forcing)
    except ValueError:  # said where the whole cell is checked; until then no setting that a forcing has is unknown
        of_forcing = {field.name: getattr(method.forcing, field.name) for field in dataclasses.fields(method.forcing)}
        return of_forcing | method.parameters
    return configured.parameters | {"forcing": method.parameters["forcing"]}


def model_of(method: str) -> str:
    """The name of the model that a method is made for."""
    from methods import models

    return models.name_of(plugins("method")[method].model)


def owner(kind: str, name: str) -> type | None:
    """The class whose fields are the settings of a plug-in; None for a method, whose parts have them, and what is unavailable."""
    if kind == "method" or why_unavailable(kind, name):
        return None
    plugin = plugins(found_as(kind, name))[name]
    return plugin if isinstance(plugin, type) else type(plugin)


def summary(kind: str, name: str) -> str:
    """What a plug-in is, in one line: its own `summary`, not that of a class it is derived from, or how its docstring begins."""
    plugin = plugins(found_as(kind, name))[name]
    own = vars(plugin).get("summary") or vars(type(plugin)).get("summary")
    speaker = {"method": "solver", "metric": "function"}.get(kind)  # has the docstring, where the record itself has none
    document = getattr(plugin, speaker or "", plugin).__doc__ or ""
    return str(own or document.strip().partition("\n")[0])


def _default(plugin, field):
    if not isinstance(plugin, type):
        return getattr(plugin, field.name)
    return field.default if field.default_factory is dataclasses.MISSING else field.default_factory()


def why_unavailable(kind: str, name: str) -> str | None:
    """Why the plug-in `name` cannot be used here; nothing if it can be, or if there is none of that name."""
    return _reason(found_as(kind, name), name)


def source(kind: str, name: str) -> registry.Source | None:
    """The file of one's own that a plug-in comes from; None for what this project brings."""
    return plugins(found_as(kind, name)).source(name)


def _reason(kind: str, name: str) -> str | None:
    if name in plugins(kind).names():
        return None
    for entry, reason in plugins(kind).unavailable().items():
        if name in (entry, by_habit(entry)):
            return reason
    return None


def by_habit(entry: str) -> str:
    """What a module that does not import would have registered, which it cannot say: `….mamba2_cuda` holds "mamba2-cuda"."""
    return entry if Path(entry).is_absolute() else entry.rpartition(".")[2].replace("_", "-")


def no_such(kind: str, name: str) -> str:
    """The rest of an error message about a name that does not exist, two lines."""
    rooms = (kind, "recurrence") if kind == "system" else (kind,)
    names = [each for room in rooms for each in plugins(room).names()]
    unavailable = {entry: reason for room in rooms for entry, reason in plugins(room).unavailable().items()}
    known = f"Known: {', '.join(names) or 'none'}."
    if unavailable:
        known += f" Unavailable here: {'; '.join(f'{by_habit(entry)} ({reason})' for entry, reason in unavailable.items())}."
    lists = " and ".join(f"`pitbench list {room}s`" for room in rooms)
    return f"no such {kind}.{registry.suggest(name, names)}\n{known} See {lists}."
