"""Time against sequence length: which methods are faster than going step by step, how much, and is the right one chosen?"""

import numpy as np

from bench.showing.verdicts import Verdict, decide, headline, speed
from bench.showing.vocabulary.numbers import interval, number
from bench.showing.vocabulary.order import BASELINE, BASELINES, SETTINGS

SOURCE, OURS = "arXiv:2605.12683, Fig. 1A", "a question of ours"
STATED = "a statement of the authors of arXiv:2605.12683"
ASKED = {"gtf-deer": SOURCE, "gtf-schwarz": OURS}  # of which methods it is asked whether they are faster, and who claims it
AT_BEST = (headline.Headline("gtf-deer", 100, "gradient", STATED), *headline.DEER)
CHOOSING = "auto"
SETTINGS_ENOUGH = 6
CLEAR = 1.2  # times as long as the fastest: more than a choice may cost
NEARLY = 0.15  # by how much a power of T may differ from 1 where time is called linear in T


def judge(tables) -> list[Verdict]:
    found = speed.measured(tables)
    verdicts = [_faster(speed.of(found, method), method, source) for method, source in ASKED.items()]
    verdicts += headline.judged(tables, AT_BEST, SETTINGS_ENOUGH)
    verdicts += [_linear(speed.of(found, BASELINE)), _sublinear(speed.of(found, "gtf-deer")), _beaten(found)]
    return [verdict for verdict in [*verdicts, _well_chosen(found)] if verdict]


def _faster(own, method: str, source: str) -> Verdict | None:
    if own.empty:
        return None
    claim = f"{method} is faster than training step by step in every setting, forward and backward"
    evidence = f"on {speed.devices(own)} {speed.described(own)}"
    return Verdict(claim, source, decide(speed.everywhere(own), len(own), SETTINGS_ENOUGH), evidence)


def _linear(own) -> Verdict | None:
    powers = speed.growth(own)
    if powers.empty:
        return None
    inside = (powers["power_low"] >= 1 - NEARLY) & (powers["power_high"] <= 1 + NEARLY)
    outside = (powers["power_high"] < 1 - NEARLY) | (powers["power_low"] > 1 + NEARLY)
    holds = False if outside.any() else True if inside.all() else None
    return _growth("the time of going step by step is linear in T", holds, own, powers)


def _sublinear(own) -> Verdict | None:
    powers = speed.growth(own)
    if powers.empty:
        return None
    slower, linear = powers["power_high"] < 1 - NEARLY, powers["power_low"] >= 1 - NEARLY
    holds = False if linear.any() else True if slower.all() else None
    return _growth("the time of gtf-deer grows more slowly than T", holds, own, powers)


def _growth(claim: str, holds: bool | None, own, powers) -> Verdict:
    """Undecided while a length has no answer: the growth may be another one there."""
    ends = (powers.loc[place] for place in dict.fromkeys([powers["power"].idxmin(), powers["power"].idxmax()]))
    words = [f"T^{number(row['power'], 2)} {_between(row)} ({speed.place(row, powers)})" for row in ends]
    evidence = f"on {speed.devices(own)} from T = {own['T'].min():g} to {own['T'].max():g} as {' to '.join(words)}"
    known = holds if speed.answered(own).all() else None
    return Verdict(claim, SOURCE, decide(known, len(own), SETTINGS_ENOUGH), evidence)


def _between(row) -> str:
    return interval(row["power"], row["power_low"], row["power_high"])


def _beaten(found) -> Verdict | None:
    """Only where a stronger scan was measured than the usual one: a speed-up over that alone would flatter."""
    if found.empty or not set(found["method"]) & set(BASELINES[1:]):
        return None
    others = found[~found["method"].isin(BASELINES) & found["gradient_s"].notna()]
    if others.empty:
        return None
    best = others.loc[others.groupby(SETTINGS, dropna=False)["gradient_s"].idxmin()]
    paired = best["speedup_strongest_pairs"].fillna(0) >= speed.PAIRS
    slower, faster = paired & (best["speedup_strongest_high"] < 1), paired & (best["speedup_strongest_low"] > 1)
    every = len(best) == len(found.groupby(SETTINGS, dropna=False))
    holds = False if slower.any() else True if every and faster.all() else None
    ends = [best.loc[best["speedup_strongest"].idxmin()], best.loc[best["speedup_strongest"].idxmax()]]
    gained = " to ".join(
        f"{speed.gained(row, 'speedup_strongest')} ({row['method']} over {row['strongest']}, {speed.place(row, best)})"
        for row in ends
    )
    counts = f"faster in {faster.sum()} of {len(best)} settings, slower in {slower.sum()}"
    claim = "the fastest method is faster than every sequential scan in every setting, forward and backward"
    return Verdict(claim, OURS, decide(holds, len(best), SETTINGS_ENOUGH), f"on {speed.devices(best)} {counts}; {gained}")


def _well_chosen(found) -> Verdict | None:
    """By medians: where several methods are equally fast any of them is a good choice."""
    own = speed.of(found, CHOOSING)
    if own.empty or "gradient_s" not in found or found["method"].nunique() == 1:
        return None
    sizes = found.assign(answered=speed.answered(found)).groupby(SETTINGS, dropna=False)
    fastest, known = sizes["gradient_s"].transform("min"), sizes["answered"].transform("all")
    ratio = (own["gradient_s"] / fastest.reindex(own.index)).where(~speed.wrong(own), np.inf)
    if ratio.isna().all():
        return None
    holds = False if (ratio > CLEAR).any() else True if known[own.index].all() else None
    worst = own.loc[ratio.idxmax()]
    claim = f"{CHOOSING} is never more than {100 * (CLEAR - 1):.0f} % slower than the fastest method of a setting"
    evidence = f"on {speed.devices(own)} at most {ratio.max():.3g} times as long as the fastest, at {speed.place(worst, own)}"
    return Verdict(claim, OURS, decide(holds, len(own), SETTINGS_ENOUGH), evidence)
