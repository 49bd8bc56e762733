"""`pitbench check` tells right from wrong: every plug-in of the project keeps the laws, and each kind of mistake breaks one.

The toys are written as a reader of `methods/solvers/newton.py` would write them.
"""

import subprocess
import sys
import textwrap

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import methods
import metrics
import systems
from bench import cli, conformance
from bench.question import catalogue
from methods import models
from systems import recurrences

pytest_plugins = ["runner_doubles"]

HEAD = """
import dataclasses

import jax.numpy as jnp
import numpy as np

from methods.adjoint import Adjoint
from methods.forcing import Forcing
from methods.method import Method
from methods.problem.solution import CONVERGED, Solution
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
ONLY_THE_DIAGONAL = '\nMETHODS = {"toy": Method(solver=Newton(), adjoint=Adjoint(adjoint="diagonal"))}'
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


@pytest.mark.parametrize("law", conformance.laws("recurrence").values(), ids=lambda law: law.__name__)
@pytest.mark.parametrize("name", recurrences.names())
def test_law_of_recurrences(name, law):
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
    path = add(GUESSES)
    code, shown = check()
    assert (
        code == 1
        and "BROKEN      method agrees_with_the_sequential_scan: " in shown
        and "ok          method is_a_method" in shown
    )
    assert shown.endswith(f"toy breaks {shown.count('BROKEN')} of its laws.\n")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("import no_such_module", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("METHODS = [1]", "TypeError: METHODS is a list, want a dictionary name -> method."),
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


@pytest.mark.parametrize("law", conformance.laws("model"))
@pytest.mark.parametrize("name", models.names())
def test_every_model_of_the_project_keeps_the_laws(name, law):
    conformance.laws("model")[law](name)


MODEL = '''
import dataclasses
from typing import Any, ClassVar

import jax
import jax.numpy as jnp

from methods.problem import FunctionMap, last_state, Problem
from methods.models.model import Model


def step(params, z, u):
    return jnp.tanh(params.W @ z + params.U @ u)


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class Elman(Model):
    """z_t = tanh(W z_{t-1} + U x_{t-1}), x̂ = B z."""

    forcings: ClassVar = ("input",)
    W: Any  # (M, M)
    U: Any  # (M, N)
    B: Any  # (N, M)

    @property
    def observed_dim(self):
        return self.B.shape[-2]

    @property
    def latent_dim(self):
        return self.B.shape[-1]

    def pose(self, forcing, x, *, alpha=None, parts=False, key=None, progress=None):
        z0 = jnp.zeros((*x.shape[1:-1], self.latent_dim), x.dtype)
        return Problem(FunctionMap(step, self), z0, x[:-1]), jnp.zeros((len(x) - 1, *z0.shape), x.dtype)

    def readout(self, z):
        return z @ self.B.T

    def warmed_up(self, forcing, x):
        z0 = jnp.zeros((*x.shape[1:-1], self.latent_dim), x.dtype)
        return last_state(Problem(FunctionMap(step, self), z0, x))

    def free(self):
        return lambda z: jnp.tanh(z @ self.W.T + self.readout(z) @ self.U.T)


@dataclasses.dataclass(frozen=True)
class ElmanShape:
    """Sizes of a tanh network."""

    forcings: ClassVar = Elman.forcings
    latent_dim: int = 6

    def init(self, key, observed_dim, dtype=jnp.float32):
        draw = lambda i, *shape: 0.3 * jax.random.normal(jax.random.fold_in(key, i), shape, dtype)
        M, N = self.latent_dim, observed_dim
        return Elman(W=draw(0, M, M), U=draw(1, M, N), B=draw(2, N, M))


MODELS = {"elman": ElmanShape()}
'''
WRONG_PUSH = """@jax.tree_util.register_pytree_node_class
class FunctionMap(FunctionMap):
    def push(self, pattern, v):
        return v / 2


def step("""
BROKEN_MODELS = {
    "makes_its_weights": ("dtype)\n        M, N", "jnp.float32)\n        M, N"),
    "poses_problems_in_shape": ("return z @ self.B.T", "return (z @ self.B.T).sum(-1)"),
    "its_map_knows_its_jacobian": ("def step(", WRONG_PUSH),
    "newton_agrees_with_the_sequential_scan": ("def step(", WRONG_PUSH.replace("push", "pull")),
    "every_weight_of_the_map_learns": ("return z @ self.B.T", "return jax.lax.stop_gradient(0 * z @ self.B.T)"),
    "runs_on_where_a_history_ends": ("lambda z: jnp.tanh(z @ self.W.T", "lambda z: jnp.tanh(z.sum(0) + z @ self.W.T"),
    "says_what_it_is": ("forcings: ClassVar = Elman.forcings", 'forcings: ClassVar = ("inputs",)'),
}


def test_a_model_of_ones_own_needs_no_solver_file_to_be_edited(tmp_path, plug_in):
    (tmp_path / "elman.py").write_text(MODEL, encoding="utf-8")
    plug_in(tmp_path / "elman.py")
    results = list(conformance.check("elman"))
    assert {result.outcome for result in results} == {"ok"}, results
    x = np.random.default_rng(0).standard_normal((21, 2))
    reference = methods.get("sequential", model="elman", latent_dim=4)
    params = reference.init(jax.random.key(0), 2, jnp.float64)
    expected = reference.solve(params, x).states
    for name in ("gtf-deer", "gtf-schwarz", "gtf-elk", "jacobi", "auto", "gtf-shooting", "quasi-deer"):
        method = methods.get(name, latent_dim=4, model="elman")
        solution = method.solve(params, x)
        assert method.model == reference.model and solution.status == "converged"
        np.testing.assert_allclose(solution.states, expected, atol=1e-6)


@pytest.mark.parametrize("law", BROKEN_MODELS)
def test_a_broken_model_breaks_its_law(tmp_path, plug_in, law):
    right, wrong = BROKEN_MODELS[law]
    assert right in MODEL
    (tmp_path / "elman.py").write_text(MODEL.replace(right, wrong), encoding="utf-8")
    plug_in(tmp_path / "elman.py")
    with jax.enable_x64(True):
        with pytest.raises((AssertionError, TypeError, ValueError)):
            conformance.laws("model")[law]("elman")
