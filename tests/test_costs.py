"""No tuned number changes an answer: sizes are whole and fit, whatever a table says, and states and gradients are the same."""

import dataclasses
import itertools
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import methods
from methods.adjoint import stepwise
from methods.layout import blocks, cost
from methods.layout.windows import Windows
from methods.problem import FunctionMap, Problem
from methods.solvers.auto import Auto

EXTREMES = (0, 1, 0.3, 2.5, math.inf)
NUMBERS = [field.name for field in dataclasses.fields(cost.Costs) if field.type is not str]


def with_all(value, costs=None, names=NUMBERS):
    """A table in which these numbers are all `value`; what is either so or not is so where there is a number above 0."""

    def as_one(old):
        if isinstance(old, tuple):
            return (value,) * len(old)
        return value > 0 if isinstance(old, bool) else value

    costs = costs or cost.CPU
    return dataclasses.replace(costs, **{name: as_one(getattr(costs, name)) for name in names})


def sizes(T, S, M):
    """Every size that is taken from a table, for states `(T, S, M)`, each with the largest that it may be."""
    states = jax.ShapeDtypeStruct((T, S, M), jnp.float32)
    windows = Windows.of(states)
    yield from (
        ("K", windows.K, T),
        ("C", windows.C, 2 * T),
        ("look", windows.block, windows.C),
        ("block", blocks.length(states), T),
    )
    yield "adjoint block", stepwise.length(jnp.zeros(7), states), T
    for most in EXTREMES:
        yield f"rows {most}", blocks.of_rows(T, T * S, most), T
        yield f"size {most}", cost.size(most, T), T
    problem = Problem(FunctionMap(lambda _, z, u: z), jax.ShapeDtypeStruct((S, M), jnp.float32), states)
    for candidate in Auto().candidates(problem)[1:]:
        yield "sweeps", candidate.solver.max_iterations, T


@pytest.mark.parametrize("name", [*NUMBERS, "all"])
def test_sizes_are_whole_and_fit(name, monkeypatch):
    for value, T, S in itertools.product(EXTREMES, (1, 33, 70000), (1, 3)):
        monkeypatch.setattr(cost, "CPU", with_all(value, names=NUMBERS if name == "all" else [name]))
        for what, size, most in sizes(T, S, 3):
            assert type(size) is int and 1 <= size <= most, (what, value, T, S, size)
        windows = Windows.of(jax.ShapeDtypeStruct((T, S, 3), jnp.float32))
        assert windows.K * windows.C >= T and windows.C % windows.block == 0
        monkeypatch.undo()


@pytest.mark.parametrize("devices", [1, 2])
def test_steps_of_one_lane_and_of_many_cost_something(devices):
    for costs in (cost.CPU, cost.ELSEWHERE):
        for M in (1, 3, 100):
            cost.use(costs, "cpu")
            try:
                assert 0 < cost.step(1, M) <= cost.step(1024, M) and 0 < cost.gradient(1, M) <= cost.gradient(64, M)
                cut = Windows(65536, 512, 128, (1,))
                assert cost.gain(cut, M, 10, devices) > cost.gain(cut, M, 1000, devices) > 0, "what forgets late gains less"
            finally:
                cost.use(None, "cpu")


SOLVED = ("sequential", "gtf-deer", "gtf-elk", "gtf-schwarz", "auto")


@pytest.fixture(scope="module")
def right():
    """Value and gradient by the default numbers, by method."""
    return {}


@pytest.mark.parametrize("value", [0, 1, math.inf])
@pytest.mark.parametrize("name", [*SOLVED, "mamba2"])
def test_answers_are_those_of_the_default_numbers(name, value, right, contracting, monkeypatch):
    rng = np.random.default_rng(0)
    x = jnp.asarray(rng.standard_normal((2, 98, 2)))
    if name == "mamba2":
        method = methods.get(name, latent_dim=4, hidden_dim=6, state_dim=3, head_dim=2)
        params = method.init(jax.random.key(0), 2, jnp.float64)
    else:
        method, params = methods.get(name, alpha=0.3), contracting(rng)

    def answer():
        return jax.jit(jax.value_and_grad(lambda params, x: method.loss(params, x)[0], (0, 1)))(params, x)

    if name not in right:
        right[name] = answer()
    monkeypatch.setattr(cost, "CPU", with_all(value))
    jax.clear_caches()  # programs keep the numbers that they were traced with
    for got, wanted in zip(jax.tree.leaves(answer()), jax.tree.leaves(right[name]), strict=True):
        np.testing.assert_allclose(got, wanted, atol=1e-7 * max(1, np.abs(wanted).max()))


@pytest.mark.parametrize(("name", "value"), [("look", math.nan), ("look", -1), ("windowed", (1, -1, 2)), ("small", True)])
def test_a_number_that_is_none_is_refused(name, value):
    with pytest.raises(ValueError, match=f"{name} = .*wanted a number from 0 to infinity"):
        dataclasses.replace(cost.CPU, **{name: value})


def test_numbers_in_use_hold_for_their_kind_until_they_are_taken_back():
    other = dataclasses.replace(cost.CPU, look=7)
    cost.use(other, "cpu")
    try:
        assert cost.here() is other and cost.of("gpu") is cost.ELSEWHERE
    finally:
        cost.use(None, "cpu")
    assert cost.here() is cost.CPU
