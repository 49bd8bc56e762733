"""Which models can learn a slow drive that nobody observes? D_stsp of each class against that of the full shPLRNN.

Arms are compared as `verdicts.ranks` says. A rank above N repairs what rank N misses where it is better than rank N and
closes at least half of the gap to the full model; it does not where it stays above the full model and closes less. The spread
of an arm is the distance of its runs from their median, the median run itself left out. With k weights of a regulariser each is
tried at LEVEL / k. Nothing is decided where the full shPLRNN scores no better than white noise. That an arm is alike or as good
is not said where an arm has runs on either side of white noise: some have found the drive, and a few seeds do not tell how many
would.
"""

import dataclasses
from collections.abc import Iterator

import numpy as np
import pandas as pd

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
        arms = _Arms(problem, own, white_noise(tables, own["cell"]))
        judged = [*_misses(arms), *_alike(arms), *_extra_ranks(arms), *_mamba(arms), *_attractors(arms)]
        verdicts += unless_untrained(judged, tables, own["cell"], arms.full[METRIC].median(), "of the full shPLRNN")
    return verdicts


@dataclasses.dataclass(frozen=True)
class _Arms:
    """The runs on one problem that were scored, what white noise scores there, and a verdict on some of them."""

    problem: str
    runs: pd.DataFrame
    noise: float

    def of(self, methods, **settings) -> pd.DataFrame:
        """The runs of the first of the `methods` that has some, with these settings."""
        chosen = self.runs[self.runs["method"] == next((name for name in methods if name in set(self.runs["method"])), None)]
        for name, value in settings.items():
            chosen = chosen[chosen[name] == value]
        return chosen

    @property
    def full(self) -> pd.DataFrame:
        return self.of(FULL)

    def verdict(self, claim: str, holds: bool | None, evidence: str, *arms) -> Verdict:
        """A verdict that is undecided where one of the arms that it rests on has too few seeds."""
        seeds = min(arm["seed"].nunique() for arm in arms)
        return Verdict(f"{self.problem}: {claim}", SOURCE, decide(holds, seeds, SEEDS), evidence)

    def worse(self, first, second) -> bool | None:
        found = worse(first[METRIC], second[METRIC])
        return None if found is False and self.mixed(first, second) else found

    def mixed(self, *arms) -> bool:
        """Whether an arm has runs that score better than white noise and others that do not."""
        better = [scored(arm[METRIC]) < self.noise for arm in arms]
        return any(each.any() and not each.all() for each in better)


def _misses(arms: _Arms) -> Iterator[Verdict]:
    """Models without the rank to hold the drive."""
    for name, poor in {"an LSSM": arms.of(LSSM, mar=0), "a shPLRNN of rank N": arms.of(LOW_RANK, extra=0)}.items():
        if len(poor) and len(arms.full):
            claim = f"{name} misses the drive, its D_stsp is above the full shPLRNN's"
            yield arms.verdict(claim, arms.worse(poor, arms.full), *_pair(poor, arms.full))


def _alike(arms: _Arms) -> Iterator[Verdict]:
    lssm, lowest = arms.of(LSSM, mar=0), arms.of(LOW_RANK, extra=0)
    if len(lssm) and len(lowest):
        different = above(lssm[METRIC], lowest[METRIC]) or above(lowest[METRIC], lssm[METRIC])
        same = alike(lssm[METRIC], lowest[METRIC]) and not arms.mixed(lssm, lowest)
        yield arms.verdict("an LSSM is like a shPLRNN of rank N", False if different else same or None, *_pair(lssm, lowest))


def _extra_ranks(arms: _Arms) -> Iterator[Verdict]:
    """Ranks above N, each against rank N and the full model."""
    lowest, full = arms.of(LOW_RANK, extra=0), arms.full
    for extra in sorted(set(arms.of(LOW_RANK)["extra"]) - {0}) if len(lowest) and len(full) else ():
        repaired = arms.of(LOW_RANK, extra=extra)
        holds, share = _repairs(lowest[METRIC], repaired[METRIC], full[METRIC])
        closed = "there is no gap" if np.isnan(share) else f"{share:.0%} of the gap closed"
        evidence = f"{_pair(repaired, lowest)[0]}; full {described(full[METRIC])}: {closed}"
        yield arms.verdict(f"rank N + {extra:g} repairs what rank N misses", holds, evidence, lowest, repaired, full)


def _mamba(arms: _Arms) -> Iterator[Verdict]:
    full = arms.full
    for M, other in arms.of(MAMBA).groupby("latent_dim") if len(full) else ():
        yield arms.verdict(f"Mamba-2 (M={M:g}) is worse than the full shPLRNN", arms.worse(other, full), *_pair(other, full))
        spreads = _deviations(other[METRIC]), _deviations(full[METRIC])
        claim = f"Mamba-2 (M={M:g}) varies more over seeds than the full shPLRNN"
        yield arms.verdict(claim, worse(*spreads), f"distance from the median of D_stsp {compared(*spreads)}", other, full)


def _attractors(arms: _Arms) -> Iterator[Verdict]:
    """All weights of the regulariser together, each tried at its share of LEVEL."""
    plain = arms.of(LSSM, mar=0)
    regularised = {weight: arm for weight, arm in arms.of(LSSM).groupby("mar") if weight > 0}
    if not regularised or not len(plain):
        return
    level = LEVEL / len(regularised)
    helped = any(above(plain[METRIC], arm[METRIC], level) for arm in regularised.values())
    no_better = all(as_good(plain[METRIC], arm[METRIC], level) for arm in regularised.values())
    no_better = no_better and not arms.mixed(plain, *regularised.values())
    evidence = "; ".join(f"mar_weight {tidy(weight)}: {_pair(arm, plain)[0]}" for weight, arm in regularised.items())
    claim = "manifold-attractor regularisation does not help the LSSM"
    yield arms.verdict(claim, False if helped else no_better or None, evidence, plain, *regularised.values())


def _repairs(lowest, repaired, full) -> tuple[bool | None, float]:
    """Whether, and the share of the gap of the medians that is closed; infinite medians close nothing, or all."""
    bad, now, good = (np.median(scored(values)) for values in (lowest, repaired, full))
    if not bad > good:
        return None, np.nan
    share = float(np.isfinite(now)) if np.isinf(bad) else (bad - now) / (bad - good)
    if above(lowest, repaired) and share >= 0.5:
        return True, share
    return (False if above(repaired, full) and share < 0.5 else None), share


def _deviations(values):
    """Distances from the median; where that is infinite, nothing can be said."""
    values = scored(values)
    middle = np.median(values) if len(values) else np.nan
    distances = np.sort(np.abs(values - middle)) if np.isfinite(middle) else np.array([])
    return distances[len(distances) % 2 :]


def _pair(first, second):
    """The evidence, and the two arms whose seeds count."""
    return f"D_stsp {compared(first[METRIC], second[METRIC])}", first, second


def _number(found, name: str):
    """A parameter, 0 for the methods that do not have it."""
    return parameter(found, name).map(lambda value: value or 0.0).astype(float)
