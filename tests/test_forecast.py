"""Forecasts: what they cost, what they promise, and that they are about right where theory says what must come."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import methods
from bench.measure import foresight
from methods.predictability import forecast
from methods.predictability.outlook import Outlook, length
from methods.problem import FunctionMap, Map, Problem
from methods.problem.plain import posed
from methods.solvers.base import Iterative
from methods.solvers.descent import MeritDescent
from methods.solvers.fixed_point import Jacobi
from methods.solvers.newton import Newton
from methods.solvers.windows.schwarz import Schwarz
from systems import recurrences


class Counted(Map):
    """A map that counts how many states go through it, as `calls[what]`; only outside of jit."""

    def __init__(self, calls):
        self.calls = calls

    def _count(self, what, z):
        self.calls[what] = self.calls.get(what, 0) + int(np.prod(z.shape[:-1]))

    def __call__(self, z, u):
        self._count("linearise", z)
        return jnp.tanh(0.9 * z + u)

    def push(self, pattern, v):
        self._count("push", v)
        return 0.9 * (1 - jnp.tanh(0.9 * pattern[0] + pattern[1]) ** 2) * v

    def pull(self, pattern, w):
        self._count("push", w)
        return 0.9 * (1 - jnp.tanh(0.9 * pattern[0] + pattern[1]) ** 2) * w

    def diagonal(self, pattern):
        return self.push(pattern, jnp.ones_like(pattern[0]))


jax.tree_util.register_pytree_node(Counted, lambda step: ((), step), lambda step, _: step)


def counted(function, T):
    calls, rng = {}, np.random.default_rng(0)
    problem = Problem(Counted(calls), jnp.zeros(2), jnp.asarray(rng.standard_normal((T, 2))))
    with jax.disable_jit():
        function(problem, jnp.asarray(rng.standard_normal((T, 2))))
    return sum(calls.values())


SOLVERS = [Newton(scan="sequential"), Newton(jacobian="diagonal", scan="sequential"), Jacobi(), MeritDescent()]


@pytest.mark.parametrize("solver", SOLVERS, ids=lambda solver: type(solver).__name__)
def test_a_forecast_costs_no_more_than_one_update(solver):
    """Counted in states that go through the map or its linearisation."""
    T = 150
    one_update = counted(lambda problem, guess: solver.update(problem, problem.evaluate(guess)), T)
    assert 0 < counted(solver.foresee, T) <= one_update


@pytest.mark.parametrize("share", [0.25, 0.5])
@pytest.mark.parametrize("T", [1, 2, 3, 63, 1001])
def test_windows_have_no_more_steps_than_their_share(share, T):
    problem = Problem(FunctionMap(lambda _, z, u: 0.5 * z + u), jnp.zeros(1), jnp.ones((T, 1)))
    outlook = Outlook.at_share(share, problem, jnp.zeros((T, 1)))
    assert outlook.logs.size <= max(1, share * T) and outlook.logs.shape[0] == length(T, share)
    np.testing.assert_allclose(outlook.logs, np.log(0.5))


def test_an_affine_map_takes_newton_one_update():
    one = recurrences.get("s5-words").draw(500, 3).astype(np.float64)
    found = forecast(Newton(), posed(one.step, one.z0, one.inputs), one.guess)
    assert round(float(found.updates)) == 1 and found.low <= 1 <= found.high


def test_a_guess_that_is_the_trajectory_takes_no_update():
    problem = posed(lambda z, u: jnp.tanh(z) + u, jnp.zeros(2), jnp.ones((200, 2)))
    states = methods.get("sequential").solver.solve(problem).states
    for solver in (Newton(), Newton(jacobian="diagonal"), Jacobi(), MeritDescent()):
        assert forecast(solver, problem, states).updates == 0 and solver.solve(problem, states).iterations == 0


@pytest.mark.parametrize("rate", [0.5, 0.9])
def test_jacobi_takes_the_memory_of_a_linear_map(rate):
    problem = posed(jax.tree_util.Partial(lambda rate, z, u: rate * z + u, rate), jnp.zeros(2), jnp.ones((1000, 2)))
    guess = jnp.asarray(np.random.default_rng(0).standard_normal((1000, 2)))
    found = forecast(Jacobi(), problem, guess)
    assert abs(found.updates / Jacobi().solve(problem, guess).iterations - 1) <= 0.2


def test_growth_decides_between_few_updates_and_as_many_as_steps():
    """A driven network: at low gain Newton is forecast to take a few updates, at high gain a share of all steps."""

    def updates(gain, solver):
        one = recurrences.get("mean-field", dim=32, gain=gain).draw(512, 4).astype(np.float64)
        return forecast(solver, posed(one.step, one.z0, one.inputs), one.guess)

    assert updates(0.6, Newton()).high < 15 < 50 < updates(2.0, Newton()).low
    assert updates(2.0, Newton()).high <= 512 and updates(2.0, Jacobi()).updates == 512
    assert updates(0.6, MeritDescent()).updates < updates(0.9, MeritDescent()).updates / 10


@pytest.mark.parametrize("angle", [0.0, 0.1, 0.5, 1.5])
def test_diagonals_take_between_one_update_and_the_memory_of_the_map(angle):
    """A rotation that shrinks: without an angle the diagonal is all there is, at a right angle it says nothing."""
    c, s = 0.9 * np.cos(angle), 0.9 * np.sin(angle)
    problem = posed(
        jax.tree_util.Partial(lambda A, z, u: A @ z + u, jnp.array([[c, -s], [s, c]])), jnp.zeros(2), jnp.ones((1000, 2))
    )
    guess = jnp.asarray(np.random.default_rng(0).standard_normal((1000, 2)))
    solver = Newton(jacobian="diagonal")
    found, needed = forecast(solver, problem, guess), int(solver.solve(problem, guess).iterations)
    assert np.floor(found.low) <= needed <= np.ceil(found.high), (needed, found)


def test_windows_take_one_sweep_more_for_every_window_of_memory():
    problem = posed(lambda z, u: 0.9 * z + u, jnp.zeros(2), jnp.ones((2048, 2)))
    guess = jnp.asarray(np.random.default_rng(0).standard_normal((2048, 2)))
    for window in (32, 64):
        solver = Schwarz(window=window, kernels="off")
        found, needed = forecast(solver, problem, guess), int(solver.solve(problem, guess).iterations)
        assert found.low <= needed <= found.high and abs(found.updates - needed) <= 2


def test_the_increment_rule_takes_one_update_more():
    problem = posed(lambda z, u: jnp.tanh(z) + u, jnp.zeros(2), jnp.ones((200, 2)))
    guess = jnp.asarray(np.random.default_rng(0).standard_normal((200, 2)))
    plain, increment = (forecast(Newton(tolerance=1e-10, rule=rule), problem, guess) for rule in ("residual", "increment"))
    np.testing.assert_allclose(increment.updates, plain.updates + 1)


def test_columns_are_null_where_there_is_nothing_to_say():
    assert set(foresight.columns(None).values()) == {None}
    problem = posed(lambda z, u: 0.5 * z + u, jnp.zeros(2), jnp.ones((50, 2)))
    lost = foresight.columns(forecast(Newton(), problem, jnp.full((50, 2), jnp.nan)))
    assert lost == {"forecast": None, "forecast_low": None, "forecast_high": None}
    assert isinstance(Iterative.looks_at, float)
