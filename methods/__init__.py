"""How a trajectory is evaluated and trained: pure numerics. Imports neither `bench` nor `systems`.

A method is made by name, `methods.get("gtf-deer", alpha=0.1)`; the names come from the `METHODS` of the solver files.
"""

import dataclasses

import registry
from methods import models as models
from methods.method import made

REGISTRY = registry.Registry(
    "method", ("methods.solvers", "methods.solvers.windows"), "METHODS", needs=("configure", "solver"), made=made
)
names = REGISTRY.names
unavailable = REGISTRY.unavailable


def get(name: str, **fields):
    """The method `name` with `fields` set: a frozen dataclass. An unknown name or field is an error naming the nearest one."""
    return dataclasses.replace(REGISTRY[name], name=name).configure(**fields)
