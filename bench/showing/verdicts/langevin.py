"""Langevin dynamics between two wells: unstable on the ridge, predictable over long times, and so cheap for Newton's method."""

import numpy as np
import pandas as pd

from bench.showing.frames.predictability import solves
from bench.showing.verdicts import Verdict, decide
from bench.showing.verdicts.predictable import NEWTON, SEEDS, SOURCE, SPAN, counted, grown, of_longest
from bench.showing.vocabulary.numbers import number

FIGURE = f"{SOURCE}, Fig. 3"
LENGTH, MOST, ABOUT = 10_000, 35, 1.1  # at most about so many updates at this length
EXPONENT = -0.0145  # per step, as published
OFF = 0.1  # per unit of time: how near to it is near


def judge(tables) -> list[Verdict]:
    own = of_longest(solves(tables))
    return [_sublinear(grown(tables)), _few(own), _predictable(own)] if len(own) else []


def _sublinear(solved: pd.DataFrame) -> Verdict:
    """A power of the length below 1, over two decades of lengths."""
    power = np.log(solved["updates"] / solved["updates_before"]) / np.log(solved["length"] / solved["before"])
    known = power.dropna()
    claim = f"the updates of {NEWTON} grow less than linearly with the length"
    holds = None if known.empty else True if (known < 1).all() else False if known.median() >= 1 else None
    evidence = f"no lengths that are {SPAN} times apart"
    if len(known):
        middle, low, high = (number(value, 2) for value in (known.median(), known.min(), known.max()))
        evidence = f"from T = {solved['before'].min():g} to {solved['length'].max():g} as T to the power {middle} [{low}, {high}]"
        evidence += f", {len(known)} seeds"
    return Verdict(claim, FIGURE, decide(holds, len(known), SEEDS), evidence)


def _few(own: pd.DataFrame) -> Verdict:
    long = own["T"].max() >= LENGTH
    claim = f"{NEWTON} needs at most about {MOST} updates at T = {LENGTH}"
    holds = bool((own["updates"] <= ABOUT * MOST).all())
    evidence = f"{counted(own['updates'])} at T = {own['T'].max():g}"
    return Verdict(claim, FIGURE, decide(holds if long else None, own["seed"].nunique(), SEEDS), evidence)


def _predictable(own: pd.DataFrame) -> Verdict:
    """The published exponent lies in the range over our seeds, or near it: noise gives every orbit its own."""
    exponent = own["lyapunov"].dropna()
    dt = (own["lyapunov"] / own["lyapunov_per_time"]).median()
    claim = f"the exponent is negative although the ridge is unstable: about {EXPONENT:g} per step"
    if exponent.empty or not dt > 0:
        return Verdict(claim, FIGURE, "undecided", "no exponents")
    near = exponent.min() - OFF * dt <= EXPONENT <= exponent.max() + OFF * dt
    evidence = f"{number(exponent.median())} [{number(exponent.min())}, {number(exponent.max())}] over {len(exponent)} seeds"
    long = own["T"].max() >= LENGTH
    return Verdict(claim, FIGURE, decide(bool(near and (exponent < 0).all()) if long else None, len(exponent), SEEDS), evidence)
