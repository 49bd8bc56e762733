"""The tables of a run with their columns, as the schema has them."""

from pathlib import Path

from bench.showing.pages.markdown import table
from bench.storage import schema

ROWS = {
    "cells": "attempt at a cell",
    "runtime": "timed call",
    "newton": "update of a solver, sequence by sequence",
    "training": "logged update of a training",
    "metrics": "score",
    "orbits": "step of a free run that is kept",
    "environments": "machine with its versions and flags",
}
KEYS = ("cell", "attempt")  # in every table of attempts


def tables(root: Path) -> str:
    """One row per table."""
    rows = []
    for name, columns in schema.TABLES.items():
        own = [f"`{column}`" for column in columns.names if name == "cells" or column not in KEYS]
        rows.append([f"`{name}`", ROWS[name], ", ".join(own)])
    return table(["table", "one row per", "columns"], rows)
