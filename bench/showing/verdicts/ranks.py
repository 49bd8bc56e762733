"""One rule for every verdict: scores over seeds are compared by rank, and runs are counted. No median alone decides anything.

A diverged run, infinitely bad, counts in ranks as what it is: worse than any other.

    worse     `first` scores above `second`: one-sided Mann-Whitney test, p <= LEVEL
    as good   not worse, and its median no higher than the range of `second`, nor that of `second` lower than its range
    alike     each is as good as the other
    mostly    more than half of all runs like these would meet a criterion, or fewer than half: one-sided sign test, p <= LEVEL
    a trend   Spearman's rank correlation over all runs, one-sided p <= LEVEL; flat where neither sign passes and the runs at both
              ends are alike

What is none of these is undecided. Smaller is better throughout. Complete separation of 3 against 3 seeds has p = LEVEL, five of
five runs that meet a criterion have p = 0.03. The p-values of ranks are exact, ties included, up to MOST_ORDERS arrangements.
"""

import dataclasses
import itertools
import math

import numpy as np

LEVEL = 0.05
MOST_ORDERS = 20_000
_ROUNDING = 1e-9


@dataclasses.dataclass(frozen=True)
class Trend:
    direction: str  # falls, rises, flat, or "" where that is undecided
    evidence: str
    ratio: float = np.nan  # of the medians at the ends


def scored(values) -> np.ndarray:
    """The scores of the runs that have one; infinite ones are of diverged runs and stay."""
    values = np.asarray(values, dtype=float)
    return values[~np.isnan(values)]


def above(first, second, level: float = LEVEL) -> bool:
    """Whether `first` scores above `second`."""
    return p_above(first, second) <= level + _ROUNDING


def p_above(first, second) -> float:
    """One-sided p-value of the Mann-Whitney test, 1 where there is nothing to compare."""
    from scipy import stats

    first, second = scored(first), scored(second)
    if not len(first) or not len(second) or len(np.unique([*first, *second])) == 1:
        return 1.0
    if math.comb(len(first) + len(second), len(first)) > MOST_ORDERS:
        return float(stats.mannwhitneyu(first, second, alternative="greater", method="asymptotic").pvalue)
    # scipy's exact method knows no ties, and runs that diverged are tied
    places = stats.rankdata([*first, *second])
    sums = [sum(chosen) for chosen in itertools.combinations(places, len(first))]
    return float(np.mean(np.array(sums) >= places[: len(first)].sum() - _ROUNDING))


def as_good(first, second, level: float = LEVEL) -> bool | None:
    """Whether `first` is no worse than `second`; None: undecided, as where most runs of `first` diverged."""
    first, second = scored(first), scored(second)
    if not len(first) or not len(second):
        return None
    if above(first, second, level):
        return False
    middle, other = np.median(first), np.median(second)
    return True if np.isfinite(middle) and middle <= second.max() and other >= first.min() else None


def alike(first, second) -> bool:
    """Whether each is as good as the other."""
    return bool(as_good(first, second) and as_good(second, first))


def worse(first, second) -> bool | None:
    """Whether `first` is worse than `second`; None: undecided."""
    good = as_good(first, second)
    return None if good is None else not good


def mostly(meets) -> bool | None:
    """Whether most runs like these meet a criterion; None: undecided, as always with fewer than five."""
    if sign_p(meets) <= LEVEL:
        return True
    return False if sign_p(~np.asarray(meets, dtype=bool)) <= LEVEL else None


def sign_p(meets) -> float:
    """One-sided p-value of the sign test that more than half do, 1 where there are none."""
    from scipy import stats

    meets = np.asarray(meets, dtype=bool)
    return float(stats.binomtest(int(meets.sum()), len(meets), alternative="greater").pvalue) if len(meets) else 1.0


def counted(meets) -> str:
    """`4 of 5 runs (p = 0.19)`, p being that of the majority."""
    meets = np.asarray(meets, dtype=bool)
    return f"{meets.sum()} of {len(meets)} runs (p = {min(sign_p(meets), sign_p(~meets)):.2g})"


def trend(x, values) -> Trend:
    """Whether the scores fall or rise with x, of which there are at least two values."""
    from scipy import stats

    x, values = np.asarray(x, dtype=float), np.asarray(values, dtype=float)
    x, values = x[~np.isnan(values)], values[~np.isnan(values)]
    if len(np.unique(x)) < 2:
        return Trend("", "fewer than two lengths have scores")
    first, last = values[x == x.min()], values[x == x.max()]
    if len(np.unique(values)) == 1:
        return Trend("flat" if np.isfinite(values[0]) else "", f"all {len(values)} runs score {values[0]:.3g}")
    ratio = np.median(last) / np.median(first) if np.isfinite(np.median(last)) else np.inf
    rho, falling = (float(number) for number in stats.spearmanr(x, values, alternative="less"))
    direction = ""
    if falling <= LEVEL and np.median(last) < np.median(first):
        direction = "falls"
    elif 1 - falling <= LEVEL and np.median(last) > np.median(first):
        direction = "rises"
    elif LEVEL < falling < 1 - LEVEL and alike(first, last):
        direction = "flat"
    p = f"p(falling) = {falling:.2g}" if falling <= 0.5 else f"p(rising) = {1 - falling:.2g}"
    return Trend(direction, f"Spearman's rho = {rho:.2f}, {p} over {len(values)} runs", ratio)


def described(values) -> str:
    """`0.31 [0.2, 0.5] over 5 runs, 1 of them diverged`."""
    values = scored(values)
    if not len(values):
        return "no scores"
    lost = int(np.isinf(values).sum())
    runs = f"{len(values)} run{'s' if len(values) > 1 else ''}"
    return f"{np.median(values):.3g} [{values.min():.3g}, {values.max():.3g}] over {runs}" + (
        f", {lost} diverged" if lost else ""
    )


def compared(first, second) -> str:
    """`A against B (p = 0.004)`, p being that of the direction in which the medians differ."""
    p = min(p_above(first, second), p_above(second, first))
    return f"{described(first)} against {described(second)} (p = {p:.2g})"
