"""The word problem of S5: is it as sequential as it is said to be, and for which solver?

The map is linear, so that Newton with full Jacobians is exact after one update, however long the word. How the updates of a
solver grow is the slope of their logarithm against that of the length, seed by seed.
"""

import numpy as np
import pandas as pd

from bench.showing.frames import predictability
from bench.showing.verdicts import Verdict, decide

OURS = "a question of ours"
FULL, DIAGONAL = "deer", "quasi-deer"
SEEDS = 3
NEARLY = 0.1  # by how much a power of T may differ from 1 where growth is called proportional to T
LONGER = 16  # times: over how many a growth with the length is read off


def judge(tables) -> list[Verdict]:
    found = predictability.by_length(tables)
    own = {method: rows for method, rows in found.groupby("method")}
    verdicts = [_one(own[FULL])] if FULL in own else []
    return verdicts + ([_proportional(own[DIAGONAL])] if DIAGONAL in own else [])


def _one(own: pd.DataFrame) -> Verdict:
    claim = "Newton with full Jacobians takes one update, however long the word"
    known = own["updates"].dropna()
    most = f"the most are {known.max():g}" if len(known) else "no solve has an answer"
    holds = None if own["updates"].isna().any() else bool((known == 1).all())
    evidence = f"{most}, {_lengths(own)}, {own['seed'].nunique()} seeds"
    return Verdict(claim, OURS, decide(holds, own["seed"].nunique(), SEEDS), evidence)


def _proportional(own: pd.DataFrame) -> Verdict:
    claim = "Newton with the diagonals of the Jacobians takes updates in proportion to T"
    powers = [power for power in (growth(each) for _, each in own.groupby("seed")) if not np.isnan(power)]
    if not powers:
        return Verdict(claim, OURS, "undecided", f"no growth is known over lengths that differ {LONGER} times")
    inside = [abs(power - 1) <= NEARLY for power in powers]
    holds = True if all(inside) else None if any(inside) else False
    solved = own[np.isfinite(own["updates"])]
    longest = solved[solved["length"] == solved["length"].max()]
    evidence = (
        f"as T^{min(powers):.3g} to T^{max(powers):.3g} over {len(powers)} seeds, {_lengths(solved)}; "
        f"at the longest {longest['updates'].median():g} updates"
    )
    return Verdict(claim, OURS, decide(holds, len(powers), SEEDS), evidence)


def growth(own: pd.DataFrame) -> float:
    """The power of the length with which updates grow, by least squares in logarithms; NaN over too short a range."""
    own = own[np.isfinite(own["updates"].astype(float)) & own["updates"].gt(0)]
    if own.empty or own["length"].max() < LONGER * own["length"].min():
        return np.nan
    return float(np.polyfit(np.log(own["length"].astype(float)), np.log(own["updates"].astype(float)), 1)[0])


def _lengths(own: pd.DataFrame) -> str:
    low, high = own["length"].min(), own["length"].max()
    return f"T = {low:g}" if low == high else f"T = {low:g} to {high:g}"
