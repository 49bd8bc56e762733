"""Time against sequence length: which methods are faster than going step by step, and where?

A setting is a size with everything else that tells a line from the next. There a method is faster where three quarters of its
repetitions, each beside the one of the sequential scan that was timed in turn with it, were faster; slower where three quarters
were slower, or where it gave no right answer. Ratios of times that were not taken in turn decide nothing.
"""

import numpy as np

from bench.showing.tables.grouping import SETTINGS, of_measure, tidy
from bench.showing.tables.runtime import summarise
from bench.showing.tables.symbols import SYMBOLS
from bench.showing.verdicts import Verdict, decide

SOURCE, OURS = "arXiv:2605.12683, Fig. 1A", "a question of ours"
CLAIMED, WINDOWS, CHOOSING = "gtf-deer", "gtf-schwarz", "auto"
SETTINGS_ENOUGH = 6
PAIRS_ENOUGH = 5
CLEAR = 1.2  # times as long as the fastest: more than a choice may cost


def judge(tables) -> list[Verdict]:
    found = summarise(of_measure(tables, "runtime"))
    found = found.assign(name=found["method"].str.split(",").str[0])
    verdicts = [_faster_everywhere(found, *claim) for claim in ((CLAIMED, SOURCE), (WINDOWS, OURS))]
    return [verdict for verdict in [*verdicts, _well_chosen(found)] if verdict]


def _faster_everywhere(found, name: str, source: str) -> Verdict | None:
    own = found[found["name"] == name]
    if own.empty:
        return None
    paired = own["speedup_pairs"].fillna(0) >= PAIRS_ENOUGH
    failed = own["status"] != "ok"
    faster, slower = paired & ~failed & (own["speedup_low"] > 1), failed | (paired & (own["speedup_high"] < 1))
    holds = True if faster.all() else False if slower.any() else None
    claim = f"{name} is faster than training step by step in every setting, forward and backward"
    places = f"faster in {faster.sum()} of {len(own)} settings, slower in {slower.sum()}"
    return Verdict(claim, source, decide(holds, len(own), SETTINGS_ENOUGH), f"on {_devices(own)} {places}; {_range(own)}")


def _well_chosen(found) -> Verdict | None:
    """By medians: where several methods are equally fast any of them is a good choice."""
    own = found[found["name"] == CHOOSING]
    if own.empty:
        return None
    seconds = "gradient_s" if "gradient_s" in found else "update_s"
    fastest = found.groupby(SETTINGS, dropna=False)[seconds].transform("min").reindex(own.index)
    ratio = (own[seconds] / fastest).fillna(np.inf)
    claim = f"{CHOOSING} is never more than {100 * (CLEAR - 1):.0f} % slower than the fastest method of a setting"
    worst = own.loc[ratio.idxmax()]
    evidence = f"at most {ratio.max():.3g} times as long as the fastest, at {_place(worst, own)}"
    return Verdict(claim, OURS, decide(bool((ratio <= CLEAR).all()), len(own), SETTINGS_ENOUGH), evidence)


def _range(own) -> str:
    """`speed-up 0.17x (M=25, T=2048) to 0.54x (M=3, T=512)`."""
    known = own[own["speedup"].notna()]
    if known.empty:
        return "no speed-up is known"
    ends = [known.loc[known["speedup"].idxmin()], known.loc[known["speedup"].idxmax()]]
    return "speed-up " + " to ".join(f"{row['speedup']:.2g}x ({_place(row, own)})" for row in ends)


def _place(row, among) -> str:
    varying = [name for name in SETTINGS if among[name].nunique(dropna=False) > 1]
    return ", ".join(f"{SYMBOLS.get(name, name)}={tidy(row[name])}" for name in varying) or "the one size"


def _devices(own) -> str:
    return " and ".join(sorted(own["device"].dropna().unique())) or "an unknown device"
