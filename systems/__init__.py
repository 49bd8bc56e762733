"""Systems: where data come from. One file per system, one for users' own files. Imports neither `methods` nor `bench`."""

import registry
import settings

REGISTRY = registry.Registry("system", ("systems",), "SYSTEMS", needs=("sample",))
names = REGISTRY.names
unavailable = REGISTRY.unavailable


def get(name: str, **fields):
    """The system `name` with `fields` set, a frozen dataclass with `sample(T, seed=, split=)`.

    A system may also have `observed_dim`, the number of its variables, and `check(rows)`, which raises `ValueError` unless each
    split has at least so many rows, `{"train": 201, "test": 150}`. Both are asked before anything runs.
    """
    return settings.configured(REGISTRY[name], fields, label=f'system "{name}"')
