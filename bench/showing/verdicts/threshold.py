"""Mean-field networks over their gain: do Newton's updates rise where the largest Lyapunov exponent becomes positive?

A negative exponent is a statement about long times, and does not promise few updates: solves that are slow in spite of one are
counted. Nor does a small merit promise a right trajectory where the exponent is positive: that is counted too.
"""

import numpy as np
import pandas as pd

from bench.showing.frames.predictability import solves
from bench.showing.verdicts import Verdict, decide, ranks
from bench.showing.verdicts.predictable import (
    CLEARLY,
    ERRORS,
    MANY,
    NEWTON,
    SEEDS,
    SOURCE,
    counted,
    earlier,
    grown,
    of_longest,
    sides,
)
from bench.showing.vocabulary.numbers import number, tidy
from bench.showing.vocabulary.symbols import symbol

RIGHT = 0.01  # of the largest state
SEPARATED, MIXED = 0.9, 0.75  # share of pairs of which the solve above 0 takes more updates than that below


def judge(tables) -> list[Verdict]:
    found = solves(tables)
    own = of_longest(found)
    verdicts = [_threshold(own, found.attrs["varied"]), _logarithmic(grown(tables)), _wrong(own)] if len(own) else []
    return [*verdicts, *earlier(found, "Fig. 7")]


def _threshold(own: pd.DataFrame, varied: list[str]) -> Verdict:
    below, above = sides(own)
    claim = f"the updates of {NEWTON} stay few where the largest Lyapunov exponent is below 0, and rise sharply above"
    words = [f"T = {own['T'].iloc[0]:g}: below 0 {counted(below['updates'])}, above {counted(above['updates'])}"]
    holds, enough = None, min(len(below), len(above))
    if enough:
        sharp = above["updates"].median() >= MANY * below["updates"].median()
        share = _larger(above["updates"].to_numpy(), below["updates"].to_numpy())
        apart = share >= SEPARATED and ranks.above(above["updates"], below["updates"])
        holds = False if not sharp or share < MIXED else True if apart else None
        words.append(f"in {100 * share:.0f} % of pairs more above than below")
    near = len(own) - len(below) - len(above)
    words += [f"{near} within {ERRORS} errors of 0 count for neither"] if near else []
    return Verdict(claim, f"{SOURCE}, Fig. 2", decide(holds, enough, SEEDS), "; ".join([*words, *_slow(below, varied)]))


def _larger(first: np.ndarray, second: np.ndarray) -> float:
    """The share of pairs of which the first is larger; of equal ones half."""
    first, second = first[:, None], second[None]
    return float(np.mean((first > second) + 0.5 * (first == second)))


def _slow(below: pd.DataFrame, varied: list[str]) -> list[str]:
    """The counter-cases: a negative exponent, and many times the updates that such solves take as a rule."""
    usual = below["updates"].median()
    slow = below[below["updates"] > MANY * usual]
    if slow.empty:
        return [f"no solve below 0 takes more than {MANY:g} times their median"] if len(below) else []
    worst = slow.loc[slow["updates"].idxmax()]
    place = ", ".join(f"{symbol(name)} = {tidy(worst[name])}" for name in (*varied, "seed"))
    return [
        f"slow in spite of a negative exponent {len(slow)} of {len(below)}, up to {number(worst['updates'])} updates at an "
        f"exponent of {number(worst['lyapunov'], 2)} ({place})"
    ]


def _logarithmic(solved: pd.DataFrame) -> Verdict:
    """No more than the square of the logarithm of the length allows, and one update."""
    own = solved[solved["lyapunov"] < -CLEARLY]
    claim = f"where it is clearly below 0, under {-CLEARLY:g} per step, the updates of {NEWTON} grow no faster than (log T)²"
    if own.empty:
        return Verdict(claim, f"{SOURCE}, Theorem 2", "undecided", "no lengths that are far enough apart")
    allowed = (np.log(own["length"]) / np.log(own["before"])) ** 2
    within = own["updates"] <= allowed * own["updates_before"] + 1
    factor = own["updates"] / own["updates_before"].clip(lower=1)
    holds = True if within.all() else False if within.mean() < 0.5 else None
    evidence = (
        f"{within.sum()} of {len(own)} solves; from T = {own['before'].max():g} to {own['length'].max():g} updates grow by "
        f"a factor of {number(factor.median(), 2)}, at most {number(factor.max(), 2)}, (log T)² by {number(allowed.max(), 2)}"
    )
    return Verdict(claim, f"{SOURCE}, Theorem 2", decide(holds, len(own), SEEDS), evidence)


def _wrong(own: pd.DataFrame) -> Verdict:
    """The other counter-case: the rule is met, and the trajectory is another one all the same."""
    met = own[own["met"] & own["value_error"].notna()]
    below, above = (side["value_error"].astype(float) for side in sides(met))
    claim = f"a merit that meets the tolerance says that the trajectory is right below 0, within {100 * RIGHT:g} %, and not above"
    lost = above[above > RIGHT]
    holds = None if below.empty or above.empty else bool((below <= RIGHT).all() and len(lost))
    told = [
        f"{side} it is off by {number(errors.median(), 2)} of the largest state, at most {number(errors.max(), 2)}"
        for side, errors in (("below", below), ("above", above))
        if len(errors)
    ]
    evidence = "; ".join([*told, f"wrong in {len(lost)} of {len(above)} solves above"])
    return Verdict(claim, "a control of ours", decide(holds, min(len(below), len(above)), SEEDS), evidence)
