"""Where data comes from: one file per system, one for users' own files. Imports neither `methods` nor `bench`."""

import registry

REGISTRY = registry.Registry("system", ("systems",), "SYSTEMS", needs=("sample",))
names = REGISTRY.names
unavailable = REGISTRY.unavailable


def get(name: str, **fields):
    """The system `name` with `fields` set, a frozen dataclass with `sample(T, seed=, split=)`."""
    return registry.configure(REGISTRY[name], fields, label=f'system "{name}"')
