"""A measured series: is training in parallel as good as training step by step, and is either any good?

Arms are compared as `bench.verdicts.ranks` says. A reconstruction counts as good where the median of D_stsp is nearer to the
floor, what two true pieces of the series score, than to what white noise scores. Published values for comparison are not known
to us.
"""

from bench.tables.grouping import of_measure, parameter, problems
from bench.tables.reconstruction import runs, scores
from bench.verdicts import Verdict, decide
from bench.verdicts.ranks import as_good, compared, described

SOURCE = "after arXiv:2306.04406; a question of ours"
SEEDS = 3
SEQUENTIAL, PARALLEL = "sequential", "gtf-schwarz"
NAMES = {"dstsp_gmm": "D_stsp", "power_spectrum_hellinger": "D_H", "n_step_rmse": "{steps}-step error"}


def judge(tables) -> list[Verdict]:
    tables = of_measure(tables, "reconstruction")
    found, references = runs(tables), scores(tables)
    references = references[references["metric"] == "dstsp_gmm"].groupby("cell")[["floor", "noise"]].max()
    found = found.assign(problem=problems(found)).merge(references, on="cell", how="left")
    verdicts = []
    for problem, own in found.groupby("problem", sort=False):
        verdicts += [_as_good(problem, own, metric) for metric in NAMES if metric in own]
        verdicts += [_good(problem, method, arm) for method, arm in own.groupby("method", sort=False) if "dstsp_gmm" in own]
    return verdicts


def _as_good(problem: str, own, metric: str) -> Verdict:
    parallel, sequential = (own[(own["method"] == name) & own[metric].notna()] for name in (PARALLEL, SEQUENTIAL))
    seeds = min(parallel["seed"].nunique(), sequential["seed"].nunique())
    steps = parameter(own, "rmse_steps").iloc[0] or "n"
    claim = f"{problem}: training in parallel over time is as good as sequential training by {NAMES[metric].format(steps=steps)}"
    holds = as_good(parallel[metric], sequential[metric])
    return Verdict(claim, SOURCE, decide(holds, seeds, SEEDS), compared(parallel[metric], sequential[metric]))


def _good(problem: str, method: str, arm) -> Verdict:
    arm = arm[arm["dstsp_gmm"].notna()]
    middle, floor, noise = arm[["dstsp_gmm", "floor", "noise"]].median()
    holds = bool(middle - floor < noise - middle) if floor < noise else None
    evidence = f"D_stsp {described(arm['dstsp_gmm'])}; two true pieces score {floor:.3g}, white noise {noise:.3g}"
    claim = f"{problem}: the reconstruction by {method} is nearer to the truth than to white noise"
    return Verdict(claim, SOURCE, decide(holds, arm["seed"].nunique(), SEEDS), evidence)
