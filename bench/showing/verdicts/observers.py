"""Chaotic flows and their observers: updates and exponents beside those of Table 1.

Published updates count one more than ours. They are for T = 30000: shorter sequences decide nothing about the flows, whose
updates grow with the length.
"""

import numpy as np
import pandas as pd

from bench.showing.frames.observers import is_observer, pairs
from bench.showing.frames.predictability import solves
from bench.showing.frames.published import OBSERVER, observers
from bench.showing.verdicts import Verdict, decide
from bench.showing.verdicts.predictable import NEWTON, counted, of_longest
from bench.showing.vocabulary.numbers import number

MOST = 13  # updates of an observer, as we count them: 14 in the table
NEAR = 3  # updates: how near to the published count of an observer is near
ORDER = 10**0.5  # within half an order of magnitude
OFF = 0.1  # per unit of time
ALL = 9


def judge(tables) -> list[Verdict]:
    own = of_longest(solves(tables))
    watching = own[is_observer(own["system"].astype(str))]
    if watching.empty:
        return []
    medians = own.groupby(["system", "T"], as_index=False)[["updates", "lyapunov_per_time", "lyapunov_error", "cap"]].median()
    beside = pairs(medians, ["T"])
    caps = medians.set_index("system")["cap"]
    return [_few(watching), _near(beside), _orders(beside.assign(cap=beside["system"].map(caps))), _exponents(medians, beside)]


def _few(watching: pd.DataFrame) -> Verdict:
    own = watching.groupby("system")["updates"].max()
    claim = f"{NEWTON} evaluates every observer in few updates, at most {MOST} (published: 2 to 14, which count one more)"
    evidence = f"{counted(watching['updates'])} of {len(own)} observers at T = {watching['T'].max():g}{_listed(own[own > MOST])}"
    holds = bool((own <= MOST).all())
    return Verdict(claim, observers().source, decide(holds, len(own), ALL), evidence)


def _near(beside: pd.DataFrame) -> Verdict:
    off = (beside["updates_observer"] - beside["updates_observer_published"]).set_axis(beside["system"]).dropna()
    claim = f"the updates of each observer are within {NEAR} of the published ones"
    far = beside.set_index("system").loc[off.index[off.abs() > NEAR], "updates_observer"]
    evidence = f"{(off.abs() <= NEAR).sum()} of {len(off)}, off by {number(off.min())} to {number(off.max())}{_listed(far)}"
    return Verdict(claim, observers().source, decide(far.empty, len(off), ALL), evidence)


def _orders(beside: pd.DataFrame) -> Verdict:
    """A flow whose solve was stopped needs more than the cap: that is enough where the cap is large enough."""
    claim = "a flow needs as many times the updates of its observer as published, within half an order of magnitude"
    known = beside[beside["updates_published"].notna()].set_index("system")
    theirs = known["updates_published"] / known["updates_observer_published"].clip(lower=1)
    stopped = np.isinf(known["updates"])
    ours = known["updates"].where(~stopped, known["cap"]) / known["updates_observer"].clip(lower=1)
    ratio = ours / theirs
    near, small = (ratio >= 1 / ORDER) & ((ratio <= ORDER) | stopped), (ratio < 1 / ORDER) & stopped
    long = (known["T"] >= observers().T).all()
    holds = None if not long else False if (~near & ~small).any() else True if near.all() else None
    evidence = f"{near.sum()} of {len(known)} flows; {number(ours.min(), 2)} to {number(ours.max(), 2)} times"
    evidence += f", {stopped.sum()} of them stopped at the cap" if stopped.any() else ""
    evidence += "" if long else f"; T = {known['T'].max():g}, published are those for T = {observers().T}"
    far = ratio[~near]
    named = ", ".join(f"{name} {number(value, 2)}" for name, value in far.items())
    evidence += f"; ours / published of {named}" if named else ""
    return Verdict(claim, observers().source, decide(holds, len(known), ALL), evidence)


def _exponents(medians: pd.DataFrame, beside: pd.DataFrame) -> Verdict:
    claim = f"the largest Lyapunov exponents are the published ones within {OFF:g} per unit of time, of flows and observers"
    parts = []
    for whose, end in (("", ""), ("_observer", OBSERVER)):
        gaps = beside[f"lyapunov_per_time{whose}"] - beside[f"lyapunov_per_time{whose}_published"]
        parts.append(gaps.set_axis(beside["system"] + end))
    off = pd.concat(parts).dropna()
    ours = medians.set_index("system")["lyapunov_per_time"]
    far = off[off.abs() > OFF]
    named = ", ".join(f"{name} {number(ours[name], 2)}, off by {number(gap, 2)}" for name, gap in far.items())
    evidence = f"{len(off) - len(far)} of {len(off)}, off by at most {number(off.abs().max(), 2)}"
    evidence += f": {named}" if named else ""
    long = bool((medians["T"] >= observers().T).all())
    return Verdict(claim, observers().source, decide(far.empty if long or far.empty else None, len(off), 2 * ALL), evidence)


def _listed(values: pd.Series) -> str:
    return f"; not {', '.join(f'{name} ({number(value)})' for name, value in values.items())}" if len(values) else ""
