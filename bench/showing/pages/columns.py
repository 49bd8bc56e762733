"""What is written down of a run: the tables with their columns, and how a cell can end."""

from pathlib import Path

from advice import ADVICE
from bench.measure.outcome import FAILED, SKIPPED, STATUSES
from bench.showing.pages.markdown import table
from bench.storage import schema

ROWS = {
    "cells": "attempt at a cell",
    "runtime": "timed call",
    "newton": "update of a solver, sequence by sequence",
    "prefixes": "number of updates that prefixes of a sequence take, from a length on",
    "training": "logged update of a training",
    "metrics": "score",
    "orbits": "step of a free run that is kept",
    "environments": "machine with its versions and flags",
}
MEANINGS = {
    "ok": "done, and right as far as that is checked",
    "not_converged": "a solver met its cap before its tolerance",
    "diverged": "a trajectory, a loss or a free run blew up",
    "wrong_answer": "it says converged, but value or gradient disagree with the step-by-step scan",
    "timeout": "it took longer than it was given",
    "out_of_memory": "it needed more memory than there is",
    "error": "an exception",
    "crashed": "the process ended",
    "unavailable": "something that it needs is missing on this machine",
    "skipped": "method and problem do not fit each other",
}
KEYS = ("cell", "attempt")  # in every table of attempts


def tables(root: Path) -> str:
    """One row per table."""
    rows = []
    for name, columns in schema.TABLES.items():
        own = [f"`{column}`" for column in columns.names if name == "cells" or column not in KEYS]
        rows.append([f"`{name}`", ROWS[name], ", ".join(own)])
    return table(["table", "one row per", "columns"], rows)


def statuses(root: Path) -> str:
    """With what to do next; an answer is what says something of the method."""
    rows = []
    for status in STATUSES:
        answers = "no" if status in FAILED else "nothing asked" if status == SKIPPED else "yes"
        rows.append([f"`{status}`", MEANINGS[status], answers, ADVICE[status]])
    return table(["status", "meaning", "an answer?", "what to do next"], rows)
