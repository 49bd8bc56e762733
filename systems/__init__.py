"""Where data comes from: one file per system, one for users' own files. Imports neither `methods` nor `bench`."""

import registry
import settings

REGISTRY = registry.Registry("system", ("systems",), "SYSTEMS", needs=("sample",))
names = REGISTRY.names
unavailable = REGISTRY.unavailable


def get(name: str, **fields):
    """The system `name` with `fields` set, a frozen dataclass with `sample(T, seed=, split=)`.

    One that can say more is checked before anything runs: `observed_dim`, the number of its variables, and `check(rows)`, which
    raises `ValueError` unless it has so many rows of each split, `{"train": 201, "test": 150}`.
    """
    return settings.configured(REGISTRY[name], fields, label=f'system "{name}"')
