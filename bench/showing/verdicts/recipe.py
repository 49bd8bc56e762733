"""Which recipe survives long sequences where M > N: the plain one, gradient clipping, or clipping with a gentle start?

A gentle start is a curriculum from short sequences and a rate that rises from 0; the two are not told apart.

A run survives if it does not diverge and scores a lower D_stsp than white noise. A recipe trains where at every length most of
its runs survive, and fails where at every length most do not; see `verdicts.ranks` for what most is.
"""

import pandas as pd

from bench.showing.frames.cells import of_measure, parameter
from bench.showing.frames.scores import runs
from bench.showing.verdicts import Verdict, decide
from bench.showing.verdicts.learned import METRIC, white_noise
from bench.showing.verdicts.ranks import counted, described, mostly

SOURCE = "trials of ours"
SEEDS = 5
LONG = 800  # steps from which the plain recipe was seen to blow up
PLAIN, CLIPPED, GENTLE = "the plain recipe", "clipping", "clipping with rate warm-up and a curriculum"


def judge(tables) -> list[Verdict]:
    tables = of_measure(tables, "reconstruction")
    found = runs(tables).assign(recipe=lambda cells: _recipes(cells))
    if METRIC not in found:
        return []
    found = found[found[METRIC].notna() & (found["T"] >= LONG)]
    noise = white_noise(tables, found["cell"])
    found = found.assign(survived=found["status"].ne("diverged") & (found[METRIC] < noise))
    fails = f"{PLAIN} fails from scratch at T >= {LONG} where M > N"
    claims = {PLAIN: (fails, False), CLIPPED: (f"{CLIPPED} trains there", True), GENTLE: (f"{GENTLE} trains there", True)}
    verdicts = []
    for recipe, (claim, wanted) in claims.items():
        own = found[found["recipe"] == recipe]
        if not own.empty:
            lengths = own.groupby("T")
            outcomes = [mostly(rows["survived"] == wanted) for _, rows in lengths]
            holds = False if False in outcomes else None if None in outcomes else True
            evidence = f"{'; '.join(_described(T, rows) for T, rows in lengths)}; white noise scores {noise:.3g}"
            verdicts.append(Verdict(claim, SOURCE, decide(holds, lengths["seed"].nunique().min(), SEEDS), evidence))
    return verdicts


def _recipes(cells: pd.DataFrame) -> pd.Series:
    clipped = parameter(cells, "clip_norm").fillna(0).astype(float) > 0
    gentle = clipped & parameter(cells, "curriculum").fillna("").astype(str).str.contains(r"\d")
    return clipped.map({False: PLAIN, True: CLIPPED}).mask(gentle, GENTLE)


def _described(T: int, rows) -> str:
    return f"T = {T}: {counted(rows['survived'])} survived, D_stsp {described(rows[METRIC])}"
