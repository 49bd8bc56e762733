"""One rule for claims about speed: a method is faster where three quarters of its repetitions are, each beside its twin.

    faster   three quarters of the repetitions took less time than the sequential scan, timed in turn with them
    slower   three quarters took more time, or the method gave no right answer

What is neither is undecided: ratios of times that were not taken in turn, and cells that left no answer at all.
"""

import numpy as np
import pandas as pd

from bench.measure.outcome import ANSWERS, WRONG
from bench.showing.frames import speedups
from bench.showing.frames.cells import of_measure
from bench.showing.frames.times import costs
from bench.showing.vocabulary.numbers import interval, number, tidy
from bench.showing.vocabulary.order import SETTINGS
from bench.showing.vocabulary.symbols import SYMBOLS

LONGER = 16  # times: over how many a growth with the length is read off
PAIRS = 3  # fewest repetitions that decide: as many as a measure makes of a call however long it takes


def measured(tables) -> pd.DataFrame:
    """One row per method and setting: times, speed-up, scratch memory and status."""
    rows, members = speedups.time_columns(of_measure(tables, "runtime"))
    return pd.DataFrame([row | costs(own) for row, own in zip(rows, members, strict=True)])


def of(found: pd.DataFrame, method: str) -> pd.DataFrame:
    """The rows of a method, its variants included, with a column each for faster and slower."""
    own = found[found["method"].str.split(",").str[0] == method]
    right, paired = own["status"] == "ok", own["speedup_pairs"].fillna(0) >= PAIRS
    faster, slower = right & paired & (own["speedup_low"] > 1), wrong(own) | (right & paired & (own["speedup_high"] < 1))
    return own.assign(faster=faster, slower=slower)


def wrong(own: pd.DataFrame) -> pd.Series:
    """Which rows have an answer that is not right, of some seed at least; the status of a row may be a tally."""
    return own["status"].str.contains("|".join(WRONG))


def answered(own: pd.DataFrame) -> pd.Series:
    """Which rows have an answer of every seed."""
    return own["status"].str.fullmatch(rf"(\d+ )?({'|'.join(ANSWERS)})(, \d+ ({'|'.join(ANSWERS)}))*")


def everywhere(own: pd.DataFrame) -> bool | None:
    """Whether a method is faster in all its rows; None: undecided."""
    if own["slower"].any():
        return False
    return True if own["faster"].all() else None


def described(own: pd.DataFrame) -> str:
    """`faster in 0 of 2 settings, slower in 2; speed-up 0.17x [0.16, 0.18] (T=2048) to 0.54x [0.53, 0.55] (T=512)`."""
    counts = f"faster in {own['faster'].sum()} of {len(own)} settings, slower in {own['slower'].sum()}"
    known = own[own["speedup"].notna()]
    if known.empty:
        return f"{counts}; no speed-up is known"
    ends = [known.loc[known["speedup"].idxmin()], known.loc[known["speedup"].idxmax()]]
    return f"{counts}; speed-up " + " to ".join(f"{gained(row)} ({place(row, own)})" for row in ends)


def gained(row, column: str = "speedup") -> str:
    """`312x [300, 330]`, a speed-up with its quartiles where it has some."""
    return " ".join(
        filter(None, [f"{number(row[column], 2)}x", interval(*(row[f"{column}{end}"] for end in ("", "_low", "_high")))])
    )


def growth(own: pd.DataFrame, column: str = "gradient_s") -> pd.DataFrame:
    """How time grows with the length, setting by setting: the power of T between the shortest and the longest sequence.

    One row each with the exponent, and the lowest and the highest that the quartiles of the times allow.
    """
    own, rows = (own[own[column].notna()] if column in own else own.iloc[:0]), []
    by = ["method", *(name for name in SETTINGS if name != "T")]
    for _, line in own.groupby(by, dropna=False):
        first, last = line.loc[line["T"].idxmin()], line.loc[line["T"].idxmax()]
        lengths = np.log(last["T"] / first["T"])
        if lengths >= np.log(LONGER):
            ends = (("", ""), ("_low", "_high"), ("_high", "_low"))
            powers = [np.log(last[f"{column}{late}"] / first[f"{column}{early}"]) / lengths for late, early in ends]
            rows.append(first[by].to_dict() | dict(zip(("power", "power_low", "power_high"), powers, strict=True)))
    return pd.DataFrame(rows, columns=[*by, "power", "power_low", "power_high"])


def place(row, among: pd.DataFrame) -> str:
    """A row by those of its settings that are not the same in all of `among`."""
    varying = [name for name in SETTINGS if name in among and among[name].nunique(dropna=False) > 1]
    return ", ".join(f"{SYMBOLS.get(name, name)}={tidy(row[name])}" for name in varying) or "the one size"


def devices(own: pd.DataFrame) -> str:
    """Where it was measured: no claim about speed means anything without."""
    return " and ".join(sorted(own["device"].dropna().unique())) or "an unknown device"
