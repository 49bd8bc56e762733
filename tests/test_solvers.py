"""Laws of every registered method, and what theory says of single solvers."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import methods
from bench import conformance
from methods import adjoint, blocks
from methods.adjoint import Adjoint
from methods.maps import FunctionMap, Problem
from methods.solvers.newton import Newton
from methods.solvers.schwarz import Schwarz
from methods.solvers.sequential import Sequential


@pytest.mark.parametrize("law", conformance.laws("method").values(), ids=lambda law: law.__name__)
@pytest.mark.parametrize("name", methods.names())
def test_law(name, law):
    law(name)


def word_problem(T):
    """Products of random permutations of five things: linear, and as hard to parallelise as any."""
    permutations = np.array([np.eye(5)[list(p)] for p in itertools.permutations(range(5))])
    words = permutations[np.random.default_rng(0).integers(120, size=T)]
    return Problem(FunctionMap(lambda _, z, W: W @ z), jnp.arange(1.0, 6.0), jnp.asarray(words))


def expansive(T):
    """The tent map 1 − 2|z|, chaotic and without forcing: Newton gains little by each update."""
    return Problem(FunctionMap(lambda _, z, u: 1 - 2 * jnp.abs(z)), jnp.array([0.3142]), jnp.zeros((T, 1)))


@pytest.mark.parametrize("scan", ["associative", "chunked", "sequential"])
def test_newton_solves_a_linear_problem_in_one_update(scan):
    problem = word_problem(200)
    solution = Newton(scan=scan).solve(problem, jnp.zeros((200, 5)))
    assert (solution.status, int(solution.iterations)) == ("converged", 1)
    np.testing.assert_allclose(solution.states, Sequential().solve(problem).states, atol=1e-10)


def test_the_diagonal_needs_about_one_update_a_step_on_the_word_problem():
    solution = Newton(jacobian="diagonal", max_iterations=60).solve(word_problem(60), jnp.zeros((60, 5)))
    assert solution.status == "converged" and int(solution.iterations) > 30


@pytest.mark.parametrize("solver", [Newton(), Newton(jacobian="diagonal")], ids=["full", "diagonal"])
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


SMOOTH = FunctionMap(lambda W, z, u: jnp.tanh(W @ z) + u, jnp.asarray(np.random.default_rng(5).standard_normal((3, 3)) * 0.5))


@pytest.mark.parametrize("adjoint_scan", ["associative", "chunked", "sequential", "windows"])
@pytest.mark.parametrize("solver", [Newton(), Newton(jacobian="diagonal"), Sequential()], ids=["full", "diagonal", "sequential"])
@pytest.mark.parametrize("T", [1, 2, 17])
def test_gradient_in_map_start_and_inputs_is_that_of_plain_autodiff(solver, adjoint_scan, T):
    rng = np.random.default_rng(6)
    problem = Problem(SMOOTH, jnp.asarray(rng.standard_normal(3)), jnp.asarray(rng.standard_normal((T, 3))))
    weights = jnp.asarray(rng.standard_normal((T, 3)))

    def through_adjoint(problem):
        return jnp.sum(
            weights
            * adjoint.solve(solver, Adjoint(adjoint_scan=adjoint_scan, adjoint_window=4), problem, jnp.zeros((T, 3))).states ** 2
        )

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
    monkeypatch.setattr(blocks, "WHOLE", 16)
    monkeypatch.setattr(blocks, "ROWS", 64 if T > 64 else 5)
    assert blocks.length(problem.inputs) < T and T % blocks.length(problem.inputs)
    for got, wanted in zip(jax.tree.leaves(jax.grad(loss)(problem)), jax.tree.leaves(whole), strict=True):
        np.testing.assert_allclose(got, wanted, atol=1e-10)
