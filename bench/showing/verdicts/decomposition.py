"""Can the training on one sequence be cut into windows that talk to their neighbours only, and what does the cut cost?

Arms are compared where all other settings agree, each score divided by the median of the second arm there, and then pooled; see
`verdicts.ranks` for the tests. A local loss flatters where the undecomposed loss of the same parameters is more than
MARGIN times as large, by a sign test over runs. Of D'Amore 2025 the abstract alone is known to us: her claims are read into
measures of ours.
"""

import numpy as np
import pandas as pd

from bench.showing.frames.cells import of_measure, parameter
from bench.showing.frames.labels import problems
from bench.showing.frames.scores import runs
from bench.showing.verdicts import Verdict, decide
from bench.showing.verdicts.ranks import as_good, compared, counted, described, mostly, scored, worse
from bench.showing.vocabulary.symbols import SCORES

SOURCE, OURS = "doi 10.17352/tcsit.000091, abstract", "a question of ours"
SEEDS = 5
MARGIN = 1.1
SEQUENTIAL, SHARED = "sequential", "schwarz-shared"
LOCAL, GOSSIP, MEAN = "schwarz-local", "schwarz-gossip", "schwarz-mean"
WHOLE = ["problem", "alpha", "T", "latent_dim"]
CUT = ["windows", "overlap", "order", "window_start"]
COMPARED = ("sequence_loss", "dstsp_gmm", "interface_jump")


def judge(tables) -> list[Verdict]:
    found = runs(of_measure(tables, "reconstruction"))
    settings = {name: parameter(found, name) for name in [*CUT, "match_weight"]}
    found = found.assign(problem=problems(found), **settings)
    for metric in [*COMPARED, "local_loss", "parameter_spread"]:
        found[metric] = found[metric].astype(float) if metric in found else np.nan
    found = found[["method", "seed", *WHOLE, *settings, *COMPARED, "local_loss", "parameter_spread"]]
    own = {method: rows for method, rows in found.groupby("method")}
    verdicts = [_agreement(own), _matching(own), *_neighbours(own)]
    arms = {method: own[method] for method in (SHARED, GOSSIP, MEAN, LOCAL) if method in own}
    arms = {name: arm for method, whole in arms.items() for name, arm in _by_start(method, whole).items()}
    verdicts += [_cost(name, arm, own[SEQUENTIAL]) for name, arm in arms.items() if SEQUENTIAL in own]
    verdicts += [_flattery(name, arm) for name, arm in arms.items()]
    return [verdict for verdict in verdicts if verdict]


def _agreement(own) -> Verdict | None:
    """Windows that share parameters are the measure: theirs agree by construction."""
    if not {LOCAL, SHARED} <= own.keys():
        return None
    claim = "matching overlaps makes local RNNs agree: they meet as closely as windows that share their parameters"
    matched = own[LOCAL][own[LOCAL]["match_weight"].fillna(0) > 0]
    first, second, seeds = _relative(matched, own[SHARED], "interface_jump", WHOLE + CUT)
    evidence = f"{_evidence('interface_jump', first, second)}; spread of the parameters {described(matched['parameter_spread'])}"
    return Verdict(claim, SOURCE, decide(as_good(first, second), seeds, SEEDS), evidence)


def _matching(own) -> Verdict | None:
    """Only where it was varied."""
    local = own.get(LOCAL)
    if local is None or not {True, False} <= set(local["match_weight"].fillna(0) > 0):
        return None
    weighed = local["match_weight"].fillna(0) > 0
    without, matched, seeds = _relative(local[~weighed], local[weighed], "interface_jump", WHOLE + CUT)
    claim = "without the match of the overlaps local RNNs agree less"
    return Verdict(claim, SOURCE, decide(worse(without, matched), seeds, SEEDS), _evidence("interface_jump", without, matched))


def _neighbours(own) -> list[Verdict]:
    if not {GOSSIP, MEAN} <= own.keys():
        return []
    verdicts = []
    for metric in ("sequence_loss", "dstsp_gmm"):
        first, second, seeds = _relative(own[GOSSIP], own[MEAN], metric, WHOLE + CUT)
        claim = f"exchange with the nearest neighbours suffices: as good as a mean over all windows by {SCORES[metric].words}"
        holds = decide(as_good(first, second), seeds, SEEDS)
        verdicts.append(Verdict(claim, SOURCE, holds, _evidence(metric, first, second)))
    return verdicts


def _by_start(method: str, own) -> dict:
    """A method's arms: where windows start decides what it can learn, the order of the sweep only how soon."""
    if own["window_start"].nunique() < 2:
        return {method: own}
    return {f"{method} (windows start at {start})": arm for start, arm in own.groupby("window_start")}


def _cost(name: str, own, sequential) -> Verdict:
    first, second, seeds = _relative(own, sequential, "sequence_loss", WHOLE)
    claim = f"{name} ends at a loss as low as training without a cut"
    return Verdict(claim, OURS, decide(as_good(first, second), seeds, SEEDS), _evidence("sequence_loss", first, second))


def _flattery(name: str, own) -> Verdict:
    own = own.assign(ratio=own["sequence_loss"] / own["local_loss"])
    own = own[own["ratio"].notna()]
    flatters = own["ratio"] > MARGIN
    evidence = f"whole sequence / local: {described(own['ratio'])}, above {MARGIN:g} in {counted(flatters)}"
    claim = f"the local loss of {name} flatters: the same parameters lose more on the whole sequence"
    return Verdict(claim, OURS, decide(mostly(flatters), own["seed"].nunique(), SEEDS), evidence)


def _relative(first, second, metric: str, by: list[str]):
    """Scores of both arms where both have some, over the median of the second arm there; and the seeds of the poorer arm."""
    arms = [
        arm[arm[metric].notna()].assign(**{name: arm[name].astype(object).fillna("") for name in by}) for arm in (first, second)
    ]
    middles = arms[1].groupby(by)[metric].median().rename("middle").reset_index()
    common = arms[0][by].drop_duplicates().merge(middles)
    # A median of infinity, or of zero, has no ratios; ranks need none.
    common["middle"] = common["middle"].where(np.isfinite(common["middle"]) & (common["middle"] > 0), 1.0)
    kept: list[pd.DataFrame] = [arm.merge(common, on=by) for arm in arms]
    values = [scored(arm[metric].astype(float) / arm["middle"]) for arm in kept]
    return *values, min(arm["seed"].nunique() for arm in kept)


def _evidence(metric: str, first, second) -> str:
    if not len(first) or not len(second):
        return f"no settings in which both have a {SCORES[metric].words}"
    return f"{SCORES[metric].words}, relative to the second arm's median: {compared(first, second)}"
