"""A measured series: is training in parallel as good as training step by step, and is either any good?

Arms are compared, and runs counted, as `verdicts.ranks` says. A run is good where its D_stsp is nearer to the floor, what
two true pieces of the series score, than to what white noise scores; and as good as published where, in the published estimator
(30 bins per axis), it is no further above the published median than half of the published runs are.
"""

from bench.showing.frames.cells import of_measure, parameter
from bench.showing.frames.labels import problems
from bench.showing.frames.scores import runs, scores
from bench.showing.verdicts import Verdict, decide
from bench.showing.verdicts.ranks import as_good, compared, counted, described, mostly
from bench.showing.vocabulary.symbols import SCORES

SOURCE = "after arXiv:2306.04406; a question of ours"
SEEDS = 3
SEQUENTIAL, PARALLEL = "sequential", "gtf-schwarz"
COMPARED = ("dstsp_gmm", "power_spectrum_hellinger", "n_step_rmse")
BINS = "dstsp_bins"
PUBLISHED, DEVIATION, PUBLISHED_RUNS = 4.3, 0.6, 20  # D_stsp by bins, median and its median absolute deviation


def judge(tables) -> list[Verdict]:
    tables = of_measure(tables, "reconstruction")
    found, bounds = runs(tables), scores(tables).groupby(["metric", "cell"])[["floor", "noise"]].max()
    found = found.assign(problem=problems(found))
    verdicts = []
    for problem, own in found.groupby("problem", sort=False):
        arms = {method: arm for method, arm in own.groupby("method", sort=False)}
        verdicts += [_as_good(problem, own, metric) for metric in COMPARED if metric in own]
        verdicts += [_good(problem, *arm, bounds) for arm in arms.items() if "dstsp_gmm" in own]
        verdicts += [_published(problem, *arm, bounds) for arm in arms.items() if BINS in own]
    return verdicts


def _as_good(problem: str, own, metric: str) -> Verdict:
    parallel, sequential = (own[(own["method"] == name) & own[metric].notna()] for name in (PARALLEL, SEQUENTIAL))
    seeds = min(parallel["seed"].nunique(), sequential["seed"].nunique())
    steps = parameter(own, "rmse_steps").iloc[0] or "n"
    score = SCORES[metric].words.format(steps=steps)
    claim = f"{problem}: training in parallel over time is as good as sequential training by {score}"
    holds = as_good(parallel[metric], sequential[metric])
    return Verdict(claim, SOURCE, decide(holds, seeds, SEEDS), compared(parallel[metric], sequential[metric]))


def _good(problem: str, method: str, arm, bounds) -> Verdict:
    arm, beside = _beside(arm, "dstsp_gmm", bounds)
    known = arm[arm["floor"] < arm["noise"]]
    near = known["dstsp_gmm"] - known["floor"] < known["noise"] - known["dstsp_gmm"]
    claim = f"{problem}: the reconstruction by {method} is nearer to the truth than to white noise"
    evidence = f"{counted(near)}: D_stsp {described(arm['dstsp_gmm'])}; {beside}"
    return Verdict(claim, SOURCE, decide(mostly(near), known["seed"].nunique(), SEEDS), evidence)


def _published(problem: str, method: str, arm, bounds) -> Verdict:
    arm, beside = _beside(arm, BINS, bounds)
    reached = arm[BINS] <= PUBLISHED + DEVIATION
    claim = f"{problem}: {method} reaches the published D_stsp of {PUBLISHED} ± {DEVIATION} (30 bins, {PUBLISHED_RUNS} runs)"
    evidence = f"{counted(reached)} at or below {PUBLISHED + DEVIATION:g}: {described(arm[BINS])}; {beside}"
    return Verdict(claim, "arXiv:2306.04406, Table 1", decide(mostly(reached), arm["seed"].nunique(), SEEDS), evidence)


def _beside(arm, metric: str, bounds):
    """The runs that were scored, with what a score stands between, also in words."""
    known = bounds[bounds.index.get_level_values("metric") == metric].droplevel("metric")
    arm = arm[arm[metric].notna()].merge(known, left_on="cell", right_index=True, how="left")
    return arm, f"two true pieces score {arm['floor'].median():.3g}, white noise {arm['noise'].median():.3g}"
