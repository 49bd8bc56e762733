"""A finished sequence stops paying: the work of a batch is what its sequences need, not its size times the slowest."""

import dataclasses
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from methods.problem import Map, Problem
from methods.problem.lanes import Lanes
from methods.solvers.fixed_point import Jacobi
from methods.solvers.hutchinson import Hutchinson
from methods.solvers.newton import Newton
from methods.solvers.stabilised import Stabilised
from methods.solvers.windows.schwarz import Schwarz
from methods.solvers.windows.shooting import Shooting
from methods.solvers.windows.two_level import TwoLevel

T = 40


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class Counted(Map):
    """`z ↦ a z + 1` with a given per sequence and step; tells `count` how many sequences it was evaluated on."""

    scale: Any
    count: Any = dataclasses.field(metadata={"static": True}, default=None)

    def __call__(self, z, u):
        return self.scale * u * z + 1

    def linearise(self, z, u):
        if self.count is not None:
            jax.debug.callback(self.count, z[0, ..., 0].size)
        return super().linearise(z, u)

    def lanes(self, count=None):
        return CountedLanes(self)


class CountedLanes(Lanes):
    def __call__(self, z, u):
        if self.step.count is not None:
            jax.debug.callback(self.step.count, z.shape[-1])
        return super().__call__(z, u)


def problem(slopes, count=None, seed=None, T=T):
    """One sequence per slope: Jacobi needs log(tolerance) / log(slope) updates, and T at most."""
    slopes = jnp.asarray(slopes)
    start = jnp.zeros((*slopes.shape, 1)) if seed is None else jax.random.normal(jax.random.key(seed), (*slopes.shape, 1))
    return Problem(Counted(jnp.ones(()), count), start, jnp.broadcast_to(slopes[:, None], (T, *slopes.shape, 1)))


@partial(jax.jit, static_argnums=0)
def solve(solver, problem):
    return solver.solve(problem, jnp.zeros((*problem.inputs.shape[:-1], 1)))


def alone(solver, problem, s):
    return solve(solver, problem._replace(z0=problem.z0[s], inputs=problem.inputs[:, s]))


def test_fifteen_do_not_wait_for_the_one_that_needs_most():
    """One sequence needs 40 updates and fifteen need 1: 55 + 16 evaluations are needed, and 16 × 41 would be paid by waiting."""
    evaluated = []
    slopes = np.zeros(16)
    slopes[11] = 1.0
    solution = solve(Jacobi(), problem(slopes, evaluated.append))
    jax.effects_barrier()
    assert solution.iterations.tolist() == [1] * 11 + [T] + [1] * 4
    needed = int(solution.evaluations.sum())
    assert needed <= sum(evaluated) <= 1.1 * needed < 0.2 * 16 * (T + 1)


def test_nor_do_the_windows_of_fifteen():
    """One sequence needs 50 sweeps over 50 windows and fifteen need 1: 15 + 50 sweeps over T = 400 are needed, not 16 × 50."""
    stepped = []
    slopes = np.zeros(16)
    slopes[11] = 1.0
    solution = solve(Schwarz(window=8), problem(slopes, stepped.append, T=400))
    jax.effects_barrier()
    assert solution.iterations.tolist() == [1] * 11 + [50] + [1] * 4 and (solution.status == "converged").all()
    assert 15 + 50 <= sum(stepped) / 400 < 80


@pytest.mark.parametrize("S", [1, 2, 33])
def test_the_work_is_less_than_four_times_what_the_sequences_need(S):
    evaluated = []
    slopes = np.random.default_rng(S).uniform(0, 1, S) ** 3
    solution = solve(Jacobi(), problem(slopes, evaluated.append))
    jax.effects_barrier()
    assert int(solution.evaluations.sum()) <= sum(evaluated) < 4 * int(solution.evaluations.sum())


@pytest.mark.parametrize(
    ("solver", "S"),
    [(Jacobi(), 2), (Jacobi(), 20), (Hutchinson(), 7), (Stabilised(relaxation=0.5, reset=True), 7), (Newton(), 7)],
    ids=lambda value: value if isinstance(value, int) else type(value).__name__,
)
def test_each_gets_what_it_gets_alone(solver, S):
    """States, counts, history and status, with a NaN among them, whichever rung a sequence stops on."""
    solver = dataclasses.replace(solver, history=True, max_iterations=60)
    given = problem(np.random.default_rng(S).uniform(0, 1, S), seed=S)
    given = given._replace(inputs=given.inputs.at[20, S // 2].set(jnp.nan))
    together = solve(solver, given)
    assert (together.status == "diverged").sum() == 1
    for s in range(S):
        single = alone(solver, given, s)
        assert (together.status[s], int(together.iterations[s])) == (single.status, int(single.iterations))
        np.testing.assert_allclose(together.states[:, s], single.states, rtol=1e-12)
        for rows, row in zip(together.history, single.history, strict=True):
            np.testing.assert_allclose(rows[:, s], row, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("solver", [Schwarz(window=4), Shooting(window=4), TwoLevel(window=4, coarse="none", relaxation="FCF")])
def test_each_gets_what_it_gets_alone_from_windows(solver):
    given = problem(np.random.default_rng(7).uniform(0, 1, 7), seed=7)
    together = solve(solver, given)
    for s in range(7):
        single = alone(solver, given, s)
        assert (together.status[s], int(together.iterations[s])) == (single.status, int(single.iterations))
        np.testing.assert_allclose(together.states[:, s], single.states, rtol=1e-12)


def test_the_cap_holds_on_every_rung():
    slopes = np.array([0.0] * 6 + [0.9, 0.99])
    solution = solve(Jacobi(max_iterations=20), problem(slopes))
    assert solution.status.tolist() == ["converged"] * 6 + ["not_converged"] * 2
    assert solution.iterations.tolist() == [1] * 6 + [20] * 2


def test_maps_over_models_whose_batches_stop_at_different_times():
    slopes = jnp.asarray(np.random.default_rng(0).uniform(0, 1, (3, 9)) ** 2)
    together = jax.jit(jax.vmap(lambda slopes: Jacobi().solve(problem(slopes), jnp.zeros((T, 9, 1)))))(slopes)
    for model in range(3):
        single = solve(Jacobi(), problem(slopes[model]))
        np.testing.assert_array_equal(together.iterations[model], single.iterations)
        np.testing.assert_allclose(together.states[model], single.states, rtol=1e-12)


def test_any_other_number_of_batch_axes_is_solved_too():
    given = problem(np.random.default_rng(1).uniform(0, 1, 6), seed=1)
    grid = given._replace(z0=given.z0.reshape(2, 3, 1), inputs=given.inputs.reshape(T, 2, 3, 1))
    flat, together = solve(Jacobi(), given), solve(Jacobi(), grid)
    np.testing.assert_array_equal(together.iterations.reshape(6), flat.iterations)
    np.testing.assert_allclose(together.states.reshape(T, 6, 1), flat.states, rtol=1e-12)
