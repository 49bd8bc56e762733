"""One rule for claims about speed: a method is faster where three quarters of its repetitions are, each beside its twin.

    faster   three quarters of the repetitions took less time than the sequential scan, timed in turn with them
    slower   three quarters took more time, or the method gave no right answer

What is neither is undecided: ratios of times that were not taken in turn, and cells that left no answer at all.
"""

import pandas as pd

from bench.measure.outcome import ANSWERS, WRONG
from bench.showing.frames import speedups
from bench.showing.frames.cells import of_measure
from bench.showing.frames.times import costs
from bench.showing.vocabulary.numbers import tidy
from bench.showing.vocabulary.order import SETTINGS
from bench.showing.vocabulary.symbols import SYMBOLS

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
    """`faster in 0 of 12 settings, slower in 12; speed-up 0.17x (M=25, T=2048) to 0.54x (M=3, T=512)`."""
    counts = f"faster in {own['faster'].sum()} of {len(own)} settings, slower in {own['slower'].sum()}"
    known = own[own["speedup"].notna()]
    if known.empty:
        return f"{counts}; no speed-up is known"
    ends = [known.loc[known["speedup"].idxmin()], known.loc[known["speedup"].idxmax()]]
    return f"{counts}; speed-up " + " to ".join(f"{row['speedup']:.2g}x ({place(row, own)})" for row in ends)


def place(row, among: pd.DataFrame) -> str:
    """A row by those of its settings that are not the same in all of `among`."""
    varying = [name for name in SETTINGS if among[name].nunique(dropna=False) > 1]
    return ", ".join(f"{SYMBOLS.get(name, name)}={tidy(row[name])}" for name in varying) or "the one size"


def devices(own: pd.DataFrame) -> str:
    """Where it was measured: no claim about speed means anything without."""
    return " and ".join(sorted(own["device"].dropna().unique())) or "an unknown device"
