"""Forced exponent against forcing strength: do updates collapse where it is 0, does Proposition 1 hold, and how tightly?

A question is asked of each trained model, a seed being one, and decided by all of them: it holds where it does for every one, and
not where it does for less than half. What Proposition 1 says of every solve is refuted by a single one.
"""

import numpy as np
import pandas as pd

from bench.showing.frames import contraction
from bench.showing.verdicts import Verdict, decide

SOURCE, OURS = "arXiv:2605.12683, Proposition 1", "a question of ours"
THRESHOLD = "after arXiv:2508.16817, its threshold at an exponent of 0; a question of ours"
AFTER = f"after {SOURCE}; a question of ours"
SEEDS = 3
ROUNDING = 1e-6  # of an exponent, per step: both sides are computed
WITHIN = 1  # steps of the grid of strengths between the collapse and the crossing, no finer than which either is known


def judge(tables) -> list[Verdict]:
    found = contraction.forced(tables)
    models = contraction.models(found)
    verdicts = [
        _collapse(own, models, observed, method) for (observed, method), own in found.groupby(["observed", "method"], sort=False)
    ]
    verdicts += [_bounded(found), _converges(found), _conservative(models), _unpromised(models)]
    return [verdict for verdict in verdicts if verdict]


def seen(observed: str) -> str:
    return f"{observed} observed" if observed else "every variable observed"


def _collapse(own: pd.DataFrame, models: pd.DataFrame, observed: str, method: str) -> Verdict | None:
    """By the strength at which updates have fallen half-way, in their logarithm, from their most to their least."""
    marked = own.merge(models[[*contraction.MODEL, "begins"]], on=contraction.MODEL)
    grid = np.sort(marked["alpha"].unique())
    crossing = marked[marked["begins"].gt(grid[0]) & np.isfinite(marked["begins"])] if len(grid) else marked
    places = [(half_way(each), each["begins"].iloc[0]) for _, each in crossing.groupby(contraction.MODEL)]
    claim = f"{seen(observed)}: the updates of {method} collapse where the forced exponent crosses 0"
    if not places:
        return None if own["exponent"].isna().all() else Verdict(claim, THRESHOLD, "undecided", "no exponent crosses 0")
    apart = [_steps(grid, fallen, begins) for fallen, begins in places]
    near = [distance <= WITHIN for distance in apart]
    fallen, begins = (_range([place[i] for place in places]) for i in (0, 1))
    evidence = (
        f"updates have fallen half-way at alpha = {fallen}, the exponent is 0 at {begins}; "
        f"no more than {WITHIN} step of the grid apart in {sum(near)} of {len(near)} models"
    )
    holds = _by_models(near) if own["answered"].all() else None
    return Verdict(claim, THRESHOLD, decide(holds, len(near), SEEDS), evidence)


def half_way(own: pd.DataFrame) -> float:
    """The strength from which on updates stay below the geometric mean of their most and their least; inf where they never do.

    Where the rule was not met, the updates made are fewer than it takes: the fall is then no earlier than this says.
    """
    curve = own.groupby("alpha")["updates"].max().clip(lower=1)
    finite = curve[np.isfinite(curve)]
    if finite.empty or finite.max() == finite.min():
        return np.inf
    few = curve <= np.sqrt(finite.max() * finite.min())
    stays = few[::-1].cummin()[::-1]
    return float(stays.idxmax()) if stays.any() else np.inf


def _steps(grid, fallen: float, begins: float) -> float:
    """How many strengths of the grid lie from one place to the other, the interval that holds the crossing being one place."""
    if not np.isfinite(fallen):
        return np.inf
    after = int(np.searchsorted(grid, begins, side="left"))
    return abs(int(np.searchsorted(grid, fallen)) - after)


def _bounded(found: pd.DataFrame) -> Verdict | None:
    known = found[found["exponent"].notna() & found["promised"].notna()]
    if known.empty:
        return None
    allowed = known["promised"] + known["error"].fillna(0) + ROUNDING
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
    evidence = f"{ok.sum()} of {len(beyond)} solves converged, of {', '.join(dict.fromkeys(beyond['method'])) or 'no method'}"
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
