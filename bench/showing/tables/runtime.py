"""Times are medians with quartiles of right answers only, and every speed-up stands beside the sequential time.

See `bench.showing.frames.speedups` for what a speed-up is; one that is the ratio of two medians alone is marked.
"""

import numpy as np
import pandas as pd

from bench.measure.outcome import PHASES
from bench.showing.frames.speedups import time_columns
from bench.showing.frames.times import costs
from bench.showing.tables.glance import Column, Table, quantity, settings, status, table, words
from bench.showing.vocabulary.order import BASELINE

UNPAIRED = "~"  # before the ratio of two medians
CAPTION = (
    "Seconds per call of right answers, forward and backward: median [quartiles]. Speed-up: sequential / method, median "
    "[quartiles] over repetitions timed in turn, ~: of medians, not timed in turn; below 1x the method is slower. temp: memory "
    "of the compiled gradient beside its arguments and results, program: with them. Errors: largest of the states, and norm of "
    "the gradient's, relative to the sequential scan, at small sizes in double precision."
)


def speedups(frame: pd.DataFrame) -> Column | None:
    """The speed-ups for a terminal, those that are not of pairs marked."""
    unpaired = frame["speedup_pairs"].eq(0) if "speedup_pairs" in frame else pd.Series(False, index=frame.index)
    return quantity(frame, "speedup", "speed-up", sign="x", marks=list(unpaired.map({True: UNPAIRED, False: ""})))


def summarise(tables) -> pd.DataFrame:
    """One row per method and sizes: forward and gradient seconds, speed-up, updates of the solver, memory, errors, status."""
    rows, members = time_columns(tables)
    for row, own in zip(rows, members, strict=True):
        ok = own[own["status"] == "ok"]
        row["iterations"] = (ok if len(ok) else own)["iterations"].astype(float).median()
        row.update(costs(own), program_bytes=own["program_bytes"].astype(float).max())
    return pd.DataFrame(rows)


def glance(frame: pd.DataFrame) -> list[Table]:
    """One line per method and sizes, timed in the last phase."""
    last = next((f"{phase}_s" for phase in reversed(PHASES) if f"{phase}_s" in frame), "gradient_s")
    seconds = [last, f"{BASELINE}_s"]
    frame = frame.assign(iterations=frame["iterations"].replace(0, np.nan))  # of a method that does not iterate
    columns = [
        status(frame),
        quantity(frame, last, alike=seconds),
        quantity(frame, f"{BASELINE}_s", alike=seconds),
        speedups(frame),
        quantity(frame, "iterations", "solver\niters"),
        quantity(frame, "temp_bytes"),
        quantity(frame, "program_bytes"),
        quantity(frame, "value_error"),
        quantity(frame, "gradient_error"),
    ]
    return [table([*settings(frame), words(frame, "method")], columns)]
