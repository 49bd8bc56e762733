"""Ways to get jobs answered: one file each."""

import importlib

from bench.errors import UserError
from registry import suggest

NAMES = ("local",)


def get(name: str):
    """The executor module `name`, with `run(jobs, plan)`."""
    if name not in NAMES:
        raise UserError(f'--executor "{name}": no such executor.{suggest(name, NAMES)}\nKnown: {", ".join(NAMES)}.')
    return importlib.import_module(f"bench.running.executors.{name}")
