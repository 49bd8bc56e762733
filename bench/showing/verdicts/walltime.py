"""Time of a solve over the gain: is Newton ten times as fast as going step by step where predictable, and slower where not?

A time counts where the stopping rule was met. A solve that was stopped at its cap is slower than any.
"""

import numpy as np
import pandas as pd

from bench.showing.frames.predictability import solves
from bench.showing.frames.turns import Turns
from bench.showing.verdicts import Verdict, decide, speed
from bench.showing.verdicts.predictable import NEWTON, SOURCE, earlier, of_longest, sides
from bench.showing.vocabulary.numbers import number
from bench.showing.vocabulary.order import BASELINE
from bench.showing.vocabulary.symbols import symbol

FIGURE = f"{SOURCE}, Fig. 7"
TIMES, ABOUT = 10.0, 2.0  # times as fast, within a factor of two
MOST = 0.75  # share of the settings
SETTINGS = 3  # fewest that decide


def judge(tables) -> list[Verdict]:
    found = solves(tables)
    own, setting = of_longest(found), next(iter(found.attrs["varied"]), None)
    if own.empty or setting is None:
        return []
    rows = _by_setting(own, Turns(tables, found), setting)
    where = f"on {speed.devices(own)}"
    return [_predictable(rows, where, setting), _unpredictable(rows, where, setting), *earlier(found, "Fig. 7")]


def _by_setting(own: pd.DataFrame, turns: Turns, setting: str) -> pd.DataFrame:
    """One row per value: the median exponent, the speed-up over the scan, whether faster or slower by the rule of `speed`."""
    rows = []
    for value, members in own.groupby(setting):
        timed, stopped = turns.of(members), (~members["met"]).any()
        paired = timed["speedup_pairs"] >= speed.PAIRS and not stopped
        row = {setting: value, "stopped": stopped} | members[["lyapunov", "lyapunov_error"]].median().to_dict()
        row |= {"speedup": 0.0 if stopped else timed["speedup"], "strongest": timed["strongest"]}
        row |= {"over_strongest": 0.0 if stopped else timed["speedup_strongest"]}
        row |= {"faster": paired and timed["speedup_low"] > 1, "slower": stopped or (paired and timed["speedup_high"] < 1)}
        rows.append(row)
    return pd.DataFrame(rows)


def _predictable(rows: pd.DataFrame, where: str, setting: str) -> Verdict:
    own, _ = sides(rows)
    claim = f"where the exponent is below 0, {NEWTON} is about {TIMES:g} times as fast as going step by step, or more"
    if own.empty:
        return Verdict(claim, FIGURE, "undecided", f"{where} no setting with an exponent below 0")
    fast = own["speedup"].median() >= TIMES / ABOUT and own["faster"].mean() >= MOST
    return _judged(claim, fast, own, f"{where} {_told(own, setting)}")


def _unpredictable(rows: pd.DataFrame, where: str, setting: str) -> Verdict:
    _, own = sides(rows)
    claim = f"where the exponent is above 0, {NEWTON} is slower than going step by step, by one to two orders of magnitude"
    if own.empty:
        return Verdict(claim, FIGURE, "undecided", f"{where} no setting with an exponent above 0")
    slow = own["speedup"].median() <= ABOUT / TIMES and own["slower"].mean() >= MOST
    return _judged(claim, slow, own, f"{where} {_told(own, setting)}")


def _judged(claim: str, holds: bool, own: pd.DataFrame, evidence: str) -> Verdict:
    """Undecided where no speed-up is known, and instead of no where a setting is neither faster nor slower."""
    open = np.isnan(own["speedup"].median()) or not (holds or (own["faster"] | own["slower"]).all())
    return Verdict(claim, FIGURE, decide(None if open else bool(holds), len(own), SETTINGS), evidence)


def _told(own: pd.DataFrame, setting: str) -> str:
    """`faster in 7 of 8 settings, slower in 1; speed-up over sequential 12x in the middle, 0.5x (g=1.2) to 14x (g=0.5)`."""
    counts = f"faster in {own['faster'].sum()} of {len(own)} settings, slower in {own['slower'].sum()}"
    counts += f", stopped at the cap in {own['stopped'].sum()}" if own["stopped"].any() else ""
    known = own[~own["stopped"] & own["speedup"].notna()]
    if known.empty:
        return counts
    ends = [known.loc[known["speedup"].idxmin()], known.loc[known["speedup"].idxmax()]]
    told = " to ".join(f"{number(row['speedup'], 2)}x ({symbol(setting)}={row[setting]:g})" for row in ends)
    words = [counts, f"speed-up over {BASELINE} {number(known['speedup'].median(), 2)}x in the middle, {told}"]
    if (rival := known["strongest"].dropna().mode()).size and rival.iloc[0] != BASELINE:
        words.append(f"over {rival.iloc[0]} {number(known['over_strongest'].median(), 2)}x")
    return "; ".join(words)
