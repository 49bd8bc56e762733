"""Kinds of measurement: one file each, found by name. The only place where methods, systems and metrics meet."""

import registry
import settings

REGISTRY = registry.Registry("measure", ("bench.measure",), "MEASURES", needs=("run", "together"))
names = REGISTRY.names
unavailable = REGISTRY.unavailable


def get(name: str, **fields):
    """The measure `name` with `fields` set, see `Measure`."""
    return settings.configured(REGISTRY[name], fields, label=f'measure "{name}"')
