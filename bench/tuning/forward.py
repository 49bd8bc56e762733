"""A step forwards: its form for one state, for few and for many, and what each takes."""

import dataclasses
import math

import jax

import methods
from bench.tuning import problems
from bench.tuning.fit import fitted
from bench.tuning.trial import Trial, Way

SIZES = (3, 16)  # M


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


def lanes(trial: Trial) -> dict:
    """Up to how many lanes rows are faster, and what a step of either form takes."""
    forms = {"step_rows": math.inf, "step_columns": 0}
    numbers = trial.some((8, 16, 32, 64, 128))
    shapes = [("step_alone", 1, M) for M in SIZES] + [(form, n, M) for form in forms for n in numbers for M in SIZES]
    steps = trial.T(4096)
    ways = {(form, n, M): _run(n, problems.given(M, steps, n, N=3), few_lanes=forms.get(form, math.inf)) for form, n, M in shapes}
    took = {key: seconds / steps for key, seconds in trial.seconds(ways).items()}

    def times(limit):
        return [took["step_rows" if n <= limit else "step_columns", n, M] for n in numbers for M in SIZES]

    few = trial.fastest("few_lanes", (1, *numbers), times)
    # the table holds times over M: only steps of one M are ever compared
    points = {key: seconds / key[2] for key, seconds in took.items()}
    return {"few_lanes": few} | fitted(trial.costs, points, lambda _, n, M: (1 / M, 1, n))


def _run(lanes: int, given: problems.Given, **changed) -> Way:
    def run(params, x):
        problem = problems.posed(params, x)
        columns = problem.inputs.swapaxes(1, 2)
        return problem.step.lanes(lanes).run(problem.z0.T, columns)

    return Way(run, given, changed)


def sweep(trial: Trial) -> dict:
    """Two lengths of windows of a map that never forgets, so that every sweep goes through all of its steps."""
    given, K = problems.given(16, 1, 4), 8
    never = dataclasses.replace(given.params, A=given.params.A * 0 + 1, W1=given.params.W1 * 0)
    short, long = lengths = 32, trial.T(8192)
    ways = {
        C: Way(methods.get("gtf-schwarz", alpha=0.0, window=C).solve, (never, problems.noise(4, K * C + 1, 1))) for C in lengths
    }
    seconds = trial.seconds(ways)
    took = {C: seconds[C] / int(jax.jit(way.function)(*way.arguments).evaluations.max()) for C, way in ways.items()}
    one_step = (took[long] - took[short]) / (long - short)
    return {"sweep": round(max(0.0, took[short] / one_step - short), 1) if one_step > 0 else trial.costs.sweep}
