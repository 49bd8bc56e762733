"""Fully observed Lorenz-63: as good as published, the right exponent, and as fast as one method lets the other be.

A run counts for the claims on quality or it does not; see `verdicts.ranks` for how many must. Seconds per update are
compared over seeds; trainings are not timed in turn, so that a disturbance of the machine may meet one of them alone.
"""

import numpy as np

from bench.showing.frames.cells import of_measure
from bench.showing.frames.scores import runs, scores
from bench.showing.frames.times import timed
from bench.showing.verdicts import Verdict, decide
from bench.showing.verdicts.ranks import above, compared, counted, described, mostly

PUBLISHED = 0.26  # D_stsp, 30 bins, Hess et al. 2023
EXPONENT = 0.906  # per unit time
SEEDS = 5
SEQUENTIAL, PARALLEL = "sequential", "gtf-schwarz"


def judge(tables) -> list[Verdict]:
    tables = of_measure(tables, "reconstruction")
    found, scored = runs(tables), scores(tables)
    floor = scored.loc[scored["metric"] == "dstsp_bins", "floor"].max()
    verdicts = []
    for method, own in found.groupby("method", sort=False):
        verdicts += [_divergence(method, _scored(own, "dstsp_bins"), floor)] if "dstsp_bins" in own else []
        verdicts += [_exponent(method, _scored(own, "lyapunov_max"))] if "lyapunov_max" in own else []
    return verdicts + _speed(tables)


def _scored(own, metric: str):
    """The runs that were scored; one that diverged before it had an exponent is not near any."""
    return own[own[metric].notna() | own["status"].isin(["ok", "diverged"])].assign(value=own[metric])


def _divergence(method: str, own, floor: float) -> Verdict:
    reached = own["value"] <= PUBLISHED
    return Verdict(
        f"GTF reconstructs fully observed Lorenz-63 to D_stsp <= {PUBLISHED} (30 bins), here by {method}",
        "arXiv:2306.04406",
        decide(mostly(reached), own["seed"].nunique(), SEEDS),
        f"{counted(reached)}: {described(own['value'])}; two true orbits score {floor:.3g}",
    )


def _exponent(method: str, own) -> Verdict:
    near = np.abs(own["value"] - EXPONENT) <= 0.1 * EXPONENT
    listed = ", ".join(f"{value:.3g}" for value in np.sort(own["value"]))
    return Verdict(
        f"the largest Lyapunov exponent of the models trained by {method} is within 10 % of {EXPONENT}",
        "the literature's value for the true flow",
        decide(mostly(near), own["seed"].nunique(), SEEDS),
        f"{counted(near)}: {listed} per unit time",
    )


def _speed(tables) -> list[Verdict]:
    calls = timed(tables).merge(tables["cells"][["cell", "method"]], on="cell")
    calls = calls[calls["phase"] == "update"]
    parallel, sequential = (calls[calls["method"] == name].groupby("seed")["seconds"].median() for name in (PARALLEL, SEQUENTIAL))
    if parallel.empty or sequential.empty:
        return []
    holds = True if above(sequential, parallel) else False if above(parallel, sequential) else None
    return [
        Verdict(
            "parallel-in-time training is faster than sequential training at this length",
            "arXiv:2605.12683, Fig. 1A",
            decide(holds, min(len(parallel), len(sequential)), SEEDS),
            f"milliseconds per update, a median per seed: {compared(1e3 * parallel, 1e3 * sequential)}",
        )
    ]
