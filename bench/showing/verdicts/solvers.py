"""Every solver to an accurate answer: is anything faster than going step by step, and does the choice of `auto` hold?

Methods were not timed in turn: one is faster, or slower, by more than CLEAR, as in the table. What papers found of quasi-Newton
and damped solvers for other models is asked of ours, a forced shPLRNN.
"""

from bench.measure.outcome import ANSWERS
from bench.showing.frames.attempts import CASE, CLEAR, attempts, decided
from bench.showing.frames.cells import of_measure
from bench.showing.verdicts import Verdict, decide, speed
from bench.showing.vocabulary.numbers import number
from bench.showing.vocabulary.order import BASELINE

SOURCE, OURS = "after arXiv:2605.12683, Fig. 1A; a question of ours", "a question of ours"
QUASI_SOURCE, DAMPED_SOURCE = (f"after arXiv:2407.19115, Fig. {figure}; {OURS}" for figure in (2, 4))
CHOOSING, CLAIMED, QUASI, DAMPED = "auto", "gtf-deer", "gtf-quasi-deer", "gtf-elk"
CASES = 6  # fewest that decide
QUASI_CASES = 4  # the same of two solvers that differ in one part alone


def judge(tables) -> list[Verdict]:
    concerned = tables["cells"]["method"].isin([BASELINE, CHOOSING, CLAIMED, QUASI, DAMPED])  # of some twenty methods
    best = decided(attempts(of_measure(tables | {"cells": tables["cells"][concerned]}, "work_precision")))
    best["speedup"] = best["speedup"].where(best["status"] == "ok").astype(float)
    own = {method: rows.set_index(CASE, drop=False) for method, rows in best.groupby("method")}
    verdicts = [_chosen(own[CHOOSING])] if CHOOSING in own else []
    verdicts += [_faster(own[CLAIMED])] if CLAIMED in own else []
    if {CLAIMED, QUASI} <= own.keys():
        verdicts += [_sooner(own[QUASI], own[CLAIMED]), _smaller(own[QUASI], own[CLAIMED])]
    if {CLAIMED, DAMPED} <= own.keys():
        verdicts.append(_steadier(own[DAMPED], own[CLAIMED]))
    return verdicts


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


def _sooner(quasi, full) -> Verdict:
    """A case that only one of the two solves counts for that one, and a case that neither solves for none."""
    times, other = quasi["gradient_s"].align(full["gradient_s"], join="inner")
    known = (quasi.loc[times.index, "status"].isin(ANSWERS) & full.loc[times.index, "status"].isin(ANSWERS)).all()
    solved = times.notna() | other.notna()
    times, other = times[solved], other[solved]
    ratio, failed = other / times, times.isna()
    faster, slower = (ratio > CLEAR) | other.isna(), (ratio < 1 / CLEAR) | failed
    holds = False if slower.any() else True if known and faster.all() else None
    ends = f"; full / diagonal Jacobians {number(ratio.min(), 2)}x to {number(ratio.max(), 2)}x" if ratio.notna().any() else ""
    counts = f"sooner in {faster.sum()} of {len(times)} cases, later in {slower.sum()}, of which it fails in {failed.sum()}"
    claim = f"{QUASI} finds an accurate answer sooner than {CLAIMED} in every case"
    return Verdict(claim, QUASI_SOURCE, decide(holds, len(times), QUASI_CASES), f"on {speed.devices(quasi)} {counts}{ends}")


def _smaller(quasi, full) -> Verdict:
    solved = [each["temp_bytes"].where(each["status"] == "ok").astype(float) for each in (quasi, full)]
    ratio = (solved[0] / solved[1]).dropna()
    claim = f"{QUASI} needs less scratch memory than {CLAIMED} in every case that both solve"
    ends = f"{number(ratio.min(), 2)} to {number(ratio.max(), 2)} times as much" if len(ratio) else "no memory is known"
    return Verdict(
        claim,
        QUASI_SOURCE,
        decide(bool((ratio < 1).all()), len(ratio), QUASI_CASES),
        f"on {speed.devices(quasi)} {ends} in {len(ratio)} cases",
    )


def _steadier(damped, full) -> Verdict:
    failed = full.index[speed.wrong(full)].intersection(damped.index)
    own = damped.loc[failed]
    solved, lost = own["status"].eq("ok"), speed.wrong(own)
    fails = f"{CLAIMED} fails in {len(failed)} of {len(full)} cases"
    evidence = f"on {speed.devices(damped)} {fails}, {DAMPED} solves {solved.sum()} of these"
    holds = None if own.empty else False if lost.any() else True if solved.all() else None
    return Verdict(
        f"{DAMPED} finds an accurate answer where {CLAIMED} fails", DAMPED_SOURCE, decide(holds, len(full), CASES), evidence
    )


def _ends(own) -> str:
    known = own["speedup"].dropna()
    return f"speed-up {known.min():.2g}x to {known.max():.2g}x" if len(known) else "no speed-up is known"


def _percent() -> str:
    return f"{100 * (CLEAR - 1):.0f} %"
