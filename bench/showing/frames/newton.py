"""Updates of the solver, counted per sequence; one that was never solved counts as infinitely many."""

import numpy as np
import pandas as pd

from bench.measure.outcome import SKIPPED
from bench.showing.frames.cells import parameter
from bench.showing.frames.grouping import groups, triple

# Settings of the solver that set the points of a line apart beside alpha: each has columns and panels of its own.
SOLVER_SETTINGS = ["guess", "rule"]
EXPONENT = "forced_lyapunov"


def counts(tables) -> pd.DataFrame:
    """One row per sequence: `updates` performed and whether it `failed`; one row for a whole cell that left no sequences.

    The status of a cell does not say which of its sequences failed. It is taken to be those that end on a residual which is not
    finite, or at the cap of the updates; where a failed cell has no such sequence, all of them. A cell that was skipped has none.
    """
    newton = tables["newton"].sort_values("update")
    last = newton.groupby(["cell", "sequence"], as_index=False).tail(1)[["cell", "sequence", "update", "residual"]]
    cells = tables["cells"][tables["cells"]["status"] != SKIPPED]
    cells = cells.assign(cap=pd.to_numeric(parameter(cells, "max_iterations")))
    rows = cells[["cell", "status", "iterations", "cap"]].merge(last, on="cell", how="left")
    rows["updates"] = rows["update"].astype(float).fillna(rows["iterations"].astype(float))
    bad = rows["status"] != "ok"
    suspect = bad & (~np.isfinite(rows["residual"].astype(float)) | (rows["updates"] >= rows["cap"]))
    unexplained = bad & ~suspect.groupby(rows["cell"]).transform("any")
    return rows.assign(failed=suspect | unexplained)


def exponents(tables) -> pd.Series:
    """Forced Lyapunov exponent of each cell, per time step."""
    rows = tables["metrics"]
    return rows[rows["metric"] == EXPONENT].groupby("cell")["value"].median().astype(float)


def points(tables, by) -> pd.DataFrame:
    """One row per point: quartiles and range of the updates, sequences, share converged, exponent, status, cells."""
    sequences, exponent = counts(tables), exponents(tables)
    cells = tables["cells"].assign(**{name: parameter(tables["cells"], name) for name in SOLVER_SETTINGS})
    rows = []
    for row, members in groups(cells, by):
        own = sequences[sequences["cell"].isin(members["cell"])]
        updates = own["updates"].where(~own["failed"], np.inf)
        row.update(sequences=len(own), converged=1 - own["failed"].mean(), cap=own["cap"].max())
        row.update(triple("updates", updates.dropna()), updates_min=updates.min(), updates_max=updates.max())
        row["lambda_f"] = exponent.reindex(members["cell"]).median()
        rows.append(row)
    names = ["label", "status", "failed", "cells", "sequences", "converged", "cap", "lambda_f"]
    updates = ["updates", "updates_low", "updates_high", "updates_min", "updates_max"]
    return pd.DataFrame(rows, columns=[*by, "method", *names, *updates])
