"""A method that fails leaves a row that says how, is never timed, and does not disturb the others.

The measures run in this process on a chaotic model that is put in place of a trained one.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from bench.cell import Cell
from bench.measure import accuracy, convergence, runtime
from bench.measure.trained import windows
from methods.models import ShallowPLRNN

pytest_plugins = ["runner_doubles"]

TOYS = """
import dataclasses

import jax.numpy as jnp

from methods.method import Method
from methods.solvers.base import Iterative
from methods.solvers.newton import Newton


@dataclasses.dataclass(frozen=True)
class Breaks(Iterative):
    def update(self, problem, at):
        return at.image * jnp.nan


@dataclasses.dataclass(frozen=True)
class Shifts(Newton):
    def solve(self, problem, guess):
        solution = super().solve(problem, guess)
        return solution._replace(states=problem.previous(solution.states))


METHODS = {"breaks": Method(solver=Breaks()), "shifts": Method(solver=Shifts())}
"""
T = 150


def chaotic(model, system, *, dtype, **_):
    """A clipped shPLRNN that runs free with a Lyapunov exponent of 0.4 a step: more than Newton solves in a hundred updates."""
    rng = np.random.default_rng(7)
    M, L = model.latent_dim, model.hidden_dim
    return ShallowPLRNN.from_arrays(
        A=jnp.full(M, 0.9, dtype),
        W1=jnp.asarray(1.5 * rng.standard_normal((M, L)), dtype),
        W2=jnp.asarray(rng.standard_normal((L, M)), dtype),
        h1=jnp.zeros(M, dtype),
        h2=jnp.asarray(rng.standard_normal(L), dtype),
        B=jnp.eye(3, M, dtype=dtype),
        clipped=True,
    )


@pytest.fixture(autouse=True)
def untrained(monkeypatch, plug_in, tmp_path):
    (tmp_path / "toys.py").write_text(TOYS)
    plug_in(tmp_path / "toys.py")
    for measure in (runtime, convergence):
        monkeypatch.setattr(measure, "trained", chaotic)


def cell(measure, method, T=T, dtype="float32", **parameters):
    parameters = {"latent_dim": 3, "hidden_dim": 10, "clipped": True, "alpha": 0.9} | parameters
    settings = {"repeats": 3} if measure == "runtime" else {}
    return Cell(measure, method, "lorenz63", T=T, batch=2, dtype=dtype, method_parameters=parameters, measure_parameters=settings)


def run(cells):
    """Outcome of each cell by method and alpha, and the order in which cells were worked on."""
    order = []
    outcomes = dict(cells[0].build_measure().run(cells, lambda cell: order.append(cells.index(cell))))
    assert set(outcomes) == set(cells)
    return [outcomes[cell] for cell in cells], order


FAILURES = {
    "breaks": ("breaks", {}, {"diverged"}),
    "capped": ("gtf-deer", {"max_iterations": 1}, {"not_converged"}),
    "unforced": ("gtf-deer", {"alpha": 0.0}, {"not_converged", "diverged"}),
    "shifted": ("shifts", {}, {"wrong_answer"}),
}


def test_runtime_times_right_answers_in_turn_and_names_the_others():
    failing = [cell("runtime", method, **parameters) for method, parameters, _ in FAILURES.values()]
    cells = [cell("runtime", "sequential"), *failing, cell("runtime", "gtf-deer")]
    outcomes, order = run(cells)
    first, last = 0, len(cells) - 1
    for outcome, (_, _, statuses) in zip(outcomes[1:last], FAILURES.values(), strict=True):
        assert outcome.status in statuses and not outcome.tables["runtime"]
    assert outcomes[1 + list(FAILURES).index("shifted")].columns["value_error"] > 0.01
    for outcome in (outcomes[first], outcomes[last]):
        assert outcome.status == "ok"
        assert outcome.columns["value_error"] < 1e-4 and outcome.columns["gradient_error"] < 3e-3
        repetitions = [(row["repetition"], row["phase"]) for row in outcome.tables["runtime"]]
        assert repetitions == [(i, phase) for i in range(3) for phase in ("forward", "gradient")]
        assert all(row["seconds"] > 0 for row in outcome.tables["runtime"])
    turns = order[order.index(last) + 1 :]  # once the last one is ready, the two take turns, and then give their answers
    assert turns == [first, last] * 4


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_single_step_is_measured_in_either_precision(dtype):
    for measure in ("runtime", "convergence"):
        outcomes, _ = run([cell(measure, "gtf-deer", T=1, dtype=dtype)])
        assert outcomes[0].status == "ok"
        assert outcomes[0].columns["value_error"] <= accuracy.VALUE_TOLERANCE[dtype]


def test_convergence_counts_what_the_solver_counts():
    asked = cell("convergence", "gtf-deer", dtype="float64")
    (outcome,), _ = run([asked])
    method, system = asked.build_method(), asked.build_system()
    params = chaotic(method.model, system, dtype="float64")
    solution = jax.jit(method.solve)(params, windows(system, T=T, batch=2, dtype="float64", seed=0))
    counts = np.asarray(solution.iterations)
    assert outcome.status == "ok" and (counts > 1).all() and outcome.columns["iterations"] == counts.mean()
    rows = outcome.tables["newton"]
    assert [(row["sequence"], row["update"]) for row in rows] == [(s, i) for s in range(2) for i in range(counts[s] + 1)]
    for s in range(2):
        residuals = [row["residual"] for row in rows if row["sequence"] == s]
        np.testing.assert_allclose(residuals[-1], solution.residual[s], rtol=1e-6)
        assert residuals[0] > residuals[-1]
    assert [row["step"] is None for row in rows] == [row["update"] == 0 for row in rows]


def test_convergence_goes_on_after_failures():
    failing = [cell("convergence", method, **parameters) for method, parameters, _ in FAILURES.values()]
    outcomes, _ = run([*failing, cell("convergence", "gtf-deer")])
    for outcome, (_, _, statuses) in zip(outcomes, FAILURES.values(), strict=False):
        assert outcome.status in statuses
    unforced, last = outcomes[list(FAILURES).index("unforced")], outcomes[-1]
    assert last.status == "ok"
    exponents = [outcome.tables["metrics"][0]["value"] for outcome in (unforced, last)]
    assert exponents[0] > 0 > exponents[1]  # free it is chaotic, forced it is not: that is what Newton lives on
