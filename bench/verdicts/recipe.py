"""Which recipe survives long sequences where M > N: the plain one, gradient clipping, or clipping with a gentle start?

A gentle start is a curriculum from short sequences and a rate that rises from 0; the two are not told apart.

A recipe survives a length if no run of it diverges and the median D_stsp is below that of white noise.
"""

import pandas as pd

from bench.tables.grouping import of_measure, parameter
from bench.tables.reconstruction import runs
from bench.verdicts import Verdict, decide
from bench.verdicts.learned import METRIC, white_noise

SOURCE = "trials of ours"
SEEDS = 3
LONG = 800  # steps from which the plain recipe was seen to blow up
PLAIN, CLIPPED, GENTLE = "the plain recipe", "clipping", "clipping with rate warm-up and a curriculum"


def judge(tables) -> list[Verdict]:
    tables = of_measure(tables, "reconstruction")
    found = runs(tables).assign(recipe=lambda cells: _recipes(cells))
    if METRIC not in found:
        return []
    found = found[found[METRIC].notna() & (found["T"] >= LONG)]
    noise = white_noise(tables, found["cell"])
    fails = f"{PLAIN} fails from scratch at T >= {LONG} where M > N"
    claims = {PLAIN: (fails, False), CLIPPED: (f"{CLIPPED} trains there", True), GENTLE: (f"{GENTLE} trains there", True)}
    verdicts = []
    for recipe, (claim, wanted) in claims.items():
        own = found[found["recipe"] == recipe]
        if not own.empty:
            lengths = own.groupby("T")
            survived = lengths.apply(lambda rows: _survives(rows, noise), include_groups=False)
            holds = survived.all() if wanted else not survived.any()
            evidence = f"{'; '.join(_described(T, rows) for T, rows in lengths)}; white noise scores {noise:.3g}"
            verdicts.append(Verdict(claim, SOURCE, decide(bool(holds), lengths.size().min(), SEEDS), evidence))
    return verdicts


def _recipes(cells: pd.DataFrame) -> pd.Series:
    clipped = parameter(cells, "clip_norm").fillna(0).astype(float) > 0
    gentle = clipped & parameter(cells, "curriculum").fillna("").astype(str).str.contains(r"\d")
    return clipped.map({False: PLAIN, True: CLIPPED}).mask(gentle, GENTLE)


def _survives(rows, noise: float) -> bool:
    return not rows["status"].eq("diverged").any() and rows[METRIC].median() < noise


def _described(T: int, rows) -> str:
    lost = rows["status"].eq("diverged").sum()
    return f"T = {T}: {lost} of {len(rows)} runs diverged, median D_stsp {rows[METRIC].median():.3g}"
