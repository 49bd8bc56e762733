"""The method that chooses: what it chooses, that it says so, and that a wrong guess costs time and not the answer."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import methods
from methods.adjoint import windows as by_windows
from methods.layout import cost
from methods.predictability import laws
from methods.predictability.outlook import Outlook
from methods.problem import FunctionMap, Problem
from methods.solvers.auto import Auto, look
from methods.solvers.sequential import Sequential


def leaky(rate, T, M=3):
    """A linear map that forgets by the factor `rate` a step."""
    rng = np.random.default_rng(0)
    return Problem(
        FunctionMap(lambda rate, z, u: rate * z + u, jnp.asarray(rate)), jnp.zeros(M), jnp.asarray(rng.standard_normal((T, M)))
    )


def memory(problem, nats, C=50, K=2):
    """Of each sequence."""
    outlook = Outlook.of(problem, jnp.zeros(problem.shape.shape), C, K)
    return laws.memory(outlook, jnp.full(problem.z0.shape[:-1], nats))


@pytest.mark.parametrize(("rate", "nats"), [(0.5, 20.0), (0.99, 0.5), (0.99, 20.0)])
def test_the_memory_of_a_linear_map_is_that_of_its_rate(rate, nats):
    """Within what is seen of it, and beyond."""
    np.testing.assert_allclose(memory(leaky(rate, 200), nats), nats / -np.log(rate), atol=1)


def test_what_does_not_forget_has_a_memory_without_end():
    assert memory(leaky(1.01, 200), 20.0) == laws.MOST


def test_each_sequence_of_a_batch_has_a_memory_of_its_own():
    problem = Problem(FunctionMap(lambda _, z, u: u * z), jnp.ones((2, 3)), jnp.full((100, 2, 1), 0.5).at[:, 1].set(0.9))
    np.testing.assert_allclose(memory(problem, 3.0), 3 / -np.log([0.5, 0.9]), atol=1)


def test_the_memory_is_that_of_the_worst_place():
    """A map that forgets fast but for 30 steps in which it forgets nothing: those are waited for."""
    inputs = jnp.full((400, 1), 0.5).at[240:270].set(1.0)
    problem = Problem(FunctionMap(lambda _, z, u: u * z), jnp.ones(1), inputs)
    assert abs(memory(problem, 10.0, C=100, K=4) - (30 + 10 / np.log(2))) <= 2


def test_auto_looks_at_no_more_than_a_few_per_cent():
    for T in (2048, 65536):
        for S in (1, 16):
            C, K = look(T, S, 16)
            assert C * cost.step(K * S, 16) <= max(64, T // 64) * cost.step(S, 16) and 1 <= K * C <= T


@pytest.mark.parametrize(("rate", "windows"), [(0.8, True), (0.9999, False), (1.0001, False)])
def test_windows_where_the_map_forgets_and_one_pass_where_it_does_not(rate, windows):
    problem, T = leaky(rate, 65536), 65536
    guess = jnp.zeros((T, 3))
    solution = jax.jit(Auto().solve)(problem, guess)
    assert (int(solution.choice) > 0) == windows == ("windows of" in Auto().explain(problem, guess))
    assert solution.status == "converged"
    np.testing.assert_allclose(solution.states, Sequential().solve(problem).states, atol=1e-6)


def test_short_sequences_are_not_measured_at_all():
    problem, guess = leaky(0.5, 100), jnp.zeros((100, 3))
    assert len(Auto().candidates(problem)) == 1 and Auto().solve(problem, guess).choice is None
    assert Auto().explain(problem, guess).startswith("sequential: too short")


def test_a_wrong_prediction_ends_in_the_sequential_scan():
    """A map that forgets at first and never again: the measured prefix misleads, the states are right all the same."""
    T = 65536
    inputs = jnp.where(jnp.arange(T) < 4096, 0.5, 1.0)[:, None]
    problem = Problem(FunctionMap(lambda _, z, u: u * z + 1e-3), jnp.ones(2), inputs)
    solution = jax.jit(Auto().solve)(problem, jnp.zeros((T, 2)))
    assert (solution.status, int(solution.choice)) == ("converged", 0)
    said = Auto().explain(problem, jnp.zeros((T, 2)))
    assert said.startswith("sequential") and "did not converge" in said, "what was done is said, not what was meant to be"
    np.testing.assert_allclose(solution.states, Sequential().solve(problem).states)


def test_the_gradient_follows_the_choice(monkeypatch, contracting):
    """With windows chosen the adjoint runs by windows, and equals that of the sequential scan."""
    # so that windows are worth it at a length for tests
    monkeypatch.setattr(cost, "CPU", dataclasses.replace(cost.CPU, margin=0.01))
    rng = np.random.default_rng(1)
    params, T = contracting(rng), 777
    x = jnp.asarray(rng.standard_normal((2, T + 1, 2)))
    chosen, exact = methods.get("auto", alpha=0.3), methods.get("sequential", alpha=0.3)
    assert int(chosen.solve(params, x).choice) > 0
    ran = []
    for way in ("all_at_once", "multipliers_first"):
        original = getattr(by_windows, way)
        monkeypatch.setattr(by_windows, way, lambda *given, original=original: ran.append(given) or original(*given))
    got, wanted = (jax.grad(lambda params, method=method: method.loss(params, x)[0])(params) for method in (chosen, exact))
    assert ran, "step by step backwards, half of what windows gain is lost"
    for one, other in zip(jax.tree.leaves(got), jax.tree.leaves(wanted), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-9 * np.abs(other).max())


def branches(jaxpr):
    """How many choices a program makes while it runs, inner programs included."""
    inside = lambda value: getattr(value, "jaxpr", value)  # noqa: E731
    program = lambda value: hasattr(inside(value), "eqns")  # noqa: E731
    values = [value for equation in jaxpr.eqns for value in jax.tree.leaves(equation.params, is_leaf=program)]
    own = sum(equation.primitive.name == "cond" for equation in jaxpr.eqns)
    return own + sum(branches(inside(value)) for value in values if program(value))


def test_seeds_that_train_together_run_one_way_and_not_all(monkeypatch, contracting):
    """Under `vmap` a choice of each seed's own would become a selection among the results of all ways."""
    monkeypatch.setattr(cost, "CPU", dataclasses.replace(cost.CPU, margin=0.01))
    rng = np.random.default_rng(2)
    x = jnp.asarray(rng.standard_normal((2, 778, 2)))
    models = [contracting(rng) for _ in range(3)]
    params = jax.tree.map(lambda *leaves: jnp.stack(leaves), *models)
    evaluate = jax.value_and_grad(lambda params: methods.get("auto", alpha=0.3).loss(params, x)[0])
    alone, together = jax.make_jaxpr(evaluate)(models[0]), jax.make_jaxpr(jax.vmap(evaluate))(params)
    assert branches(together.jaxpr) == branches(alone.jaxpr) >= 3, "a way there, one more if that failed, and one back"
    value, gradient = jax.vmap(evaluate)(params)
    for s, model in enumerate(models):
        wanted_value, wanted = jax.value_and_grad(lambda params: methods.get("sequential", alpha=0.3).loss(params, x)[0])(model)
        np.testing.assert_allclose(value[s], wanted_value, rtol=1e-9)
        for got, right in zip(jax.tree.leaves(gradient), jax.tree.leaves(wanted), strict=True):
            np.testing.assert_allclose(got[s], right, atol=1e-9 * np.abs(right).max())


def test_one_seed_that_forgets_nothing_decides_for_all():
    rates = jnp.array([0.8, 1.0001])
    problems = leaky(0.8, 65536)
    solve = lambda rate: Auto().solve(problems._replace(step=FunctionMap(problems.step.function, rate)), jnp.zeros((65536, 3)))  # noqa: E731
    assert (jax.jit(jax.vmap(solve))(rates).choice == 0).all()
    assert (jax.jit(jax.vmap(solve))(jnp.array([0.8, 0.7])).choice > 0).all()
