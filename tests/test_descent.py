"""Gradient descent on the merit goes down the gradient of the merit, and where its steps are too large it says so."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from methods.problem import FunctionMap, Problem
from methods.solvers.descent import MeritDescent
from methods.solvers.sequential import Sequential


def network(T, gain, batch=()):
    """A driven tanh network of three units, one or a batch."""
    rng = np.random.default_rng(3)
    W = gain * np.linalg.qr(rng.standard_normal((3, 3)))[0]
    step = FunctionMap(lambda W, z, u: W @ jnp.tanh(z) + u, jnp.asarray(W))
    return Problem(step, jnp.asarray(rng.standard_normal((*batch, 3))), jnp.asarray(rng.standard_normal((T, *batch, 3))))


@pytest.mark.parametrize("batch", [(), (2,)])
@pytest.mark.parametrize("T", [1, 2, 9])
def test_an_update_is_a_step_down_the_gradient_of_the_merit(T, batch):
    problem = network(T, 1.2, batch)
    states = jnp.asarray(np.random.default_rng(4).standard_normal((T, *batch, 3)))
    down = jax.grad(lambda states: 0.5 * jnp.sum(problem.evaluate(states).residual ** 2))(states)
    for step_size in (0.25, 0.6):
        got = MeritDescent(step_size=step_size).update(problem, problem.evaluate(states))
        np.testing.assert_allclose(got, states - step_size * down, atol=1e-12)


def test_with_steps_below_the_bound_the_merit_never_rises():
    gain = 1.5
    problem = network(40, gain)
    states = jnp.zeros((40, 3))
    solver = MeritDescent(step_size=0.99 / (1 + gain) ** 2)
    merits = []
    for _ in range(30):
        at = problem.evaluate(states)
        merits.append(float((at.residual**2).sum()))
        states = solver.update(problem, at)
    assert all(after <= before for before, after in zip(merits, merits[1:], strict=False))


def test_larger_steps_take_fewer_updates_where_the_map_allows_them_and_diverge_where_it_does_not():
    problem, guess = network(60, 0.5), jnp.zeros((60, 3))
    slow, fast = (MeritDescent(step_size=size).solve(problem, guess) for size in (0.25, 0.6))
    assert slow.status == fast.status == "converged" and int(fast.iterations) < int(slow.iterations)
    np.testing.assert_allclose(fast.states, Sequential().solve(problem).states, atol=1e-8)
    linear = Problem(FunctionMap(lambda _, z, u: 1.5 * z), jnp.ones(1), jnp.zeros((60, 1)))
    assert MeritDescent(step_size=0.6).solve(linear, jnp.zeros((60, 1))).status == "diverged"
