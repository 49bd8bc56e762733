"""Chaotic flows and their observers: updates and exponents beside those of Table 1.

Published updates count one more than ours. They are for T = 30000: shorter sequences decide nothing about the flows, whose
updates grow with the length.
"""

import numpy as np
import pandas as pd

from bench.showing.frames.observers import is_observer, lengths, pairs
from bench.showing.frames.predictability import solves
from bench.showing.frames.published import OBSERVER, observers
from bench.showing.verdicts import Verdict, decide
from bench.showing.verdicts.predictable import MANY, NEWTON, counted
from bench.showing.vocabulary.numbers import number
from bench.showing.vocabulary.order import BASELINE

MOST = 13  # updates of an observer, as we count them: 14 in the table
NEAR = 3  # updates: how near to the published count of an observer is near
ORDER = 10**0.5  # within half an order of magnitude
OFF = 0.1  # per unit of time
ALL = 9


def judge(tables) -> list[Verdict]:
    found = solves(tables)
    watching = found[is_observer(found["system"]) & found["method"].eq(NEWTON) & found["updates"].notna()]
    beside = pairs(found[found["method"].isin((NEWTON, BASELINE))])
    if watching.empty or beside.empty:
        return []
    return [_few(watching), _near(beside), _more(beside), _orders(beside), _exponents(beside)]


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


def _ratio(beside: pd.DataFrame) -> pd.Series:
    """Updates of a flow over those of its observer; where the flow was stopped, at least so many."""
    flows = beside["updates"].where(np.isfinite(beside["updates"]), beside["cap"])
    return (flows / beside["updates_observer"].clip(lower=1)).set_axis(beside["system"])


def _more(beside: pd.DataFrame) -> Verdict:
    ratio = _ratio(beside).dropna()
    claim = f"every flow needs at least {MANY:g} times the updates of its observer"
    few = ratio[ratio < MANY]
    long = (beside["T"] >= observers().T).all() and np.isfinite(beside["updates"]).all()
    evidence = f"{number(ratio.min(), 2)} to {number(ratio.max(), 2)} times, {lengths(beside)}{_listed(few)}"
    return Verdict(claim, observers().source, decide(few.empty if long or few.empty else None, len(ratio), ALL), evidence)


def _orders(beside: pd.DataFrame) -> Verdict:
    """A flow whose solve was stopped needs more than the cap: that is enough where the cap is large enough."""
    claim = "a flow needs as many times the updates of its observer as published, within half an order of magnitude"
    known = beside[beside[["updates_published", "updates", "updates_observer"]].notna().all(axis=1)]
    theirs = (known["updates_published"] / known["updates_observer_published"].clip(lower=1)).set_axis(known["system"])
    stopped, ratio = np.isinf(known["updates"]).set_axis(known["system"]), _ratio(known) / theirs
    near, small = (ratio >= 1 / ORDER) & ((ratio <= ORDER) | stopped), (ratio < 1 / ORDER) & stopped
    long = (known["T"] >= observers().T).all()
    holds = None if not long else False if (~near & ~small).any() else True if near.all() else None
    evidence = f"{near.sum()} of {len(known)} flows"
    evidence += f", {stopped.sum()} of them stopped at the cap" if stopped.any() else ""
    evidence += "" if long else f"; {lengths(known)}, published are flows of T = {observers().T}"
    named = ", ".join(f"{name} {number(value, 2)}" for name, value in ratio[~near].items())
    evidence += f"; ours / published of {named}" if named else ""
    return Verdict(claim, observers().source, decide(holds, len(known), ALL), evidence)


def _exponents(beside: pd.DataFrame) -> Verdict:
    claim = f"the largest Lyapunov exponents are the published ones within {OFF:g} per unit of time, of flows and observers"
    parts = []
    for whose, end in (("", ""), ("_observer", OBSERVER)):
        ours, theirs = beside[f"lyapunov_per_time{whose}"], beside[f"lyapunov_per_time{whose}_published"]
        parts.append(pd.DataFrame({"ours": ours, "off": ours - theirs}).set_axis(beside["system"] + end))
    rows = pd.concat(parts).dropna()
    far = rows[rows["off"].abs() > OFF]
    named = ", ".join(f"{name} {number(row.ours, 2)}, off by {number(row.off, 2)}" for name, row in far.iterrows())
    evidence = f"{len(rows) - len(far)} of {len(rows)}, off by at most {number(rows['off'].abs().max(), 2)}"
    evidence += f": {named}" if named else ""
    long = (beside[["exponent_T", "exponent_T_observer"]] >= observers().T).all(axis=None)
    return Verdict(claim, observers().source, decide(far.empty if long or far.empty else None, len(rows), 2 * ALL), evidence)


def _listed(values: pd.Series) -> str:
    return f"; not {', '.join(f'{name} ({number(value)})' for name, value in values.items())}" if len(values) else ""
