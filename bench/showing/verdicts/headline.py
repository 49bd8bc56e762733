"""How many times as fast as going step by step a method is at its best: what papers put in front.

It is asked of rows of a GPU alone, as no paper claims it of a CPU. One setting is enough to show it; that it is not so takes
many, as papers looked for their best one.
"""

from typing import NamedTuple

import pandas as pd

from bench.showing.frames import speedups
from bench.showing.frames.cells import of_measure
from bench.showing.verdicts import Verdict, decide, speed

WORDS = {"forward": "forward", "gradient": "forward and backward"}


class Headline(NamedTuple):
    """A method, how many times as fast it is said to be in a phase, and by whom."""

    method: str
    times: float
    phase: str
    source: str


_DEER = "after arXiv:2309.12252, its speed-ups of a GRU; a question of ours"
DEER = (Headline("gtf-deer-published", 1000, "forward", _DEER), Headline("gtf-deer-published", 10, "gradient", _DEER))


def judged(tables, claims: tuple[Headline, ...], enough: int) -> list[Verdict]:
    """A verdict on each claim whose method has rows of a GPU; `enough` settings show that it is not so."""
    phases = {phase: _by_phase(tables, phase) for phase in dict.fromkeys(claim.phase for claim in claims)}
    found = []
    for claim in claims:
        own = speed.of(phases[claim.phase], claim.method)
        own = own[own["device"] != "cpu"]
        if len(own):
            holds, evidence = _at_best(own, claim.times)
            words = f"at its best {claim.method} is more than {claim.times} times as fast as going step by step"
            verdict = decide(holds, len(own), enough if holds is False else 1)
            evidence = f"on {speed.devices(own)} {evidence}"
            found.append(Verdict(f"{words}, {WORDS[claim.phase]}", claim.source, verdict, evidence))
    return found


def _by_phase(tables, phase: str) -> pd.DataFrame:
    """One row per method and setting with the speed-up of one phase, such as the forward pass alone."""
    found = speedups.paces(of_measure(tables, "runtime"))
    found = found[found["phase"] == phase]
    return found.assign(method=found["label"])


def _at_best(own: pd.DataFrame, times: float) -> tuple[bool | None, str]:
    """Whether three quarters of the repetitions of some setting say so, or those of all settings the contrary; and the best."""
    known = own[own["speedup"].notna() & own["status"].eq("ok")]
    if known.empty:
        return None, "no speed-up is known"
    best = known.loc[known["speedup"].idxmax()]
    paired = known["speedup_pairs"].fillna(0) >= speed.PAIRS
    short = paired & (known["speedup_high"] < times)
    holds = True if (paired & (known["speedup_low"] > times)).any() else None
    if speed.answered(own).all() and short.all():
        holds = False
    return holds, f"at best {speed.gained(best)} as fast ({speed.place(best, known)}), of {len(known)} settings"
