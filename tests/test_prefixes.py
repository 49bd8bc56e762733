"""One solve gives the updates of every prefix: those that a solve of that prefix alone takes."""

import dataclasses
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import methods
from methods.predictability import prefix_updates
from methods.problem import FunctionMap, Problem, posed
from methods.problem.solution import CONVERGED
from methods.solvers.base import Iterative
from methods.solvers.newton import Newton
from systems import recurrences

RULES = ("merit", "residual", "absolute", "increment")


def counting():
    """The solvers of registered methods that count prefixes, each once, by the name of the first of their methods."""
    found = {}
    for name in methods.names():
        solver = methods.get(name).solver
        if isinstance(solver, Iterative) and solver.counts_prefixes and issubclass(FunctionMap, solver.solves):
            found.setdefault(solver, name)
    return {name: solver for solver, name in found.items()}


def network(T, gain=1.3, seed=1):
    drawn = recurrences.get("mean-field", dim=4, gain=gain).draw(T, seed).astype(jnp.float64)
    return posed(drawn.step, drawn.z0, drawn.inputs), drawn.guess


def cut(problem, guess, T):
    return problem._replace(inputs=jax.tree.map(lambda leaf: leaf[:T], problem.inputs)), guess[:T]


counted = jax.jit(prefix_updates, static_argnums=0)
solved = jax.jit(lambda solver, problem, guess: solver.solve(problem, guess), static_argnums=0)


def test_all_kinds_of_solvers_count():
    kinds = {type(solver).__name__ for solver in counting().values()}
    assert {"Newton", "Jacobi", "Picard", "Stabilised", "Hutchinson", "Published"} <= kinds
    assert not kinds & {"WindowedNewton", "MeritDescent", "Elk"}


CASES = [(name, "merit") for name in counting()] + [("deer", rule) for rule in RULES[1:]]


@pytest.mark.parametrize(("name", "rule"), CASES)
def test_counts_are_those_of_each_prefix_alone(name, rule):
    solver = dataclasses.replace(counting()[name], rule=rule, tolerance=1e-9, max_iterations=8)
    problem, guess = network(13)
    _, counts = counted(solver, problem, guess)
    for T in (1, 7, 12):
        alone = solved(solver, *cut(problem, guess, T))
        assert counts[T - 1] == (alone.iterations if alone.code == CONVERGED else -1), f"T = {T}"


@pytest.mark.parametrize(("name", "rule"), CASES)
def test_the_solution_is_that_of_a_plain_solve(name, rule):
    solver = dataclasses.replace(counting()[name], rule=rule, tolerance=1e-9, max_iterations=8, history=True)
    problem, guess = network(13)
    plain, (solution, _) = solved(solver, problem, guess), counted(solver, problem, guess)
    assert jax.tree.structure(plain) == jax.tree.structure(solution)
    for mine, theirs in zip(jax.tree.leaves(solution), jax.tree.leaves(plain), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-12, atol=1e-14)


def test_a_single_step_is_a_prefix_too():
    solver = Newton(rule="merit", tolerance=1e-9)
    problem, guess = network(1)
    solution, counts = counted(solver, problem, guess)
    assert counts.tolist() == [1] and solution.iterations == 1 and solution.status == "converged"


@pytest.mark.parametrize("scan", ["sequential", "associative", "chunked", "blocked"])
def test_nan_at_a_later_step_leaves_earlier_prefixes_alone(scan):
    solver = Newton(scan=scan, rule="merit", tolerance=1e-10)
    problem, guess = network(33)
    _, whole = counted(solver, problem, guess)
    for broken in (problem._replace(inputs=problem.inputs.at[20].set(jnp.nan)), problem):
        states = guess if broken is not problem else guess.at[20].set(jnp.inf)
        solution, counts = counted(solver, broken, states)
        assert solution.status == "diverged" and (counts[:20] == whole[:20]).all() and (counts[20:] == -1).all()


def test_the_last_count_is_that_of_the_solution_in_a_batch_too():
    solver = Newton(rule="merit", tolerance=1e-10, max_iterations=9)

    def step(W, z, u):
        return W @ jnp.tanh(z) + u

    drawn = [recurrences.get("mean-field", dim=4, gain=gain).draw(21, 2).astype(jnp.float64) for gain in (0.5, 1.5)]
    W = drawn[1].step.args[0]
    z0, inputs, guess = drawn[0].z0, drawn[0].inputs, drawn[0].guess
    starts, guesses = jnp.stack([z0, 3 * z0]), jnp.stack([guess, 3 * guess], 1)
    batch = Problem(FunctionMap(step, W), starts, jnp.stack([inputs, inputs], 1))
    solution, counts = counted(solver, batch, guesses)
    for i in range(2):
        _, alone = counted(solver, Problem(FunctionMap(step, W), starts[i], inputs), guesses[:, i])
        assert (counts[:, i] == alone).all()
    taken = np.where(solution.code == CONVERGED, solution.iterations, -1)
    assert (counts[-1] == taken).all()


def test_a_merit_met_on_average_and_not_at_first_is_counted_for_both():
    """A first step far off is a long way from its tolerance alone, and small in the mean over the steps that follow it."""
    problem = posed(lambda z, u: 0.5 * jnp.sin(z) + u, jnp.zeros(1), jnp.zeros((50, 1)))
    guess = jnp.zeros((50, 1)).at[0].set(0.1)
    solver = dataclasses.replace(counting()["jacobi"], rule="merit", tolerance=4e-4)
    solution, counts = counted(solver, problem, guess)
    assert solution.iterations == counts[-1] == 0 and counts[0] == 1 and counts[1] == 2
    np.testing.assert_array_equal(solution.states, guess)


def test_a_solver_that_looks_ahead_is_refused():
    problem, guess = network(5)
    for name in ("gtf-deer-windowed", "merit-descent"):
        with pytest.raises(ValueError, match="does not count prefixes"):
            prefix_updates(methods.get(name).solver, problem, guess)


def test_no_jacobian_of_all_steps_is_formed_on_a_cpu():
    T, D = 2000, 50
    drawn = recurrences.get("mean-field", dim=D).draw(T).astype(jnp.float64)
    problem = posed(drawn.step, drawn.z0, drawn.inputs)
    program = jax.jit(partial(prefix_updates, Newton(rule="merit"))).lower(problem, drawn.guess).compile()
    assert program.memory_analysis().temp_size_in_bytes < T * D * D * 8 / 2


@pytest.mark.parametrize("diagonal", [True, False])
def test_a_diagonal_newton_holds_no_jacobian_of_all_steps_on_a_cpu(diagonal):
    T, D = 3000, 50
    drawn = recurrences.get("mean-field", dim=D).draw(T).astype(jnp.float64)
    problem = posed(drawn.step, drawn.z0, drawn.inputs, drawn.diagonal if diagonal else None)
    program = jax.jit(Newton(jacobian="diagonal").solve).lower(problem, drawn.guess).compile()
    assert program.memory_analysis().temp_size_in_bytes < T * D * D * 8 / 2


def test_a_flow_that_leaves_the_range_of_numbers_is_solved_by_starting_anew():
    """Newton on a chaotic flow overflows at first, and its exact beginning grows by a step an update all the same."""
    drawn = recurrences.get("lorenz").draw(400, 0).astype(jnp.float64)
    problem = posed(drawn.step, drawn.z0, drawn.inputs)
    settings = dict(rule="merit", tolerance=1e-10, max_iterations=400)
    assert solved(Newton(**settings), problem, drawn.guess).status == "diverged"
    solution, counts = counted(Newton(**settings, reset=True), problem, drawn.guess)
    assert solution.status == "converged" and (counts >= 0).all() and (counts <= jnp.arange(1, 401)).all()
    alone = solved(Newton(**settings, reset=True), *cut(problem, drawn.guess, 100))
    assert alone.iterations == counts[99]
