"""Recurrences that are to be evaluated and not trained: known maps on which solvers are compared. One file per recurrence.

A recurrence is plain data, see `Recurrence`, so that this folder knows nothing of solvers and solvers nothing of it.
"""

import registry
import settings
from systems.recurrences.family import made
from systems.recurrences.recurrence import Recurrence as Recurrence

REGISTRY = registry.Registry("recurrence", ("systems.recurrences",), "RECURRENCES", needs=("draw",), made=made)
names = REGISTRY.names
unavailable = REGISTRY.unavailable


def get(name: str, **fields):
    """The recurrence `name` with `fields` set: a frozen dataclass whose `draw(T, seed)` gives a `Recurrence`."""
    return settings.configured(REGISTRY[name], fields, label=f'recurrence "{name}"')
