"""What is traced for a GPU, as far as it can be tried without one: jax is told that its devices are of that kind."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import methods
import systems
from methods import predictability
from methods.adjoint import Adjoint
from methods.layout import cost, host, windows
from methods.method import Method
from methods.models.shplrnn.model import ShallowPLRNNShape
from methods.problem import FunctionMap, Problem
from methods.solvers.sequential import Sequential
from methods.solvers.windows.schwarz import Schwarz

M, L, T = 24, 16, 4096
STATES = 8 * T * M  # bytes


@pytest.fixture
def gpu(monkeypatch):
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    jax.clear_caches()  # programs traced for a CPU are not those of a GPU
    yield
    jax.clear_caches()


def scratch(method):
    """Bytes that a gradient needs beside its arguments, and how often its longest loop runs."""
    params = jax.eval_shape(lambda: ShallowPLRNNShape(M, L).init(jax.random.key(0), 1, jnp.float64))
    x = jax.ShapeDtypeStruct((1, T + 1, 1), jnp.float64)
    return jax.jit(jax.grad(method.loss, has_aux=True)).lower(params, x).compile().memory_analysis().temp_size_in_bytes


BASELINES = {
    "sequential": methods.get("sequential"),
    "of a plug-in": Method(solver=Sequential()),
    "stepwise of Newton": methods.get("gtf-deer").stepwise,
    "stepwise of auto": methods.get("auto").stepwise,
    "stepwise of a parallel adjoint": methods.get("gtf-deer", adjoint_scan="associative").stepwise,
}


@pytest.mark.parametrize("method", BASELINES.values(), ids=BASELINES)
def test_the_baseline_is_step_by_step_both_ways(gpu, method):
    """No Jacobian of any step is kept: those would be M times as large as the states."""
    assert scratch(method) <= M / 2 * STATES
    assert scratch(methods.get("sequential", adjoint_scan="associative")) > M * STATES, "the measure sees Jacobians"


@pytest.mark.parametrize("T", [1, 2, 33, 512, 2048, 131072])
@pytest.mark.parametrize("S", [1, 16])
@pytest.mark.parametrize("memory", [32, 256])
def test_windows_are_no_shorter_than_half_the_memory(gpu, T, S, memory):
    for M in (3, 16, 50):
        cut = windows.Windows.of(jax.ShapeDtypeStruct((T, S, M), jnp.float32), memory=memory)
        assert cut.K == 1 or cut.C >= cost.here().shortest_window * memory


def test_many_windows_where_there_is_room(gpu):
    assert windows.number(131072, 1, 16) >= 256


@pytest.mark.parametrize("name", ["gtf-schwarz", "gtf-shooting", "gtf-mgrit", "gtf-parareal", "auto"])
def test_windows_converge_as_they_are_cut(gpu, name):
    rng = np.random.default_rng(0)
    method = methods.get(name, alpha=0.3, latent_dim=6, hidden_dim=12)
    params = method.init(jax.random.key(0), 2, jnp.float64)
    x = jnp.asarray(rng.standard_normal((2, 513, 2)))
    solution, exact = method.solve(params, x), method.stepwise.solve(params, x)
    assert (solution.status == "converged").all() and (solution.iterations <= 8).all()
    np.testing.assert_allclose(solution.states, exact.states, atol=1e-7)


def test_k_windows_are_exact_after_k_sweeps_however_many():
    """An expanding map, 150 windows: each sweep makes one more window right, and a cap of 100 would be a false failure."""
    problem = Problem(FunctionMap(lambda _, z, u: 1 - 1.9 * jnp.abs(z)), jnp.array([0.3142]), jnp.zeros((300, 1)))
    solution = jax.jit(Schwarz(window=2).solve)(problem, jnp.full((300, 1), 0.3))
    assert solution.status == "converged" and 100 < solution.iterations <= 150
    np.testing.assert_allclose(solution.states, Sequential().solve(problem).states, atol=1e-9)


@pytest.mark.parametrize("adjoint_scan", ["auto", "associative", "blocked", "chunked", "sequential", "windows"])
def test_every_adjoint_is_exact(gpu, adjoint_scan, contracting):
    rng = np.random.default_rng(2)
    params, x = contracting(rng), jnp.asarray(rng.standard_normal((2, 301, 2)))
    certificate = methods.get("gtf-deer", alpha=0.3, adjoint_scan=adjoint_scan).certify(params, x)
    assert certificate.gradient_error < 1e-9


@pytest.mark.parametrize(("bytes", "scan"), [(1e9, "associative"), (0, "blocked")])
def test_the_scan_follows_the_size_of_the_jacobians(gpu, bytes, scan, monkeypatch):
    import dataclasses

    from methods.linear import recurrence

    monkeypatch.setattr(cost, "ELSEWHERE", dataclasses.replace(cost.ELSEWHERE, associative_bytes=float(bytes)))
    assert recurrence.choose("auto", jnp.zeros((100, 3)), diagonal=False) == scan
    assert recurrence.choose("auto", jnp.zeros((100, 3)), diagonal=True) == "associative"


def test_the_kind_is_that_of_the_device_computed_on(gpu):
    assert cost.kind() == "gpu" and cost.here() is cost.ELSEWHERE
    with jax.default_device(jax.devices("cpu")[0]):
        assert cost.kind() == "cpu" and cost.here() is cost.CPU


def test_one_state_at_a_time_runs_on_the_cpu(gpu):
    seen = []
    result = host.run(lambda x: seen.append(cost.kind()) or x + 1, jnp.ones(3))
    assert seen == ["cpu"] and (result == 2).all()
    method = methods.get("gtf-deer", latent_dim=3, hidden_dim=5)
    params = method.init(jax.random.key(0), 2)
    assert method.generate(params, np.zeros((4, 2), np.float32), 7).shape == (7, 2)
    assert jax.jit(lambda params: method.generate(params, jnp.zeros((4, 2)), 7))(params).shape == (7, 2)


def test_what_goes_through_time_to_be_measured_does_so_on_the_cpu(gpu):
    seen = []

    def step(_, z, u):
        seen.append(cost.kind())
        return jnp.tanh(z) + u

    problem = Problem(FunctionMap(step), jnp.zeros(2), jnp.ones((5, 2)))
    states = jnp.ones((5, 2))
    for measured in (predictability.exponents, predictability.pl_constant):
        seen.clear()
        assert np.isfinite(measured(problem, states)[0]).all()
        assert set(seen) == {"cpu"}


def test_models_to_be_measured_are_trained_on_the_cpu(gpu, monkeypatch):
    from bench.measure.trained import trained, trainer

    seen, fit = [], Method.fit
    monkeypatch.setattr(Method, "fit", lambda *given, **more: seen.append(cost.kind()) or fit(*given, **more))
    training = {"updates": 2, "alpha": 0.2, "dtype": "float32", "seed": 0}
    params = trained(trainer(methods.get("gtf-deer", latent_dim=3, hidden_dim=4)), systems.get("lorenz63"), **training)
    assert seen == ["cpu"] and not any(leaf.committed for leaf in jax.tree.leaves(params)), "they go where they are used"


def test_no_other_file_asks_what_kind_of_device_there_is():
    """One function answers: choices made past it ignore `jax.default_device`, and their numbers are hard to find."""
    from pathlib import Path

    asking = [path.name for path in Path(methods.__file__).parent.rglob("*.py") if "default_backend" in path.read_text()]
    assert asking == ["cost.py"]


def test_adjoint_settings_that_auto_advertises_act(contracting, monkeypatch):
    """`diagonal` is no gradient: with it, `auto` must be as wrong as every method."""
    rng = np.random.default_rng(3)
    params, x = contracting(rng), jnp.asarray(rng.standard_normal((200, 2)))
    gradient = lambda name, **settings: jax.grad(methods.get(name, alpha=0.3, **settings).loss, has_aux=True)(params, x)[0].W1  # noqa: E731
    wrong = gradient("sequential", adjoint="diagonal")
    assert jnp.abs(wrong - gradient("sequential")).max() > 1e-3 * jnp.abs(wrong).max()
    np.testing.assert_allclose(gradient("auto", adjoint="diagonal"), wrong, atol=1e-12)
    asked = Adjoint(adjoint_scan="associative", adjoint_tolerance=1e-3, adjoint_window=40)
    from methods.solvers.auto import Auto

    problem = Problem(FunctionMap(lambda _, z, u: z), jnp.zeros(3), jnp.zeros((131072, 1)))
    for each in Auto().adjoints(asked, problem):
        assert (each.adjoint_scan, each.adjoint_tolerance, each.adjoint_window) == ("associative", 1e-3, 40)
