"""Forced exponent against forcing strength: do updates collapse where it is 0, does Proposition 1 hold, and how tightly?

A question is asked of each trained model, a seed being one, and decided by all of them: it holds where it does for every one, and
not where it does for less than half. What Proposition 1 says of every solve is refuted by a single one.
"""

import numpy as np
import pandas as pd

from bench.showing.frames import contraction
from bench.showing.verdicts import Verdict, decide
from bench.showing.vocabulary.order import rank

SOURCE, OURS = "arXiv:2605.12683, Proposition 1", "a question of ours"
THRESHOLD = "after arXiv:2508.16817, its threshold at an exponent of 0; a question of ours"
AFTER = f"after {SOURCE}; a question of ours"
SEEDS = 3
ROUNDING = 1e-6  # of an exponent, per step: both sides are computed
LOST = -15.0  # per step: at full strength a Jacobian is 0 up to rounding, and so are both sides
NEAR = 0.02  # per step: an error then fades, or grows, e-fold within 50 steps or more
FALLS = 4  # times: less is no collapse


def judge(tables) -> list[Verdict]:
    found = contraction.forced(tables)
    models = contraction.models(found)
    asked = sorted(found.groupby(["observed", "method"]), key=lambda each: (each[0][0], rank(each[0][1])))
    verdicts = [_collapse(own, models, observed, method) for (observed, method), own in asked]
    verdicts += [_bounded(found), _converges(found), _conservative(models), _unpromised(models)]
    return [verdict for verdict in verdicts if verdict]


def seen(observed: str) -> str:
    return f"{observed} observed" if observed else "every variable observed"


def _collapse(own: pd.DataFrame, models: pd.DataFrame, observed: str, method: str) -> Verdict | None:
    """By the exponent at which updates have fallen half-way, in their logarithm, from their most to their least."""
    if own["exponent"].isna().all():
        return None
    claim = f"{seen(observed)}: the updates of {method} collapse where the forced exponent crosses 0"
    crossing = models[models["begins"].gt(own["alpha"].min()) & np.isfinite(models["begins"])]
    places = [half_way(each) for _, each in own.merge(crossing[contraction.MODEL]).groupby(contraction.MODEL)]
    if not places:
        return Verdict(claim, THRESHOLD, "undecided", "the exponent of no model crosses 0")
    fallen = [place for place in places if place]
    near = [bool(place) and abs(place[1]) <= NEAR for place in places]
    where = f"at alpha = {_range([place[0] for place in fallen])}, where the exponent is " if fallen else ""
    where += f"{_range([place[1] for place in fallen])} per step" if fallen else ""
    evidence = f"updates fall half-way {where}" if fallen else f"updates never fall {FALLS} times"
    evidence += f"; within {NEAR} of 0 in {sum(near)} of {len(near)} models"
    holds = _by_models(near) if own["answered"].all() else None
    return Verdict(claim, THRESHOLD, decide(holds, len(near), SEEDS), evidence)


def half_way(own: pd.DataFrame) -> tuple[float, float] | None:
    """The strength at which updates have fallen to the geometric mean of most and least, for good, and the exponent there.

    Both by straight lines between strengths, in the logarithm of the updates. Where a rule was not met the updates made are fewer
    than it takes: the fall is then no earlier than this says. None where they do not fall so far that it is a fall.
    """
    curve = own.groupby("alpha")[["updates", "exponent"]].median().dropna()
    alpha, exponent = curve.index.to_numpy(), curve["exponent"].to_numpy()
    many = np.log(curve["updates"].clip(lower=1).to_numpy())
    if not np.isfinite(many).all() or not len(many) or many.max() - many.min() < np.log(FALLS):
        return None
    above = np.flatnonzero(many > (many.max() + many.min()) / 2)
    last = above[-1]
    if last == len(many) - 1:
        return None
    share = (many[last] - (many.max() + many.min()) / 2) / (many[last] - many[last + 1])
    ends = exponent[[last, last + 1]]
    there = ends[0] + share * (ends[1] - ends[0]) if np.isfinite(ends).all() else ends.min()
    return float(alpha[last] + share * (alpha[last + 1] - alpha[last])), float(there)


def _bounded(found: pd.DataFrame) -> Verdict | None:
    known = found[found["exponent"].notna() & found["promised"].notna()]
    if known.empty:
        return None
    allowed = known["promised"].clip(lower=LOST) + known["error"].fillna(0) + ROUNDING
    above = known["exponent"] > allowed
    finite = known[np.isfinite(known["exponent"]) & np.isfinite(known["promised"])]
    nearest = finite.loc[(finite["promised"] - finite["exponent"]).idxmin()] if len(finite) else None
    evidence = f"{above.sum()} of {len(known)} solves exceed it"
    if nearest is not None:
        apart = nearest["promised"] - nearest["exponent"]
        place = f"alpha = {nearest['alpha']:g}, {seen(nearest['observed'])}"
        evidence += f"; the nearest is {apart:.3g} per step below it, at {place}"
    holds = False if above.any() else True if found["answered"].all() else None
    return Verdict("no forced exponent exceeds log rho", SOURCE, decide(holds, found["seed"].nunique(), SEEDS), evidence)


def _converges(found: pd.DataFrame) -> Verdict | None:
    beyond = found[found["alpha"] > found["onset"]]
    if found["onset"].isna().all():
        return None
    claim = "beyond alpha* every solve converges (M <= N)"
    ok = beyond["status"].eq("ok")
    named = ", ".join(sorted(set(beyond["method"]), key=rank)) or "no method"
    evidence = f"{ok.sum()} of {len(beyond)} solves converged, of {named}"
    holds = None if beyond.empty or not beyond["answered"].all() else bool(ok.all())
    return Verdict(claim, AFTER, decide(holds, beyond["seed"].nunique(), SEEDS), evidence)


def _conservative(models: pd.DataFrame) -> Verdict | None:
    known = models[models["onset"].notna() & models["begins"].notna()]
    if known.empty:
        return None
    early = known["begins"] < known["onset"]
    evidence = f"it contracts from alpha = {_range(known['begins'])} on, alpha* = {_range(known['onset'])}"
    claim = "alpha* is conservative: the model contracts under weaker forcing already"
    return Verdict(claim, OURS, decide(_by_models(list(early)), known["seed"].nunique(), SEEDS), evidence)


def _unpromised(models: pd.DataFrame) -> Verdict | None:
    """Where data determine a part of the state only, the proposition promises nothing; what there is instead."""
    own = models[models["observed"].ne("") & models["onset"].isna() & models["begins"].notna()]
    if own.empty:
        return None
    contracts = list(np.isfinite(own["begins"]))
    what = ", ".join(dict.fromkeys(map(seen, own["observed"])))
    claim = f"{what}: some strength makes the model contract, though Proposition 1 promises none"
    evidence = f"in {sum(contracts)} of {len(contracts)} models; from alpha = {_range(own['begins'])} on"
    return Verdict(claim, OURS, decide(_by_models(contracts), own["seed"].nunique(), SEEDS), evidence)


def _by_models(holds: list[bool]) -> bool | None:
    """Of all, or of less than half; None between."""
    return True if all(holds) else False if 2 * sum(holds) < len(holds) else None


def _range(values) -> str:
    """`0.0123`, or of several `0.0123 to 0.0342`."""
    values = sorted(values)
    ends = dict.fromkeys(f"{value:.3g}" for value in (values[0], values[-1]))
    return " to ".join(ends)
