"""A gradient: what a step of it takes, and which way backwards is fastest."""

import math

import jax

import methods
from bench.tuning import problems
from bench.tuning.fit import fitted
from bench.tuning.trial import Trial, Way, using
from methods.adjoint import Adjoint
from methods.layout import cost
from methods.solvers.auto import forced_exponent

SIZES = (3, 16, 24)  # M
C = 256  # steps of a window
LANES = (16, 64, 256)


def steps(trial: Trial) -> dict:
    """Value and gradient step by step, of one sequence and of several, and by windows."""
    sizes, T = trial.some(SIZES), trial.T(2048)
    one_pass = {
        ("gradient_alone" if S == 1 else "gradient_batch", S, M): Way(problems.gradient_of(problems.FORCED), _given(M, T, S))
        for S in trial.some((1, 4, 16))
        for M in sizes
    }
    took = {key: seconds / T for key, seconds in trial.seconds(one_pass).items()}
    by_windows = methods.get("gtf-schwarz", alpha=0.2, window=C, adjoint_window=C)
    lanes = trial.some(LANES)
    ways = {("windowed", n, M): Way(problems.gradient_of(by_windows), _given(M, n * C, 1)) for n in lanes for M in sizes}
    memory = {M: _memory(*_given(M, 256, 1)) for M in sizes}
    found = trial.seconds(ways)
    with using(trial.costs):
        took |= {key: seconds / cost.steps(memory[key[2]], C) for key, seconds in found.items()}
    soft, full = trial.costs.windowed_bend

    def features(name, n, M):
        if name == "windowed":
            return 1, 1 / (M + soft), (M / full if M < full else 1) * n
        return 1, n, n * M

    return fitted(trial.costs, took, features)


def _given(M: int, T: int, S: int):
    given = problems.given(M, T, S, N=min(M, 3))
    return given.params, given.windows


def _memory(params, x) -> float:
    """Steps after which windows of single precision meet."""
    exponent = jax.jit(lambda params, x: forced_exponent(problems.posed(params, x), 256))(params, x.swapaxes(0, 1))
    return math.log(1e6) / -float(exponent)


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
