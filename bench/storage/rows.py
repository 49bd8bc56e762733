"""Rows of `cells`: the question, where it was asked, and the outcome."""

import dataclasses
import datetime
import json

from bench.measure.disturbance import Load
from bench.measure.outcome import Outcome
from bench.question import catalogue
from bench.question.cell import CORE, PARTS, Cell

# Settings that have a column of their own where the method has them. A recurrence leaves a method nothing to model.
SIZES = ("latent_dim", "hidden_dim", "alpha")


@dataclasses.dataclass(frozen=True)
class Context:
    """Where and by what a cell is answered."""

    experiment: str
    isolation: str
    git_sha: str | None = None
    git_dirty: bool | None = None
    device: str | None = None
    environment: str | None = None
    log: str | None = None


def rows(
    cell: Cell,
    outcome: Outcome,
    context: Context,
    *,
    started: datetime.datetime,
    wall_s: float | None,
    load: Load | None = None,
    job: str | None = None,
) -> dict[str, list[dict]]:
    """All rows that one attempt leaves, table by table.

    Timings may be compared repetition by repetition only if they were taken in turn, and that is so within one call of a measure.

    job  names that call; None where no measure was called
    """
    if "cells" in outcome.tables:
        raise KeyError('Outcome.tables["cells"]: the row of a cell is made here; its values go into Outcome.columns.')
    row = dataclasses.asdict(context)
    row |= {key: getattr(cell, key) for key in ("measure", *CORE)}
    parameters = {part: cell.parameters(part) for part in PARTS}
    row |= {f"{part}_parameters": json.dumps(values, sort_keys=True, default=str) for part, values in parameters.items()}
    modelled = catalogue.found_as("system", cell.system) == "system"
    row |= {key: parameters["method"].get(key) if modelled else None for key in SIZES}
    row |= cell.made_from
    row |= {"status": outcome.status, "started_utc": started, "wall_s": wall_s, "job": job}
    row |= load.columns if load else {}
    return {"cells": [row | outcome.columns], **outcome.tables}


def failure(status: str, error_type: str | None, message: str) -> Outcome:
    """The outcome of a cell that left nothing but a reason."""
    return Outcome(status, {"error_type": error_type, "error_message": message})
