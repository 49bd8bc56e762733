"""A step forwards: its form for one state, for few and for many, and what each takes."""

import dataclasses
import math

import jax

import methods
from bench.tuning import problems
from bench.tuning.fit import fitted
from bench.tuning.trial import Trial, Way, using
from methods.layout import cost

SIZES = (3, 16)  # M
C = 256  # steps of a window


def small(trial: Trial) -> dict:
    """Value and gradient of one sequence, whose products are those of one state."""

    def cases(M):
        return [Way(problems.gradient_of(problems.FORCED), problems.given(M, trial.T(4096)))]

    limit = trial.limit("small", (4, 8, 12, 16), cases, below={"small": math.inf}, above={"small": 0})
    return {"small": limit}


def joint_products(trial: Trial) -> dict:
    """Steps of 16 states in rows and of 64 in columns, with as many data as components and with fewer."""
    cases = [
        _run(lanes, problems.given(M, trial.T(4096), lanes, N=N), few_lanes=few)
        for lanes, few in ((16, math.inf), (64, 0))
        for M, N in ((3, 3), (16, 5))
    ]
    return {"joint_products": trial.choose("joint_products", (True, False), cases)}


def few_lanes(trial: Trial) -> dict:
    """Steps of states in rows and in columns."""

    def cases(n):
        return [_run(n, problems.given(M, trial.T(4096), n, N=3)) for M in SIZES]

    below, above = {"few_lanes": math.inf}, {"few_lanes": 0}
    limit = trial.limit("few_lanes", (8, 16, 32, 64, 128), cases, below=below, above=above)
    return {"few_lanes": max(1, limit)}  # a single lane never lies in columns


def summed_product(trial: Trial) -> dict:
    """Steps of few lanes and of many, with products of matrices and with sums up to a size."""
    cases = [_run(n, problems.given(M, trial.T(64), n), few_lanes=0) for M in SIZES for n in (64, 4096)]
    return {"summed_product": trial.choose("summed_product", (0.0, 2.0**18, 2.0**21, 2.0**24, 2.0**27), cases)}


def unroll(trial: Trial) -> dict:
    """Steps of many lanes, several in a turn of the loop."""
    cases = [_run(n, problems.given(M, trial.T(1024), n), few_lanes=0) for M in SIZES for n in (64, 1024)]
    return {"unroll": trial.choose("unroll", (1, 2, 4, 8), cases)}


def steps(trial: Trial) -> dict:
    """Whole passes forwards, so that what windows take beside their steps counts: step by step, and by few and many windows."""
    sequential, by_windows = problems.FORCED, methods.get("gtf-schwarz", alpha=0.2, window=C, kernels="off")
    ways, T = {}, trial.T(8192)
    for M in SIZES:
        ways |= {(S, 1, M): Way(sequential.solve, problems.batch(M, T // S, S)) for S in trial.some((1, 4, 16))}
        ways |= {(1, K, M): Way(by_windows.solve, problems.batch(M, K * C, 1)) for K in trial.some((16, 32, 64, 128, 256))}
    memory = {M: problems.memory(M) for M in SIZES}
    points = {}
    for (S, K, M), seconds in trial.seconds(ways).items():
        with using(trial.costs):
            in_turn = T // S if K == 1 else cost.steps(memory[M], C)
        form = "step_alone" if S * K == 1 else "step_rows" if S * K <= trial.costs.few_lanes else "step_columns"
        points[form, S * K, M, K] = seconds / in_turn / M  # only steps of one M are ever compared
    return fitted(trial.costs, points, lambda _, n, M, K: (1 / M, 1, n))


def _run(lanes: int, given: problems.Given, **changed) -> Way:
    def run(params, x):
        problem = problems.posed(params, x)
        columns = problem.inputs.swapaxes(1, 2)
        return problem.step.lanes(lanes).run(problem.z0.T, columns)

    return Way(run, given, changed)


def sweep(trial: Trial) -> dict:
    """What a sweep of XLA's programs takes beside the steps of its windows."""
    return {"sweep": beside_steps(trial, "sweep", by_kernels=False)}


def beside_steps(trial: Trial, name: str, *, by_kernels: bool) -> float:
    """Steps that a sweep takes beside those of its windows; the old number `name` where the steps cannot be told apart.

    Windows of two lengths of a map that never forgets are timed, so that every sweep goes through all of its steps.
    """
    given, K = problems.given(16, 1, 4), 8
    never = dataclasses.replace(given.params, A=given.params.A * 0 + 1, W1=given.params.W1 * 0)
    short, long = lengths = 32, trial.T(8192)
    ways = {
        C: Way(
            methods.get("gtf-schwarz", alpha=0.0, window=C, kernels="auto" if by_kernels else "off").solve,
            (never, problems.noise(4, K * C + 1, 1)),
            {"kernels": by_kernels},
        )
        for C in lengths
    }
    seconds = trial.seconds(ways)
    took = {C: seconds[C] / int(jax.jit(way.function)(*way.arguments).evaluations.max()) for C, way in ways.items()}
    one_step = (took[long] - took[short]) / (long - short)
    return round(max(0.0, took[short] / one_step - short), 1) if one_step > 0 else getattr(trial.costs, name)
