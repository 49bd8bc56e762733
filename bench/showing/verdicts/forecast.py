"""Forecasts of updates: how often is the interval right, and the choice between going in parallel and step by step?"""

import pandas as pd

from bench.showing.frames.foresight import choices, forecasts
from bench.showing.verdicts import Verdict, decide, speed
from bench.showing.vocabulary.numbers import number

OURS = "a question of ours"
SHARE = 0.9  # of solves
SOLVES = 30  # fewest that decide


def judge(tables) -> list[Verdict]:
    found = forecasts(tables)
    return [_interval(found), _choice(choices(tables))]


def _interval(found: pd.DataFrame) -> Verdict:
    told = found[found["told"]]
    claim = f"the interval of a forecast holds the number of updates in {SHARE:.0%} of all solves"
    evidence = f"{_shares(told, 'held')}; {len(found) - len(told)} of {len(found)} solves left no count or had no forecast"
    right = told["forecast"].clip(lower=1) / told["count"].clip(lower=1)
    evidence += f"; forecast over count {number(right.median(), 2)} in the middle" if len(told) else ""
    return Verdict(claim, OURS, _decided(told, "held"), evidence)


def _choice(found: pd.DataFrame) -> Verdict:
    claim = f"whether a solver is faster than going step by step is forecast rightly in {SHARE:.0%} of all solves"
    evidence = "no timed scans beside the solves"
    if len(found):
        gained = f"{found['faster'].sum()} of {len(found)} solves were faster, {found['parallel'].sum()} were forecast to be"
        evidence = f"on {speed.devices(found)} {_shares(found, 'right')}; {gained}"
    return Verdict(claim, OURS, _decided(found, "right"), evidence)


def _decided(found: pd.DataFrame, name: str) -> str:
    return decide(bool(found[name].mean() >= SHARE) if len(found) else None, len(found), SOLVES)


def _shares(found: pd.DataFrame, name: str) -> str:
    """`270 of 300: deer 58 of 60, jacobi 60 of 60`."""
    counts = found.groupby("method", sort=False)[name].agg(["sum", "size"])
    each = ", ".join(f"{method} {row['sum']} of {row['size']}" for method, row in counts.iterrows())
    return f"{found[name].sum()} of {len(found)}: {each}" if len(found) else "no solves"
