"""Every solver to an accurate answer: is anything faster than going step by step, and does the choice of `auto` hold?

Methods were not timed in turn: one is faster, or slower, by more than CLEAR, as in the table.
"""

from bench.showing.frames.attempts import CLEAR, attempts, decided
from bench.showing.frames.cells import of_measure
from bench.showing.verdicts import Verdict, decide, speed
from bench.showing.vocabulary.order import BASELINE

SOURCE, OURS = "after arXiv:2605.12683, Fig. 1A; a question of ours", "a question of ours"
CHOOSING, CLAIMED = "auto", "gtf-deer"
CASES = 6  # fewest that decide


def judge(tables) -> list[Verdict]:
    concerned = tables["cells"]["method"].isin([BASELINE, CHOOSING, CLAIMED])  # of some twenty methods
    best = decided(attempts(of_measure(tables | {"cells": tables["cells"][concerned]}, "work_precision")))
    best["speedup"] = best["speedup"].where(best["status"] == "ok").astype(float)
    chosen, claimed = (best[best["method"] == method] for method in (CHOOSING, CLAIMED))
    return [*([_chosen(chosen)] if len(chosen) else []), *([_faster(claimed)] if len(claimed) else [])]


def _chosen(own) -> Verdict:
    failed, slower = speed.wrong(own), own["speedup"] < 1 / CLEAR
    claim = f"{CHOOSING} finds an accurate answer in every case, no more than {_percent()} later than going step by step"
    evidence = f"on {speed.devices(own)} failed in {failed.sum()} of {len(own)} cases, slower in {slower.sum()}; {_ends(own)}"
    holds = False if (failed | slower).any() else True if own["speedup"].notna().all() else None
    return Verdict(claim, OURS, decide(holds, len(own), CASES), evidence)


def _faster(own) -> Verdict:
    failed, faster, slower = speed.wrong(own), own["speedup"] > CLEAR, own["speedup"] < 1 / CLEAR
    claim = f"{CLAIMED} finds an accurate answer sooner than going step by step in every case"
    counts = f"faster in {faster.sum()} of {len(own)} cases, slower in {slower.sum()}, failed in {failed.sum()}"
    holds = False if (failed | slower).any() else True if faster.all() else None
    return Verdict(claim, SOURCE, decide(holds, len(own), CASES), f"on {speed.devices(own)} {counts}; {_ends(own)}")


def _ends(own) -> str:
    known = own["speedup"].dropna()
    return f"speed-up {known.min():.2g}x to {known.max():.2g}x" if len(known) else "no speed-up is known"


def _percent() -> str:
    return f"{100 * (CLEAR - 1):.0f} %"
