"""Does training on longer sequences help? Where there is a slow time scale to be learned, and not on Lorenz-63.

D_stsp and the n-step error are tried for a trend over all runs, see `verdicts.ranks`. The error is called saturated at
short T where over the longer half of the lengths it stays the same, or changes by less than SLIGHT of its median. Nothing is
decided where no length scores better than white noise.
"""

import numpy as np

from bench.showing.frames.cells import of_measure
from bench.showing.frames.labels import problems
from bench.showing.frames.scores import runs
from bench.showing.verdicts import Verdict, decide
from bench.showing.verdicts.learned import METRIC, unless_untrained
from bench.showing.verdicts.ranks import described, trend

SOURCE = "arXiv:2605.12683, Figs. 3A and A3"
CONTROL = "lorenz63"
SEEDS = 3
SLIGHT = 0.1


def judge(tables) -> list[Verdict]:
    found = runs(of_measure(tables, "reconstruction"))
    found = found.assign(problem=problems(found))
    verdicts = []
    for (problem, method), own in found.groupby(["problem", "method"], sort=False):
        problem = f"{problem}, {method}" if found["method"].nunique() > 1 else problem
        control = (own["system"] == CONTROL).all()
        found_here = [_gain(problem, own, control)] + ([] if control else [_saturation(problem, own)])
        best = own.groupby("T")[METRIC].median().min() if METRIC in own else np.nan
        verdicts += unless_untrained(found_here, tables, own["cell"], best, "of the best length")
    return verdicts


def _gain(problem: str, own, control: bool) -> Verdict:
    lengths, seeds, evidence = _lengths(own, METRIC)
    found = trend(*_points(own, METRIC, lengths))
    falls = {"falls": True, "rises": False, "flat": False}.get(found.direction)
    if control:
        holds = None if falls is None else not falls
        claim, source = "without a slow time scale longer sequences do not lower D_stsp", "a control of ours"
    else:
        holds, claim, source = falls, "D_stsp falls with the sequence length T", SOURCE
    return Verdict(f"{problem}: {claim}", source, decide(holds, seeds, SEEDS), f"{found.evidence}; {evidence}")


def _saturation(problem: str, own) -> Verdict:
    lengths, seeds, evidence = _lengths(own, "n_step_rmse")
    longer = lengths[len(lengths) // 2 :]
    found = trend(*_points(own, "n_step_rmse", longer))
    steady = {"falls": found.ratio > 1 - SLIGHT, "rises": found.ratio < 1 + SLIGHT, "flat": True}.get(found.direction)
    holds = steady if len(lengths) > 2 else None
    span = f"over T = {longer[0]:g} to {longer[-1]:g} " if len(longer) > 1 else ""
    claim = f"{problem}: the n-step error saturates at short T"
    return Verdict(claim, SOURCE, decide(holds, seeds, SEEDS), f"{span}{found.evidence}; {evidence}")


def _points(own, metric: str, lengths):
    chosen = own[own["T"].isin(lengths)] if metric in own else own.iloc[:0].assign(**{metric: np.nan})
    return chosen["T"], chosen[metric]


def _lengths(own, metric: str):
    """The lengths with scores, the seeds at the ends, and the medians in words; a run that left no score is counted there."""
    values = own[metric] if metric in own else own["T"].astype(float) * np.nan
    counts = own.loc[values.notna()].groupby("T")["seed"].nunique()
    lengths = list(counts.index)
    seeds = int(min(counts.iloc[0], counts.iloc[-1])) if lengths else 0
    medians = [f"T = {T:g}: {described(values[own['T'] == T])}" for T in lengths]
    missing = int(values.isna().sum())
    return lengths, seeds, "; ".join(medians + ([f"{missing} runs left no score"] if missing else [])) or "no scores"
