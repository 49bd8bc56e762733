"""Where data comes from: one file per system, one for users' own files. Imports neither `methods` nor `bench`."""

import inspect

import registry
import settings

REGISTRY = registry.Registry("system", ("systems",), "SYSTEMS")
names = REGISTRY.names
unavailable = REGISTRY.unavailable


def get(name: str, **fields):
    """The system `name` with `fields` set, a frozen dataclass with `sample(T, seed=, split=)`."""
    system, label = REGISTRY[name], f'system "{name}"'
    owner = system if isinstance(system, type) else type(system)
    return registry.configure(system, {key: _checked(owner, key, fields[key], label) for key in fields}, label=label)


def _checked(owner: type, key: str, value, label: str):
    """`value` in the range that `owner` gives its field, and those that the systems it is made from do."""
    for each in owner.__mro__:
        if key in inspect.get_annotations(each):
            value = settings.checked(each, key, value, label=label)
    return value
