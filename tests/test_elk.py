"""ELK takes exactly the Levenberg–Marquardt step, and its damping tells a step that helps from one that does not."""

import json
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from methods.linear import kalman
from methods.problem import FunctionMap, Problem
from methods.solvers.elk import Elk
from methods.solvers.newton import Newton
from methods.solvers.sequential import Sequential

SCANS = ["associative", "sequential"]
LENGTHS = [1, 2, 17]


def network(T, M=3, gain=0.8, batch=(), seed=0):
    """A driven network `z[t] = W tanh(z[t-1]) + u[t]` and a random guess."""
    rng = np.random.default_rng(seed)
    W = rng.standard_normal((M, M)) * gain / M**0.5
    z0, inputs, guess = (jnp.asarray(rng.standard_normal(shape)) for shape in [(*batch, M), *[(T, *batch, M)] * 2])
    return Problem(FunctionMap(lambda W, z, u: W @ jnp.tanh(z) + u, jnp.asarray(W)), z0, inputs), guess


def cubic(T, dtype):
    """`z[t] = 0.9 z[t-1] − 0.1 z[t-1]³ + u[t]`: tame where its orbits are, steeper the farther a step overshoots."""
    rng = np.random.default_rng(1)
    inputs, guess = (jnp.asarray(scale * rng.standard_normal((T, 1)), dtype) for scale in (0.3, 1.5))
    return Problem(FunctionMap(lambda _, z, u: 0.9 * z - 0.1 * z**3 + u), jnp.ones(1, dtype), inputs), guess


@partial(jax.jit, static_argnums=0)
def updated(solver, problem, states):
    return solver.update(problem, problem.evaluate(states))


@partial(jax.jit, static_argnums=3)
def smoothed(J, r, damping, scan):
    return kalman.smoothed(J, kalman.filtered(J, r, damping, scan), scan)


def dense_residual_jacobian(J):
    """𝒥 (T M, T M): I on the diagonal, −J_t below."""
    T, M = J.shape[:2]
    whole = np.eye(T * M)
    for t in range(1, T):
        whole[t * M : (t + 1) * M, (t - 1) * M : t * M] = -J[t]
    return whole


@pytest.fixture
def case(reference):
    """The reference runs, and the problem they were made on."""
    case = json.loads((reference / "elk.json").read_text())
    W, s0, u, guess = (jnp.asarray(case[name]) for name in ("W", "s0", "u", "guess"))
    return case["runs"], Problem(FunctionMap(lambda W, z, u: W @ jnp.tanh(z) + u, W), s0, u), guess


@pytest.mark.parametrize("scan", SCANS)
@pytest.mark.parametrize("run", range(3))
def test_iterates_of_the_reference(case, run, scan):
    run, problem, guess = case[0][run], *case[1:]
    elk = Elk(damping=run["lam"], adaptive=False, scan=scan, max_iterations=5, history=True)
    np.testing.assert_allclose(updated(elk, problem, guess), run["iterate1"], rtol=1e-9, atol=1e-9)
    solution = jax.jit(elk.solve)(problem, guess)
    np.testing.assert_allclose(solution.states, run["iterate5"], rtol=1e-7)
    np.testing.assert_allclose(solution.history.residual, [row["max_abs_residual"] for row in run["history"]], rtol=1e-7)


@pytest.mark.parametrize("scan", SCANS)
@pytest.mark.parametrize("run", [1, 2])
def test_filtered_mean_of_the_reference(case, run, scan):
    run, problem, guess = case[0][run], *case[1:]
    elk = Elk(damping=run["lam"], adaptive=False, scan=scan, kind="filter")
    states = updated(elk, problem, guess)
    np.testing.assert_allclose(states, run["filtered_mean_iterate1"], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(
        states[-1], np.array(run["iterate1"])[-1], rtol=1e-9
    )  # the last state has no future to smooth with


@pytest.mark.parametrize("scan", SCANS)
@pytest.mark.parametrize("M", [3, 11])
@pytest.mark.parametrize("T", LENGTHS)
@pytest.mark.parametrize("damping", [1e-8, 0.3, 1e6])
def test_the_smoother_is_the_dense_solve(damping, T, M, scan):
    rng = np.random.default_rng(T + M)
    J, r = rng.standard_normal((T, M, M)), rng.standard_normal((T, M))
    whole = dense_residual_jacobian(J)
    # as a least-squares problem: the normal equations would lose half the digits where the damping is small
    stacked = np.concatenate([whole, damping**0.5 * np.eye(T * M)])
    wanted = np.linalg.lstsq(stacked, np.concatenate([-r.ravel(), np.zeros(T * M)]), rcond=None)[0]
    got = smoothed(jnp.asarray(J), jnp.asarray(r), jnp.asarray(damping), scan)
    np.testing.assert_allclose(got.ravel(), wanted, rtol=1e-6, atol=1e-7 * np.abs(wanted).max())


@pytest.mark.parametrize("kind", ["smoother", "filter"])
@pytest.mark.parametrize("scan", SCANS)
@pytest.mark.parametrize("T", LENGTHS)
def test_quasi_is_full_where_the_jacobian_is_diagonal(T, scan, kind):
    rng = np.random.default_rng(T)
    slopes, z0, inputs, guess = (jnp.asarray(rng.standard_normal(shape)) for shape in [3, 3, (T, 3), (T, 3)])
    problem = Problem(FunctionMap(lambda a, z, u: a * jnp.tanh(z) + u, 2 * slopes), z0, inputs)
    full, quasi = (updated(Elk(jacobian=each, kind=kind, scan=scan), problem, guess) for each in ("full", "diagonal"))
    np.testing.assert_allclose(quasi, full, rtol=1e-9)


def test_quasi_is_full_for_one_state():
    problem, guess = network(33, M=1)
    full, quasi = (Elk(jacobian=each, history=True).solve(problem, guess) for each in ("full", "diagonal"))
    assert int(full.iterations) == int(quasi.iterations) > 2
    np.testing.assert_allclose(quasi.history.residual, full.history.residual, rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("jacobian", ["full", "diagonal"])
@pytest.mark.parametrize("kind", ["smoother", "filter"])
@pytest.mark.parametrize("scan", SCANS)
def test_vanishing_damping_is_newton(scan, kind, jacobian):
    problem, guess = network(17)
    newton = Newton(jacobian=jacobian)
    for damping in (0.0, 1e-14):
        elk, states, wanted = Elk(damping=damping, jacobian=jacobian, kind=kind, scan=scan), guess, guess
        for _ in range(4):
            states, wanted = updated(elk, problem, states), updated(newton, problem, wanted)
            np.testing.assert_allclose(states, wanted, rtol=1e-9, atol=1e-9)


def test_undamped_it_overflows_no_sooner_than_newton():
    """Without damping the smoother's backward recurrence grows without bound where nothing contracts."""
    grows = Problem(
        FunctionMap(lambda _, z, u: jnp.where(u > 0, 1e3 * z, 1e-3 * z)), jnp.zeros(1, jnp.float32), jnp.ones((300, 1))
    )
    grows = grows._replace(inputs=grows.inputs.astype(jnp.float32))
    solution = jax.jit(Elk(damping=0.0, adaptive=False).solve)(grows, jnp.zeros((300, 1), jnp.float32).at[290].set(1.0))
    assert (solution.status, int(solution.iterations)) == ("converged", 1)


@pytest.mark.parametrize("jacobian", ["full", "diagonal"])
@pytest.mark.parametrize("T", LENGTHS)
def test_both_scans_agree(T, jacobian):
    problem, guess = network(T, batch=(2,))
    states = [updated(Elk(scan=scan, jacobian=jacobian), problem, guess) for scan in SCANS]
    np.testing.assert_allclose(*states, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("scan", SCANS)
def test_single_precision_keeps_the_step(scan):
    """Rounding of the step stays near that of its data, although some directions expand and others are almost undamped."""
    problem, guess = network(30, gain=2.5)
    elk = Elk(damping=1e-3, scan=scan)
    exact = updated(elk, problem, guess)
    got = updated(elk, *jax.tree.map(lambda leaf: leaf.astype(jnp.float32), (problem, guess)))
    assert got.dtype == jnp.float32
    np.testing.assert_allclose(got, exact, atol=1e-4 * float(jnp.abs(exact).max()))


@pytest.mark.parametrize("jacobian", ["full", "diagonal"])
def test_each_sequence_has_its_own_damping(jacobian):
    """A batch takes each sequence's steps and refusals as if it were alone."""
    problem, guess = network(40, batch=(3,), gain=1.3, seed=3)
    guess = guess * jnp.array([0.1, 1.0, 20.0])[:, None]
    solve = jax.jit(Elk(jacobian=jacobian, history=True).solve)
    together = solve(problem, guess)
    assert len(set(np.asarray(together.iterations))) > 1
    for s in range(3):
        alone = solve(Problem(problem.step, problem.z0[s], problem.inputs[:, s]), guess[:, s])
        assert int(alone.iterations) == int(together.iterations[s])
        np.testing.assert_allclose(together.history.residual[:, s], alone.history.residual, rtol=1e-5, atol=1e-12)


def test_adaptive_damping_outruns_a_fixed_one():
    problem, guess = network(100, gain=0.9)
    adaptive, fixed = (jax.jit(Elk(adaptive=adaptive).solve)(problem, guess) for adaptive in (True, False))
    assert adaptive.status == fixed.status == "converged"
    assert 4 * int(adaptive.iterations) <= int(fixed.iterations)


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.float64])
def test_it_converges_where_newton_overflows(dtype):
    """Newton overshoots to where the map is steeper still, then out of range; a fixed λ that is safe there is slow."""
    problem, guess = cubic(400, dtype)
    assert jax.jit(Newton().solve)(problem, guess).status == "diverged"
    assert jax.jit(Elk(adaptive=False).solve)(problem, guess).status == "not_converged"
    solution = jax.jit(Elk().solve)(problem, guess)
    assert solution.status == "converged"
    np.testing.assert_allclose(solution.states, Sequential().solve(problem).states, atol=1e-5)


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.float64])
def test_a_refused_update_changes_nothing_but_the_damping(dtype):
    problem, guess = cubic(400, dtype)
    at = problem.evaluate(guess)
    advance = jax.jit(Elk().advance)
    after, damping = advance(problem, at, jnp.asarray(1e-12, dtype))  # all but Newton, which overshoots here
    jax.tree.map(np.testing.assert_array_equal, after, at)
    np.testing.assert_allclose(damping, 1e-11, rtol=1e-6)
    after, damping = advance(problem, at, jnp.asarray(1.0, dtype))
    assert (after.residual**2).sum() < (at.residual**2).sum() and damping <= 1


def test_the_merit_never_rises():
    problem, guess = network(60, gain=2.0, seed=5)
    elk = Elk()
    at = problem.evaluate(guess)
    memory, merits, advance = elk.begin(problem, at), [], jax.jit(elk.advance)
    for _ in range(30):
        merits.append(float((at.residual**2).sum()))
        at, memory = advance(problem, at, memory)
    assert np.diff(merits).max() <= 0 and np.diff(merits).min() < 0


def test_a_map_that_is_nan_is_diverged_and_one_that_is_nan_beyond_a_wall_is_not():
    inputs = jnp.arange(9.0)[:, None]
    broken = Problem(FunctionMap(lambda _, z, u: jnp.where(u > 4, jnp.nan, 0.5 * z)), jnp.ones(1), inputs)
    assert jax.jit(Elk().solve)(broken, jnp.zeros((9, 1))).status == "diverged"
    walled = Problem(FunctionMap(lambda _, z, u: jnp.where(z > 1.5, jnp.nan, 0.9 * z + 0.3)), jnp.ones(1), inputs)
    solution = jax.jit(Elk(max_iterations=20).solve)(walled, jnp.zeros((9, 1)))
    assert solution.status == "not_converged" and jnp.isfinite(solution.states).all()
