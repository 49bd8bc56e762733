"""A gradient: what a step of it takes, and which way backwards is fastest."""

import math

import methods
from bench.tuning import problems
from bench.tuning.fit import fitted
from bench.tuning.trial import Trial, Way, using
from methods.adjoint import Adjoint
from methods.layout import cost

SIZES = (3, 16, 24)  # M
C = 256  # steps of a window
LANES = (16, 64, 256)


def steps(trial: Trial) -> dict:
    """Value and gradient step by step, of one sequence and of several, and by windows."""
    sizes, T = trial.some(SIZES), trial.T(2048)
    ways = {
        (_form(S), S, M): Way(problems.gradient_of(problems.FORCED), problems.batch(M, T, S))
        for S in trial.some((1, 4, 16))
        for M in sizes
    }
    by_windows = methods.get("gtf-schwarz", alpha=0.2, window=C, adjoint_window=C, kernels="off")
    lanes = trial.some(LANES)
    ways |= {("windowed", n, M): Way(problems.gradient_of(by_windows), problems.batch(M, n * C, 1)) for n in lanes for M in sizes}
    memory = {M: problems.memory(M) for M in sizes}
    took = trial.seconds(ways)  # all of them in turn: what counts is their ratio
    with using(trial.costs):
        took = {key: took[key] / (cost.steps(memory[key[2]], C) if key[0] == "windowed" else T) for key in took}
    soft, full = trial.costs.windowed_bend

    def features(name, n, M):
        if name == "windowed":
            return 1, 1 / (M + soft), (M / full if M < full else 1) * n
        return 1, n, n * M

    return fitted(trial.costs, took, features)


def _form(S: int) -> str:
    return "gradient_alone" if S == 1 else "gradient_batch"


def backwards(trial: Trial) -> dict:
    """The adjoint alone, at windows four times as long as a memory: in one pass, and by windows in two ways."""
    memory = C // 4
    lanes, sizes = trial.some((16, 32, 64, 128)), trial.some(SIZES[:2])
    windows = Adjoint(adjoint_scan="windows", adjoint_window=C, adjoint_memory=memory)
    forms = {
        "one pass": (Adjoint(adjoint_scan="sequential"), {}),
        "multipliers": (windows, {"adds_up_lanes": math.inf}),
        "adds up": (windows, {"adds_up_lanes": 0}),
    }
    ways = {}
    for n in lanes:
        for M in sizes:
            given = problems.given(M, n * C, N=min(M, 3))
            arguments = (*given, problems.noise(n * C, M), problems.noise(n * C, M))
            ways |= {(form, n, M): Way(problems.backwards(how), arguments, changed) for form, (how, changed) in forms.items()}
    took = trial.seconds(ways)

    def by_windows(adds_up_lanes):
        return {(n, M): took["adds up" if n >= adds_up_lanes else "multipliers", n, M] for n in lanes for M in sizes}

    adds_up = trial.fastest("adds_up_lanes", (*lanes, math.inf), lambda limit: [*by_windows(limit).values()])

    def times(adjoint_lanes):
        return [seconds if n >= adjoint_lanes else took["one pass", n, M] for (n, M), seconds in by_windows(adds_up).items()]

    return {"adds_up_lanes": adds_up, "adjoint_lanes": trial.fastest("adjoint_lanes", (*lanes, math.inf), times)}
