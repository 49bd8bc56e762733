"""`pitbench check` tells right from wrong: every plug-in of the project keeps the laws, and each kind of mistake breaks one.

The toys are written as a reader of `methods/solvers/newton.py` would write them.
"""

import subprocess
import sys
import textwrap

import pytest

import metrics
import systems
from bench import catalogue, cli, conformance

pytest_plugins = ["runner_doubles"]

HEAD = """
import dataclasses

import jax.numpy as jnp
import numpy as np

from methods.adjoint import Adjoint
from methods.forcing import Forcing
from methods.method import Method
from methods.solution import CONVERGED, Solution
from methods.solvers.base import Iterative, Solver
from methods.solvers.newton import Newton
from methods.solvers.sequential import Sequential
"""

JACOBI = '''
@dataclasses.dataclass(frozen=True)
class Jacobi(Iterative):
    """Every state becomes the image of the one before; one more of them is exact after each update."""

    prefix_exact = True

    def update(self, problem, at):
        return at.image


METHODS = {"toy": Method(solver=Jacobi(), forcing=Forcing("projected"))}
'''


def solver(body, base="Newton"):
    """A plug-in whose `Toy.solve(problem, guess)` has this body."""
    lines = ["@dataclasses.dataclass(frozen=True)", f"class Toy({base}):", "    def solve(self, problem, guess):"]
    return "\n".join([*lines, textwrap.indent(textwrap.dedent(body), " " * 8), 'METHODS = {"toy": Method(solver=Toy())}'])


GUESSES = solver(
    """
    each = jnp.zeros(guess.shape[1:-1], jnp.int32)
    return Solution(guess, each, each, each.astype(guess.dtype), each + CONVERGED)
    """,
    base="Solver",
)
FORGETS_NAN = solver(
    """
    solution = super().solve(problem, guess)
    return solution._replace(states=jnp.nan_to_num(solution.states), code=CONVERGED + 0 * solution.code)
    """
)
SHIFTED = solver(
    """
    solution = super().solve(problem, guess)
    return solution._replace(states=problem.previous(solution.states))
    """
)
LOOKS_AHEAD = solver(
    """
    ahead = jnp.concatenate([problem.inputs[1:], problem.inputs[-1:]])
    return super().solve(problem._replace(inputs=0.9 * problem.inputs + 0.1 * ahead))
    """,
    base="Sequential",
)
NEVER_LOOKS = solver(
    """
    solution = Newton(max_iterations=5).solve(problem, guess)
    return solution._replace(code=CONVERGED + 0 * solution.code)
    """
)
TAKES_ONE_SEQUENCE = JACOBI.replace("at.image", "jnp.einsum('tij,tj->ti', problem.step.dense(at.pattern), at.image)")
ONLY_THE_DIAGONAL = '\nMETHODS = {"toy": Method(solver=Newton(), gradient=Adjoint(adjoint="diagonal"))}'
ONLY_A_SOLVER = '\nMETHODS = {"toy": Newton()}'
NOT_FROZEN = JACOBI.replace("@dataclasses.dataclass(frozen=True)", "").replace(
    "    def", "    def __init__(self): ...\n\n    def"
)

METRIC = """
from metrics import Metric

def score(truth, generated):
    '''Mean distance. Smaller is better.'''
    {body}

METRICS = {{"toy": Metric(score, unit="data", higher_is_better={higher})}}
"""
DISTANCE = "return float(np.where(np.isfinite(generated).all(), np.abs(generated - truth).mean(), np.inf))"

SYSTEM = """
from systems.trajectory import Standardisation, Trajectory

@dataclasses.dataclass(frozen=True)
class Noise:
    def sample(self, T, seed=0, split="train"):
        if split not in ("train", "test") or T < 1:
            raise ValueError(f"split = {{split}}, T = {{T}}")
        values = {values}
        return Trajectory(values, 1.0, Standardisation.identity(2))

SYSTEMS = {{"toy": Noise}}
"""
SEEDED = 'np.random.default_rng([seed, split == "test"]).standard_normal((T, 2))'


@pytest.fixture
def add(tmp_path, plug_in):
    """`add(text)`: a plug-in file with this text, used until the test ends."""

    def write(text):
        path = tmp_path / "toy.py"
        path.write_text(HEAD + text)
        plug_in(path)
        return path

    return write


@pytest.mark.parametrize("law", conformance.laws("system").values(), ids=lambda law: law.__name__)
@pytest.mark.parametrize("name", systems.names())
def test_law_of_systems(name, law):
    law(name)


@pytest.mark.parametrize("law", conformance.laws("metric").values(), ids=lambda law: law.__name__)
@pytest.mark.parametrize("name", metrics.names())
def test_law_of_metrics(name, law):
    law(name)


@pytest.mark.parametrize(
    ("toy", "law", "reason"),
    [
        (GUESSES, "agrees_with_the_sequential_scan", "states at T = 1: first wrong at t = 1"),
        (GUESSES, "reports_its_own_residual", "reports a residual of 0.0e"),
        (FORGETS_NAN, "nan_is_never_success", "NaN from step 0 on was called converged"),
        (SHIFTED, "agrees_with_the_sequential_scan", "states at T = 1: first wrong at t = 1"),
        (ONLY_THE_DIAGONAL, "agrees_with_the_sequential_scan", "T = 17: gradient in A off by"),
        (LOOKS_AHEAD, "exact_prefix", "first wrong at t = 20"),
        (NEVER_LOOKS, "reports_its_own_residual", "converged with a residual of"),
        (TAKES_ONE_SEQUENCE, "batches_like_single_sequences", "subscript"),
        (ONLY_A_SOLVER, "is_a_method", r'METHODS\["toy"\] is a Newton, wanted Method'),
        (NOT_FROZEN, "is_a_method", r"Is it decorated with @dataclasses.dataclass\(frozen=True\)"),
    ],
)
def test_a_wrong_method_breaks_a_law(add, toy, law, reason):
    add(toy)
    with pytest.raises((AssertionError, ValueError, TypeError), match=reason):
        conformance.laws("method")[law]("toy")


@pytest.mark.parametrize(
    ("toy", "law"),
    [
        (METRIC.format(body="return float(np.nanmean(np.abs(generated - truth)))", higher=False), "a_blow_up_is_never_good"),
        (METRIC.format(body="return float(np.mean(np.abs(generated - truth)))", higher=False), "a_blow_up_is_never_good"),
        (METRIC.format(body="return min(1.0, np.nanmean(np.abs(generated - truth)))", higher=False), "a_blow_up_is_never_good"),
        (METRIC.format(body=DISTANCE, higher=True), "tells_truth_from_noise"),
        (METRIC.format(body=DISTANCE + " + np.random.default_rng().random()", higher=False), "repeats_itself"),
        (METRIC.format(body=DISTANCE, higher="'no'"), "says_what_it_is"),
        (SYSTEM.format(values="np.random.default_rng().standard_normal((T, 2))"), "repeats_itself"),
        (SYSTEM.format(values="np.random.default_rng(seed).standard_normal((T, 2))"), "splits_differ"),
        (SYSTEM.format(values=SEEDED.replace("(T, 2)", "(2, T)") + ".T"), "a_longer_sample_starts_with_the_shorter"),
        (SYSTEM.format(values=SEEDED + ".astype(np.float32)"), "gives_the_rows_asked_for"),
        (SYSTEM.format(values="28 + " + SEEDED), "training_data_are_standardised"),
        (SYSTEM.format(values=SEEDED).replace("if split", "if False and split"), "misuse_is_a_value_error"),
    ],
)
def test_a_wrong_metric_or_system_breaks_a_law(add, toy, law):
    add(toy)
    assert law in [result.law for result in conformance.check("toy") if result.outcome == "broken"]


@pytest.mark.parametrize(
    "toy", [METRIC.format(body=DISTANCE, higher=False), METRIC.format(body=DISTANCE.replace("return ", "return -"), higher=True)]
)
def test_a_right_metric_keeps_every_law(add, toy):
    add(toy)
    assert {result.outcome for result in conformance.check("toy")} == {"ok"}


def test_a_right_system_keeps_every_law(add):
    add(SYSTEM.format(values=SEEDED))
    assert {result.outcome for result in conformance.check("toy")} == {"ok"}


def test_a_law_that_says_nothing_is_passed_over_with_the_reason():
    passed_over = {result.law: result.detail for result in conformance.check("lyapunov") if result.outcome == "passed over"}
    assert passed_over == {"tells_truth_from_noise": "a metric of maps sees no orbit that could be noise"}


def test_the_command_line_tells_right_from_wrong(add):
    def check():
        command = [sys.executable, "-c", "import bench.cli; bench.cli.main()", "check", "toy", "--plugin", str(path)]
        finished = subprocess.run(command, capture_output=True, text=True)
        assert finished.stderr == ""
        return finished.returncode, finished.stdout

    path = add(JACOBI)
    code, shown = check()
    assert code == 0 and shown.endswith("toy keeps every law.\n"), shown
    assert shown.count("ok ") == len(conformance.laws("method"))
    path = add(ONLY_A_SOLVER)
    code, shown = check()
    assert code == 1 and shown.startswith("BROKEN      method is_a_method: ") and "as before" in shown
    assert shown.endswith(f"toy breaks {len(conformance.laws('method'))} of its laws.\n")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("import no_such_module", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("METHODS = [1]", "TypeError: METHODS is a list, want a dictionary name -> method."),
        (JACOBI.replace("toy", "deer"), 'ValueError: there is a method "deer" already. Give this one another name.'),
    ],
)
def test_a_file_that_cannot_be_used_is_unavailable_with_the_reason(add, capsys, monkeypatch, text, reason):
    path = add(text)
    assert catalogue.plugins("method").unavailable()[str(path)] == reason
    monkeypatch.setattr(sys, "argv", ["pitbench", "check", "deer", "--plugin", str(path)])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 2
    assert capsys.readouterr() == ("", f"pitbench: plug-in file {path}: unavailable: {reason}\n")
