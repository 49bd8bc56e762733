"""Which models can learn a slow drive that nobody observes? D_stsp of each class against that of the full shPLRNN.

Arms are compared as `verdicts.ranks` says. A rank above N repairs what rank N misses where it is better than rank N and
closes at least half of the gap to the full model; it does not where it stays above the full model and closes less. The spread
of an arm is the distance of its runs from their median, the median run itself left out. With k weights of a regulariser each is
tried at LEVEL / k. Nothing is decided where the full shPLRNN scores no better than white noise. That an arm is alike or as good
is not said where an arm has runs on either side of white noise: some have found the drive, and a few seeds do not tell how many
would.
"""

import numpy as np

from bench.showing.frames.cells import of_measure, parameter
from bench.showing.frames.labels import problems
from bench.showing.frames.scores import runs
from bench.showing.verdicts import Verdict, decide
from bench.showing.verdicts.learned import METRIC, unless_untrained, white_noise
from bench.showing.verdicts.ranks import LEVEL, above, alike, as_good, compared, described, scored, worse
from bench.showing.vocabulary.numbers import tidy

SOURCE = "arXiv:2605.12683, Figs. 3B and A2"
SEEDS = 3
# The methods that train each class of models; of several in a table the first is judged.
FULL, LOW_RANK, LSSM, MAMBA = ("gtf-schwarz", "gtf-deer"), ("low-rank-schwarz", "low-rank"), ("lssm",), ("mamba2",)


def judge(tables) -> list[Verdict]:
    found = runs(of_measure(tables, "reconstruction"))
    if METRIC not in found:
        return []
    found = found.assign(problem=problems(found), extra=_number(found, "extra_rank"), mar=_number(found, "mar_weight"))
    verdicts = []
    for problem, own in found[found[METRIC].notna()].groupby("problem", sort=False):
        full = own[own["method"].isin(FULL)]
        judged = _of(problem, own, white_noise(tables, own["cell"]))
        verdicts += unless_untrained(judged, tables, own["cell"], full[METRIC].median(), "of the full shPLRNN")
    return verdicts


def _of(problem: str, own, noise: float) -> list[Verdict]:
    def arm(names, **settings):
        chosen = own[own["method"] == next((name for name in names if name in set(own["method"])), None)]
        for name, value in settings.items():
            chosen = chosen[chosen[name] == value]
        return chosen

    def verdict(claim, holds, evidence, *arms):
        return Verdict(f"{problem}: {claim}", SOURCE, decide(holds, min(map(_seeds, arms)), SEEDS), evidence)

    full, lowest, lssm, verdicts = arm(FULL), arm(LOW_RANK, extra=0), arm(LSSM, mar=0), []
    for name, misses in {"an LSSM": lssm, "a shPLRNN of rank N": lowest}.items():
        if len(misses) and len(full):
            holds = _worse(misses, full, noise)
            verdicts.append(
                verdict(f"{name} misses the drive, its D_stsp is above the full shPLRNN's", holds, *_pair(misses, full))
            )
    if len(lssm) and len(lowest):
        different = above(lssm[METRIC], lowest[METRIC]) or above(lowest[METRIC], lssm[METRIC])
        same = alike(lssm[METRIC], lowest[METRIC]) and not _mixed(noise, lssm, lowest)
        holds = False if different else same or None
        verdicts.append(verdict("an LSSM is like a shPLRNN of rank N", holds, *_pair(lssm, lowest)))
    for extra in sorted(set(arm(LOW_RANK)["extra"]) - {0}):
        repaired = arm(LOW_RANK, extra=extra)
        if len(lowest) and len(full):
            holds, share = _repairs(lowest[METRIC], repaired[METRIC], full[METRIC])
            closed = "there is no gap" if np.isnan(share) else f"{share:.0%} of the gap closed"
            evidence = f"{_pair(repaired, lowest)[0]}; full {described(full[METRIC])}: {closed}"
            verdicts.append(verdict(f"rank N + {extra:g} repairs what rank N misses", holds, evidence, lowest, repaired, full))
    return verdicts + _mamba(arm(MAMBA), full, noise, verdict) + _attractors(arm(LSSM), lssm, noise, verdict)


def _mamba(mamba, full, noise, verdict) -> list[Verdict]:
    verdicts = []
    for M, other in mamba.groupby("latent_dim") if len(full) else ():
        spreads = _deviations(other[METRIC]), _deviations(full[METRIC])
        verdicts += [
            verdict(f"Mamba-2 (M={M:g}) is worse than the full shPLRNN", _worse(other, full, noise), *_pair(other, full)),
            verdict(
                f"Mamba-2 (M={M:g}) varies more over seeds than the full shPLRNN",
                worse(*spreads),
                f"distance from the median of D_stsp {compared(*spreads)}",
                *(other, full),
            ),
        ]
    return verdicts


def _attractors(regularised, plain, noise, verdict) -> list[Verdict]:
    arms = {weight: arm for weight, arm in regularised.groupby("mar") if weight > 0}
    if not arms or not len(plain):
        return []
    helped = any(above(plain[METRIC], arm[METRIC], LEVEL / len(arms)) for arm in arms.values())
    no_better = all(as_good(plain[METRIC], arm[METRIC], LEVEL / len(arms)) for arm in arms.values())
    no_better = no_better and not _mixed(noise, plain, *arms.values())
    evidence = "; ".join(f"mar_weight {tidy(weight)}: {_pair(arm, plain)[0]}" for weight, arm in arms.items())
    return [
        verdict(
            "manifold-attractor regularisation does not help the LSSM",
            False if helped else no_better or None,
            evidence,
            plain,
            *arms.values(),
        )
    ]


def _repairs(lowest, repaired, full) -> tuple[bool | None, float]:
    """Whether, and the share of the gap of the medians that is closed; infinite medians close nothing, or all."""
    bad, now, good = (np.median(scored(values)) for values in (lowest, repaired, full))
    if not bad > good:
        return None, np.nan
    share = float(np.isfinite(now)) if np.isinf(bad) else (bad - now) / (bad - good)
    if above(lowest, repaired) and share >= 0.5:
        return True, share
    return (False if above(repaired, full) and share < 0.5 else None), share


def _worse(first, second, noise: float) -> bool | None:
    found = worse(first[METRIC], second[METRIC])
    return None if found is False and _mixed(noise, first, second) else found


def _mixed(noise: float, *arms) -> bool:
    """Whether an arm has runs that score better than white noise and others that do not."""
    better = [scored(arm[METRIC]) < noise for arm in arms]
    return any(each.any() and not each.all() for each in better)


def _deviations(values):
    """Distances from the median; where that is infinite, nothing can be said."""
    values = scored(values)
    middle = np.median(values) if len(values) else np.nan
    distances = np.sort(np.abs(values - middle)) if np.isfinite(middle) else np.array([])
    return distances[len(distances) % 2 :]


def _pair(first, second):
    """The evidence, and the two arms whose seeds count."""
    return f"D_stsp {compared(first[METRIC], second[METRIC])}", first, second


def _seeds(arm) -> int:
    return arm["seed"].nunique()


def _number(found, name: str):
    """A parameter, 0 for the methods that do not have it."""
    return parameter(found, name).map(lambda value: value or 0.0).astype(float)
