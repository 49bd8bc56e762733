"""Time against sequence length: which methods are faster than going step by step, and is the right one chosen?"""

import numpy as np

from bench.showing.verdicts import Verdict, decide, speed
from bench.showing.vocabulary.order import SETTINGS

SOURCE, OURS = "arXiv:2605.12683, Fig. 1A", "a question of ours"
ASKED = {"gtf-deer": SOURCE, "gtf-schwarz": OURS}  # of which methods it is asked whether they are faster, and who claims it
CHOOSING = "auto"
SETTINGS_ENOUGH = 6
CLEAR = 1.2  # times as long as the fastest: more than a choice may cost


def judge(tables) -> list[Verdict]:
    found = speed.measured(tables)
    verdicts = [_faster(speed.of(found, method), method, source) for method, source in ASKED.items()]
    return [verdict for verdict in [*verdicts, _well_chosen(found)] if verdict]


def _faster(own, method: str, source: str) -> Verdict | None:
    if own.empty:
        return None
    claim = f"{method} is faster than training step by step in every setting, forward and backward"
    evidence = f"on {speed.devices(own)} {speed.described(own)}"
    return Verdict(claim, source, decide(speed.everywhere(own), len(own), SETTINGS_ENOUGH), evidence)


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
