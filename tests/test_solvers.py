"""Laws of every registered method, and what theory says of single solvers."""

import dataclasses
import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import methods
from bench import conformance
from methods import adjoint
from methods.adjoint import Adjoint
from methods.layout import blocks, cost
from methods.models import ShallowPLRNN
from methods.problem import FunctionMap, Problem
from methods.solvers.fixed_point import Jacobi, Picard
from methods.solvers.hutchinson import Hutchinson
from methods.solvers.newton import Newton
from methods.solvers.sequential import Sequential
from methods.solvers.stabilised import Stabilised, norm_bound
from methods.solvers.windowed import WindowedNewton
from methods.solvers.windows.schwarz import Schwarz


# Methods that differ in their forcing alone solve the same problems by the same program: the forced one stands for both.
def kind(name):
    method = methods.REGISTRY[name]
    return method.solver, method.adjoint, type(method.model), type(method.forcing)


DISTINCT = {kind(name): name for name in methods.names()[::-1]}
FORCED = {kind(name): name for name in methods.names() if "gtf-" in name}


@pytest.mark.parametrize("law", conformance.laws("method").values(), ids=lambda law: law.__name__)
@pytest.mark.parametrize("name", sorted((DISTINCT | FORCED).values()))
def test_law(name, law):
    law(name)


@pytest.mark.parametrize("name", methods.names())
def test_every_method_is_one(name):
    conformance.laws("method")["is_a_method"](name)


def word_problem(T):
    """Products of random permutations of five things: linear, and as hard to parallelise as any."""
    permutations = np.array([np.eye(5)[list(p)] for p in itertools.permutations(range(5))])
    words = permutations[np.random.default_rng(0).integers(120, size=T)]
    return Problem(FunctionMap(lambda _, z, W: W @ z), jnp.arange(1.0, 6.0), jnp.asarray(words))


def expansive(T):
    """The tent map 1 − 2|z|, chaotic and without forcing: Newton gains little by each update."""
    return Problem(FunctionMap(lambda _, z, u: 1 - 2 * jnp.abs(z)), jnp.array([0.3142]), jnp.zeros((T, 1)))


SMOOTH = FunctionMap(lambda W, z, u: jnp.tanh(W @ z) + u, jnp.asarray(np.random.default_rng(5).standard_normal((3, 3)) * 0.5))


@pytest.mark.parametrize("scan", ["associative", "chunked", "sequential"])
def test_newton_solves_a_linear_problem_in_one_update(scan):
    problem = word_problem(200)
    solution = Newton(scan=scan).solve(problem, jnp.zeros((200, 5)))
    assert (solution.status, int(solution.iterations)) == ("converged", 1)
    np.testing.assert_allclose(solution.states, Sequential().solve(problem).states, atol=1e-10)


def test_the_diagonal_needs_about_one_update_a_step_on_the_word_problem():
    solution = Newton(jacobian="diagonal", max_iterations=60).solve(word_problem(60), jnp.zeros((60, 5)))
    assert solution.status == "converged" and int(solution.iterations) > 30


def test_jacobi_is_exact_after_T_sweeps_and_not_before():
    """On permutations an error only moves on: it leaves one state per sweep, and no state before its turn."""
    T = 30
    problem = word_problem(T)
    exact, wrong_start = Sequential().solve(problem).states, jnp.zeros((T, 5))
    for sweeps in (1, 2, 15, T - 1):
        solution = Jacobi(max_iterations=sweeps).solve(problem, wrong_start)
        assert (solution.status, int(solution.iterations)) == ("not_converged", sweeps)
        np.testing.assert_array_equal(solution.states[:sweeps], exact[:sweeps])
        assert (solution.states[sweeps:] != exact[sweeps:]).any(-1).all()
    solution = Jacobi().solve(problem, wrong_start)
    assert (solution.status, int(solution.iterations)) == ("converged", T)
    np.testing.assert_array_equal(solution.states, exact)


def test_picard_is_exact_up_to_the_number_of_updates_however_large_the_rest_has_grown():
    T = 200
    problem = Problem(SMOOTH, jnp.zeros(3), jnp.asarray(np.random.default_rng(7).standard_normal((T, 3))))
    exact = Sequential().solve(problem).states
    early = Picard(max_iterations=100).solve(problem, jnp.zeros((T, 3)))
    assert early.status == "not_converged" and early.residual > 1e10
    np.testing.assert_allclose(early.states[:100], exact[:100], atol=1e-12)
    solution = Picard().solve(problem, jnp.zeros((T, 3)))
    assert solution.status == "converged" and 100 < int(solution.iterations) <= T
    np.testing.assert_allclose(solution.states, exact, atol=1e-12)


def test_picard_is_the_fastest_fixed_point_iteration_close_to_the_identity():
    drift = FunctionMap(lambda _, z, u: z + 1e-3 * jnp.tanh(u - z))
    problem = Problem(drift, jnp.zeros(2), jnp.ones((500, 2)))
    picard, jacobi = (solver.solve(problem, jnp.zeros((500, 2))) for solver in (Picard(), Jacobi()))
    assert picard.status == jacobi.status == "converged"
    assert int(picard.iterations) < 20 < 400 < int(jacobi.iterations)


@pytest.mark.parametrize("jacobian", ["full", "diagonal"])
@pytest.mark.parametrize("scan", ["associative", "sequential"])
def test_stabilisers_at_rest_change_nothing(jacobian, scan):
    rng = np.random.default_rng(3)
    problem = Problem(SMOOTH, jnp.zeros(3), jnp.asarray(rng.standard_normal((40, 3))))
    at = problem.evaluate(jnp.asarray(rng.standard_normal((40, 3))))
    plain, at_rest = (solver(jacobian=jacobian, scan=scan).update(problem, at) for solver in (Newton, Stabilised))
    np.testing.assert_allclose(at_rest, plain, rtol=1e-12)


@pytest.mark.parametrize("jacobian", ["full", "diagonal"])
def test_scaled_down_to_nothing_newton_is_jacobi(jacobian):
    rng = np.random.default_rng(4)
    problem = Problem(SMOOTH, jnp.zeros(3), jnp.asarray(rng.standard_normal((40, 3))))
    at = problem.evaluate(jnp.asarray(rng.standard_normal((40, 3))))
    np.testing.assert_allclose(Stabilised(jacobian=jacobian, scale_down=1.0).update(problem, at), at.image, atol=1e-14)


def test_the_norm_bound_is_a_bound_and_sharp_where_it_says():
    rng = np.random.default_rng(5)
    J = jnp.asarray(rng.standard_normal((50, 4, 4)))
    exact = jnp.linalg.norm(J, 2, axis=(-2, -1))
    assert (norm_bound(J) >= exact).all() and (norm_bound(J) <= 2 * exact).all()
    for sharp in (np.diag([0.5, -2.0, 1.0]), np.eye(3)[[2, 0, 1]], np.outer([1.0, 2.0], [3.0, -1.0])):
        np.testing.assert_allclose(norm_bound(sharp), np.linalg.norm(sharp, 2), rtol=1e-12)


@pytest.mark.parametrize("jacobian", ["full", "diagonal"])
def test_clipping_keeps_products_in_range_where_newton_leaves_it(jacobian):
    """A guess where a bounded map is steep, far from the solution 0: Newton's corrections overflow, clipped ones do not."""
    steep = FunctionMap(lambda _, z, u: jnp.where(jnp.abs(z) > 1, jnp.sin(1e3 * jnp.clip(z, -3, 3)), 0.5 * z))
    problem = Problem(steep, jnp.zeros(1, jnp.float32), jnp.zeros((30, 1), jnp.float32))
    guess = jnp.full((30, 1), 2.0, jnp.float32)
    assert Newton(jacobian=jacobian).solve(problem, guess).status == "diverged"
    for stabilised in (Stabilised(jacobian=jacobian, clip=1.0), Stabilised(jacobian=jacobian, reset=True)):
        solution = stabilised.solve(problem, guess)
        assert solution.status == "converged", stabilised
        np.testing.assert_allclose(solution.states, 0, atol=1e-5)


@pytest.mark.parametrize("relaxation", [0.5, 1.5])
def test_relaxation_multiplies_the_error_of_a_linear_problem_by_one_minus_omega(relaxation):
    problem = word_problem(20)
    exact, guess = Sequential().solve(problem).states, jnp.zeros((20, 5))
    states = Stabilised(relaxation=relaxation).update(problem, problem.evaluate(guess))
    np.testing.assert_allclose(states - exact, (1 - relaxation) * (guess - exact), atol=1e-12)


def test_hutchinson_is_unbiased_exact_for_a_diagonal_and_fresh_at_every_update():
    rng = np.random.default_rng(6)
    problem = Problem(SMOOTH, jnp.zeros(3), jnp.asarray(rng.standard_normal((40, 3))))
    at = problem.evaluate(jnp.asarray(rng.standard_normal((40, 3))))
    first, second = (Hutchinson(probes=1).diagonal(problem, at, jax.random.key(seed)) for seed in (0, 1))
    assert (first != second).any()
    many = Hutchinson(probes=4000).diagonal(problem, at, jax.random.key(0))
    J = problem.step.dense(at.pattern)
    diagonal = jnp.diagonal(J, axis1=-2, axis2=-1)
    deviation = jnp.sqrt((jnp.sum(J**2, -1) - diagonal**2) / 4000)
    assert (jnp.abs(many - diagonal) <= 5 * deviation + 1e-12).all()
    uncoupled = Problem(FunctionMap(lambda _, z, u: jnp.sin(z)), jnp.zeros(3), problem.inputs)
    at = uncoupled.evaluate(at.states)
    exact = uncoupled.step.diagonal(at.pattern)
    np.testing.assert_allclose(Hutchinson().diagonal(uncoupled, at, jax.random.key(0)), exact, atol=1e-14)


@pytest.mark.parametrize("T", [1, 40, 64, 100])
@pytest.mark.parametrize("batch", [(), (3,)])
def test_newton_by_windows_agrees_with_the_sequential_scan(T, batch):
    rng = np.random.default_rng(9)
    problem = Problem(SMOOTH, jnp.asarray(rng.standard_normal((*batch, 3))), jnp.asarray(rng.standard_normal((T, *batch, 3))))
    solution = jax.jit(WindowedNewton(window=32).solve)(problem, jnp.zeros((T, *batch, 3)))
    assert (solution.code == 0).all() and solution.residual.shape == solution.iterations.shape == batch
    np.testing.assert_allclose(solution.states, Sequential().solve(problem).states, atol=1e-9)


def test_windows_start_right_and_so_need_fewer_updates_where_nothing_contracts():
    T = 90
    problem, guess = expansive(T), jnp.full((T, 1), 0.1)
    whole = Newton(max_iterations=T).solve(problem, guess)
    windows = WindowedNewton(window=20, max_iterations=20).solve(problem, guess)
    assert windows.status == whole.status == "converged"
    assert int(windows.iterations) < int(whole.iterations) / 2
    np.testing.assert_array_equal(windows.states, Sequential().solve(problem).states)


def test_a_window_that_does_not_converge_is_not_hidden_by_the_next():
    solution = WindowedNewton(window=20, max_iterations=2, history=True).solve(expansive(90), jnp.full((90, 1), 0.1))
    assert solution.status == "not_converged"
    at = expansive(90).evaluate(solution.states)
    np.testing.assert_allclose(solution.residual, jnp.abs(at.residual).max(), rtol=1e-12)
    assert solution.history.residual.shape == (3,) and jnp.isfinite(solution.history.residual).all()


PREFIX_EXACT = [Newton(), Newton(jacobian="diagonal"), Stabilised(scale_down=0.3), Stabilised(clip=0.5)]


@pytest.mark.parametrize("solver", PREFIX_EXACT, ids=["full", "diagonal", "scaled", "clipped"])
def test_states_are_exact_up_to_the_number_of_updates(solver):
    problem, T = word_problem(12), 12
    exact = Sequential().solve(problem).states
    states = jnp.zeros((T, 5))
    for updates in range(1, T + 1):
        states = solver.update(problem, problem.evaluate(states))
        np.testing.assert_allclose(states[:updates], exact[:updates], atol=1e-12)


def test_at_most_T_updates_without_any_contraction():
    solution = Newton(max_iterations=25).solve(expansive(25), jnp.full((25, 1), 0.3))
    assert solution.status == "converged" and int(solution.iterations) <= 25


def test_history_holds_the_residual_of_every_iterate():
    problem = word_problem(30)
    solution = Newton(jacobian="diagonal", history=True, max_iterations=40).solve(problem, jnp.zeros((30, 5)))
    used = int(solution.iterations) + 1
    residual, step = solution.history
    assert residual.shape == step.shape == (41,)
    assert jnp.isfinite(residual[:used]).all() and jnp.isnan(residual[used:]).all()
    assert jnp.isnan(step[0]) and jnp.isfinite(step[1:used]).all() and jnp.isnan(step[used:]).all()
    np.testing.assert_allclose(residual[used - 1], solution.residual)


def test_the_increment_rule_counts_the_update_that_changes_nothing():
    problem, guess = word_problem(50), jnp.zeros((50, 5))
    assert int(Newton(rule="increment").solve(problem, guess).iterations) == 1 + int(Newton().solve(problem, guess).iterations)


def test_a_guess_that_is_right_needs_no_update():
    problem = word_problem(20)
    solution = Newton().solve(problem, Sequential().solve(problem).states)
    assert (solution.status, int(solution.iterations), int(solution.evaluations)) == ("converged", 0, 1)


def test_a_finished_sequence_keeps_its_states_and_count():
    easy, hard = jnp.full((25, 1), -1.0), jnp.full((25, 1), 0.3)  # the tent map rests at −1
    problem = Problem(expansive(25).step, jnp.array([[-1.0], [0.3142]]), jnp.zeros((25, 2, 1)))
    solution = Newton().solve(problem, jnp.stack([easy, hard], axis=1))
    assert int(solution.iterations[0]) == 0 and int(solution.iterations[1]) > 3
    np.testing.assert_array_equal(solution.states[:, 0], easy)


def test_overflow_of_products_is_reported_not_hidden():
    """Jacobian products beyond the range of float32 break the associative scan although the states stay finite."""
    grow = FunctionMap(lambda _, z, u: jnp.where(u > 0, 0.5 * z, 1e20 * z))
    problem = Problem(grow, jnp.zeros(1, jnp.float32), jnp.zeros((8, 1), jnp.float32))
    guess = jnp.ones((8, 1), jnp.float32)
    parallel = Newton(scan="associative").solve(problem, guess)
    assert parallel.status == "diverged"
    assert int(parallel.first_nonfinite) >= 0


def test_first_nonfinite_names_the_step():
    problem = Problem(FunctionMap(lambda _, z, u: jnp.where(u > 3, jnp.nan, z)), jnp.ones(2), jnp.arange(6.0)[:, None])
    solution = Sequential().solve(problem)
    assert (solution.status, int(solution.first_nonfinite)) == ("diverged", 4)


@pytest.mark.parametrize(
    ("adjoint_scan", "memory"), [("associative", 1), ("chunked", 1), ("sequential", 1), ("windows", 1), ("windows", 100)]
)
@pytest.mark.parametrize("solver", [Newton(), Newton(jacobian="diagonal"), Sequential()], ids=["full", "diagonal", "sequential"])
@pytest.mark.parametrize("T", [1, 2, 17])
def test_gradient_in_map_start_and_inputs_is_that_of_plain_autodiff(solver, adjoint_scan, memory, T):
    rng = np.random.default_rng(6)
    problem = Problem(SMOOTH, jnp.asarray(rng.standard_normal(3)), jnp.asarray(rng.standard_normal((T, 3))))
    weights = jnp.asarray(rng.standard_normal((T, 3)))

    def through_adjoint(problem):
        way = Adjoint(adjoint_scan=adjoint_scan, adjoint_window=4, adjoint_memory=memory)
        return jnp.sum(weights * adjoint.solve(solver, way, problem, jnp.zeros((T, 3))).states ** 2)

    def through_scan(problem):
        return jnp.sum(weights * Sequential().solve(problem).states ** 2)

    for got, wanted in zip(*(jax.tree.leaves(jax.grad(f)(problem)) for f in (through_adjoint, through_scan)), strict=True):
        np.testing.assert_allclose(got, wanted, atol=1e-9)


def test_second_derivatives_pass_through_the_adjoint():
    problem = Problem(SMOOTH, jnp.array([0.3, -0.2, 0.5]), jnp.zeros((9, 3)))

    def loss(z0, solve):
        return jnp.sum(solve(problem._replace(z0=z0)).states ** 3)

    newton = lambda problem: adjoint.solve(Newton(), Adjoint(), problem, jnp.zeros((9, 3)))  # noqa: E731
    got, wanted = (jax.jacrev(jax.grad(loss))(problem.z0, solve) for solve in (newton, Sequential().solve))
    np.testing.assert_allclose(got, wanted, atol=1e-8)


@pytest.mark.parametrize("window", [1, 7, 32, 100])
def test_windows_of_any_length_are_exact_even_where_nothing_contracts(window):
    """Without contraction every window needs the end of the one before: K sweeps, and then nothing is left to hand on."""
    problem, T = expansive(100), 100
    solution = jax.jit(Schwarz(window=window).solve)(problem, jnp.full((T, 1), 0.1))
    assert solution.status == "converged"
    assert int(solution.iterations) <= -(-T // window)
    np.testing.assert_array_equal(solution.states, Sequential().solve(problem).states)


def test_a_correction_stops_where_the_old_states_are_met():
    """Windows far longer than the memory of the map: two sweeps, whatever the number of windows."""
    problem = Problem(SMOOTH, jnp.zeros(3), jnp.asarray(np.random.default_rng(7).standard_normal((4000, 3))))
    solution = jax.jit(Schwarz(window=400).solve)(problem, jnp.zeros((4000, 3)))
    assert (solution.status, int(solution.iterations)) == ("converged", 2)
    np.testing.assert_allclose(solution.states, Sequential().solve(problem).states, atol=1e-8)


def test_fewer_sweeps_than_it_takes_is_not_converged():
    solution = jax.jit(Schwarz(window=10, max_iterations=5).solve)(expansive(100), jnp.full((100, 1), 0.1))
    assert (solution.status, int(solution.iterations)) == ("not_converged", 5)
    assert solution.residual > 1e-10


@pytest.mark.parametrize("T", [17, 1000])
def test_blocks_of_time_change_nothing(monkeypatch, T):
    """Evaluation and cotangents in blocks that do not divide T equal those in one piece."""
    rng = np.random.default_rng(8)
    problem = Problem(SMOOTH, jnp.asarray(rng.standard_normal(3)), jnp.asarray(rng.standard_normal((T, 3))))

    def loss(problem):
        return jnp.sum(adjoint.solve(Newton(), Adjoint(), problem, jnp.zeros((T, 3))).states ** 2)

    whole = jax.grad(loss)(problem)
    small = dataclasses.replace(cost.CPU, block_from=16.0, block_rows=64.0 if T > 64 else 5.0)
    monkeypatch.setattr(cost, "CPU", small)
    assert blocks.length(problem.inputs) < T and T % blocks.length(problem.inputs)
    for got, wanted in zip(jax.tree.leaves(jax.grad(loss)(problem)), jax.tree.leaves(whole), strict=True):
        np.testing.assert_allclose(got, wanted, atol=1e-10)


@pytest.mark.parametrize("name", ["gtf-schwarz", "gtf-deer", "gtf-quasi-deer", "auto"])
def test_a_certificate_says_how_far_a_gradient_is_off(name, contracting):
    rng = np.random.default_rng(3)
    params, T = contracting(rng), 500
    x = jnp.asarray(rng.standard_normal((T + 1, 2)))
    certificate = methods.get(name, alpha=0.3).certify(params, x)
    assert certificate.adjoint_error < 1e-9 and certificate.gradient_error < 1e-9 and certificate.residual < 1e-9


def test_a_certificate_finds_the_diagonal_adjoint_out():
    rng = np.random.default_rng(3)
    params = ShallowPLRNN.from_arrays(
        A=rng.uniform(-0.5, 0.5, 3),
        W1=rng.uniform(-0.3, 0.3, (3, 9)),
        W2=rng.uniform(-0.6, 0.6, (9, 3)),
        h1=np.zeros(3),
        h2=rng.uniform(-1, 1, 9),
        B=np.eye(1, 3),
    )
    x = jnp.asarray(rng.standard_normal((65, 1)))
    certificate = methods.get("gtf-quasi-deer", alpha=0.3, adjoint="diagonal").certify(params, x)
    assert certificate.adjoint_error > 1e-3 and certificate.residual < 1e-9
