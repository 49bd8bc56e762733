"""One gradient of a very long sequence: what does it cost in time and memory to do it at once?"""

import numpy as np

from bench.showing.verdicts import Verdict, decide, headline, speed
from bench.showing.vocabulary.numbers import number
from bench.showing.vocabulary.order import BASELINE

OURS = "a question of ours"
ASKED = ("gtf-schwarz", "gtf-deer")
LONG = 2**20  # steps: shorter sequences say nothing about what is claimed
MEBIBYTE = 2.0**20
SETTINGS = 6  # fewest that show that DEER is less fast than it is said to be
NO_MORE = 1.1  # times as much


def judge(tables) -> list[Verdict]:
    found = speed.measured(tables)
    found = found[found["T"] == found["T"].max()]
    stepwise = speed.of(found, BASELINE)
    own = [
        verdict
        for method in ASKED
        if len(own := speed.of(found, method)) == 1
        for verdict in [_faster(own, method), *([_memory(own, stepwise, method)] if len(stepwise) == 1 else [])]
    ]
    return own + headline.judged(tables, headline.DEER, SETTINGS)


def _faster(own, method: str) -> Verdict:
    row = own.iloc[0]
    seconds = " against ".join(f"{number(row[name])} s" for name in ("gradient_s", f"{BASELINE}_s") if name in row)
    claim = f"a gradient of {row['T']} steps takes {method} less time than going step by step"
    evidence = f"on {speed.devices(own)} {seconds}, speed-up {speed.gained(row)}"
    return Verdict(claim, OURS, decide(speed.everywhere(own), int(row["T"]), LONG), evidence)


def _memory(own, stepwise, method: str) -> Verdict:
    row, other = own.iloc[0], stepwise.iloc[0]
    claim = f"{method} needs no more scratch memory for it than going step by step, within a tenth"
    evidence = f"{number(row['temp_bytes'] / MEBIBYTE)} MiB against {number(other['temp_bytes'] / MEBIBYTE)} MiB"
    known = row["status"] == other["status"] == "ok" and np.isfinite([row["temp_bytes"], other["temp_bytes"]]).all()
    holds = bool(row["temp_bytes"] <= NO_MORE * other["temp_bytes"]) if known else None
    return Verdict(claim, OURS, decide(holds, int(row["T"]), LONG), evidence)
