"""Fully observed Lorenz-63: as good as published, the right exponent, and as fast as one method lets the other be."""

import numpy as np

from bench.tables.reconstruction import scores, summarise
from bench.verdicts import Verdict, decide

PUBLISHED = 0.26  # D_stsp, 30 bins, Hess et al. 2023
EXPONENT = 0.906  # per unit time
SEEDS = 5


def judge(tables) -> list[Verdict]:
    found = scores(tables).merge(tables["cells"][["cell", "method"]], on="cell")
    verdicts = []
    for method, own in found.groupby("method", sort=False):
        of = {name: rows["value"].to_numpy(float) for name, rows in own.groupby("metric")}
        floor = own.loc[own["metric"] == "dstsp_bins", "floor"].max()
        verdicts += [_divergence(method, of["dstsp_bins"], floor)] if "dstsp_bins" in of else []
        verdicts += [_exponent(method, of["lyapunov_max"])] if "lyapunov_max" in of else []
    return verdicts + _speed(tables)


def _divergence(method: str, values, floor: float) -> Verdict:
    median = np.median(values)
    return Verdict(
        f"GTF reconstructs fully observed Lorenz-63 to D_stsp <= {PUBLISHED} (30 bins), here by {method}",
        "arXiv:2306.04406",
        decide(median <= PUBLISHED, len(values), SEEDS),
        f"median {median:.3g} over {len(values)} seeds: {_listed(values)}; two true orbits score {floor:.3g}",
    )


def _exponent(method: str, values) -> Verdict:
    near = np.abs(values - EXPONENT) <= 0.1 * EXPONENT
    return Verdict(
        f"the largest Lyapunov exponent of the models trained by {method} is within 10 % of {EXPONENT} for 3 of 5 seeds",
        "the literature's value for the true flow",
        decide(near.mean() >= 0.6, len(values), SEEDS),
        f"{near.sum()} of {len(values)} seeds: {_listed(values)} per unit time",
    )


def _speed(tables) -> list[Verdict]:
    rates = summarise(tables).groupby("method")["updates_per_second"].median()
    if not {"sequential", "gtf-schwarz"} <= set(rates.index):
        return []
    ratio = rates["gtf-schwarz"] / rates["sequential"]
    return [
        Verdict(
            "parallel-in-time training is faster than sequential training at this length",
            "arXiv:2605.12683, Fig. 1A",
            decide(ratio > 1, int(np.isfinite(ratio)), 1),
            f"gtf-schwarz {rates['gtf-schwarz']:.3g}, sequential {rates['sequential']:.3g} updates a second, all seeds together",
        )
    ]


def _listed(values) -> str:
    return ", ".join(f"{value:.3g}" for value in np.sort(values))
