"""Flows beside their observers, and published numbers beside both."""

import numpy as np
import pandas as pd

from bench.showing.frames.published import OBSERVER, observers
from bench.showing.vocabulary.order import rank

QUANTITIES = {"updates": "updates", "lyapunov_per_time": "exponent"}  # ours: as the published table calls it


def is_observer(system: pd.Series) -> pd.Series:
    """Which names of systems are those of observers."""
    return system.astype(str).str.endswith(OBSERVER)


def counting(frame: pd.DataFrame) -> str:
    """The label whose updates are shown: of those that count any, the first in the order of all methods; "" where none does."""
    labels = frame.loc[frame["updates"].notna(), "label"].unique()
    return min(labels, key=lambda label: (rank(label.partition(",")[0]), label), default="")


def of_systems(frame: pd.DataFrame) -> pd.DataFrame:
    """One row per system: `updates`, `cap` and `T` of its longest solves by `counting`, and its exponent at the longest T of all.

    An exponent needs no solver, so that it may be known of a longer orbit.
    """
    label, rows = counting(frame), []
    for system, own in frame.groupby("system"):
        solved = own[own["label"] == label]
        solved, longest = (each[each["T"] == each["T"].max()] for each in (solved, own))
        row = {"system": system, "T": solved["T"].max(), "updates": solved["updates"].median()}
        row |= {"cap": solved["cap"].median() if "cap" in solved else np.nan}
        rows.append(row | {"lyapunov_per_time": longest["lyapunov_per_time"].median(), "exponent_T": longest["T"].max()})
    return pd.DataFrame(rows, columns=["system", "T", "updates", "cap", "lyapunov_per_time", "exponent_T"])


def pairs(frame: pd.DataFrame) -> pd.DataFrame:
    """One row per observer in the `frame`: the columns of `of_systems` of its flow and its own, and what is published.

    They are `updates`, `updates_observer`, `updates_published`, `updates_observer_published`; and so on. What was
    not asked, or is not published, is missing.
    """
    own = of_systems(frame)
    watching = is_observer(own["system"])
    own["system"] = own["system"].astype(str).str.removesuffix(OBSERVER)
    out = own[~watching].merge(own[watching], on="system", how="right", suffixes=("", "_observer"))
    published = observers().rows
    for ours, theirs in QUANTITIES.items():
        out[f"{ours}_published"] = out["system"].map(published[theirs]).astype(float)
        out[f"{ours}_observer_published"] = out["system"].map(published[f"observer_{theirs}"]).astype(float)
    return out


def lengths(beside: pd.DataFrame) -> str:
    """`flows T = 5000, observers T = 30000`, or one of it where both are alike: for how many steps updates were counted."""
    flows, watching = (sorted(beside[name].dropna().unique()) for name in ("T", "T_observer"))
    told = [", ".join(f"{T:g}" for T in each) for each in (flows, watching)]
    return f"T = {told[0]}" if told[0] == told[1] else f"flows T = {told[0]}, observers T = {told[1]}"
