"""Times are medians with quartiles of right answers only, and every speed-up stands beside the time it is made from.

Times are by the time step, so that lengths can be compared. See `bench.showing.frames.speedups` for what a speed-up is; one that
is the ratio of two medians alone is marked.
"""

import numpy as np
import pandas as pd

from bench.measure.outcome import SOLVED
from bench.showing.frames.speedups import time_columns
from bench.showing.frames.times import costs
from bench.showing.tables.glance import NOTHING, Column, Table, instead, quantity, settings, table, words
from bench.showing.vocabulary.numbers import is_missing, number
from bench.showing.vocabulary.order import BASELINE

UNPAIRED = "~"  # before the ratio of two medians
CAPTION = (
    "Time of right answers per time step, the gradient being forward and backward: median [quartiles], or why there is none. "
    "Speed-up: sequential / method in the gradient, median [quartiles] over repetitions timed in turn, ~: of medians, not timed "
    "in turn; below 1x the method is slower. Over strongest: the same over the fastest sequential scan that was measured at "
    "these sizes, which is named. temp: memory of the compiled gradient beside its arguments and results, program: with them. "
    "Errors: largest of the states, and norm of the gradient's, relative to the sequential scan, at small sizes in double "
    "precision."
)


def speedups(frame: pd.DataFrame) -> Column | None:
    """The speed-ups for a terminal, those that are not of pairs marked."""
    return quantity(frame, "speedup", "speed-up", sign="x", marks=_marks(frame, "speedup"))


def over_strongest(frame: pd.DataFrame) -> Column | None:
    """`6.2x fused`, the speed-up over the fastest sequential scan and which that is; None where only one of them was measured."""
    if not rivals(frame):
        return None
    known = zip(_marks(frame, "speedup_strongest"), frame["speedup_strongest"], frame["strongest"], strict=True)
    texts = [NOTHING if is_missing(value) else f"{mark}{number(value, 2)}x {short(name)}" for mark, value, name in known]
    return Column("over\nstrongest", texts, latex="over strongest")


def rivals(frame: pd.DataFrame) -> bool:
    """Whether another sequential scan than the usual one was the fastest somewhere."""
    return "strongest" in frame and not frame["strongest"].dropna().isin([BASELINE]).all()


def short(baseline: str) -> str:
    """What a sequential scan is called where it is known to be one: `fused`."""
    return baseline.removeprefix(f"{BASELINE}-")


def _medians(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """The frame without the quartiles of a column."""
    return frame.drop(columns=[f"{name}_low", f"{name}_high"], errors="ignore")


def _marks(frame: pd.DataFrame, name: str) -> list[str]:
    unpaired = frame[f"{name}_pairs"].eq(0) if f"{name}_pairs" in frame else pd.Series(False, index=frame.index)
    return list(unpaired.map({True: UNPAIRED, False: ""}))


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
    last = next((f"{phase}_step_s" for phase in reversed(SOLVED) if f"{phase}_step_s" in frame), "gradient_step_s")
    frame = frame.assign(iterations=frame["iterations"].replace(0, np.nan))  # of a method that does not iterate
    # Two speed-ups leave no room for the quartiles of the time as well.
    timed = instead(quantity(_medians(frame, last) if rivals(frame) else frame, last), frame["status"])
    silent = timed is None or (frame["status"].ne("ok") & frame[last].notna()).any()  # some seeds have a time, others none
    columns = [
        words(frame, "status") if silent else None,
        quantity(_medians(frame, "forward_step_s"), "forward_step_s") if last != "forward_step_s" else None,
        timed,
        speedups(frame),
        over_strongest(frame),
        quantity(frame, "iterations", "solver\niters"),
        quantity(frame, "temp_bytes"),
        quantity(frame, "value_error"),
        quantity(frame, "gradient_error"),
        quantity(frame, "program_bytes"),
    ]
    return [table([*settings(frame), words(frame, "method")], columns)]
