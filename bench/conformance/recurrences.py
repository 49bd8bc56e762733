"""Laws of a recurrence: a seed is one draw in any precision, any solver can take its steps, and solvers agree on it."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

import methods
from bench.conformance import PassedOver
from bench.conformance.trials import assert_close, assert_hashable
from methods.adjoint import Adjoint
from methods.problem import Map, Problem, posed
from methods.solvers.newton import Newton
from methods.solvers.sequential import Sequential
from systems import recurrences
from systems.recurrences import Recurrence

LENGTHS = (1, 2, 33)
SHORT = 13  # steps; so few that a chaotic map has not yet taken rounding errors far
LONG = 333
DIFFERENCE = 1e-6  # of central differences


def says_what_it_is(name):
    """It is a frozen dataclass of settings that can be hashed, says in a line what it is, and draws a `Recurrence`."""
    family = recurrences.get(name)
    assert_hashable(family)
    said = getattr(family, "summary", "") or type(family).__doc__ or ""
    own = said.strip() and not said.startswith(f"{type(family).__name__}(")  # what dataclasses write in place of nothing
    assert own, f"{type(family).__name__} has neither a summary nor a docstring"
    drawn = family.draw(1)
    assert isinstance(drawn, Recurrence), f"draw(1) gave a {type(drawn).__name__}, wanted a systems.recurrences.Recurrence"


def draws_what_it_is_asked_for(name):
    """A draw of T steps has a finite first state (M,), guess (T, M), inputs (T, ·) and tangent of length 1, T = 1, 2, 33."""
    for T in LENGTHS:
        drawn = recurrences.get(name).draw(T)
        M = len(drawn.z0)
        shapes = np.shape(drawn.z0), np.shape(drawn.guess), np.shape(drawn.tangent)
        assert shapes == ((M,), (T, M), (M,)), f"draw({T}): z0, guess and tangent of shapes {shapes}, wanted (M,), ({T}, M), (M,)"
        rows = {np.shape(leaf)[:1] for leaf in jax.tree.leaves(drawn.inputs)}
        assert rows == {(T,)}, f"draw({T}): inputs have {sorted(rows)} rows, wanted leaves with {T} rows each, and one at least"
        assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(drawn)), f"draw({T}): not all numbers are finite"
        length = np.linalg.norm(drawn.tangent)
        assert abs(length - 1) < 1e-6, f"draw({T}): a tangent of length {length}, wanted 1"
        assert drawn.dt > 0, f"draw({T}): dt = {drawn.dt}, wanted a positive time between states"


def a_seed_is_one_draw(name):
    """The same seed gives the same numbers, with jax in double precision or not; another seed gives others."""
    drawn, again, other = (recurrences.get(name).draw(SHORT, seed=seed) for seed in (3, 3, 4))
    with jax.enable_x64(False):
        single = recurrences.get(name).draw(SHORT, seed=3)
    for leaf, same, rounded in zip(*map(jax.tree.leaves, (drawn, again, single)), strict=True):
        np.testing.assert_array_equal(leaf, same, err_msg="another draw from the same seed")
        np.testing.assert_allclose(rounded, leaf, rtol=1e-6, err_msg="another draw where jax is not in double precision")
    pairs = zip(jax.tree.leaves(drawn), jax.tree.leaves(other), strict=True)
    assert any((np.asarray(leaf) != np.asarray(changed)).any() for leaf, changed in pairs), "seeds 3 and 4 are the same draw"


def misuse_is_a_value_error(name):
    """T = 0 and a seed of -1 are a `ValueError`."""
    for asked in (dict(T=0), dict(T=1, seed=-1)):
        try:
            recurrences.get(name).draw(**asked)
        except ValueError:
            continue
        raise AssertionError(f"draw({', '.join(f'{key}={value}' for key, value in asked.items())}) was answered")


def goes_on_step_by_step(name):
    """333 states step by step are finite, the same bits every time, and in the precision of the first state."""
    for dtype in (jnp.float32, jnp.float64):
        _, problem = _drawn(name, LONG, dtype)
        states, again = _sequentially(problem), _sequentially(problem)
        assert states.dtype == dtype, f"states in {states.dtype} from a first state in {dtype.__name__}"
        assert np.isfinite(states).all(), f"{dtype.__name__}: not finite from step {np.isfinite(states).all(-1).argmin() + 1} on"
        np.testing.assert_array_equal(states, again, err_msg="the same call twice")


def steps_side_by_side_as_alone(name):
    """Steps of many states at once are those of each alone, in the guess and on the trajectory."""
    drawn, problem = _drawn(name, SHORT)
    for states in (drawn.guess, _sequentially(problem)):
        before = problem.previous(states)
        together = problem.step(before, problem.inputs)
        for t in range(SHORT):
            alone = drawn.step(before[t], jax.tree.map(lambda leaf, t=t: leaf[t], problem.inputs))
            np.testing.assert_allclose(together[t], alone, rtol=1e-12, atol=1e-12, err_msg=f"step {t + 1} of {SHORT} at once")


def has_the_derivative_of_its_step(name):
    """Jacobians are those of central differences in the guess, forwards and backwards, and finite on the trajectory too."""
    drawn, problem = _drawn(name, SHORT)
    step, inputs, M = problem.step, problem.inputs, len(drawn.z0)
    for states in (drawn.guess, _sequentially(problem)):
        before = problem.previous(states)
        _, pattern = step.linearise(before, inputs)
        J = step.dense(pattern)
        pulled = jax.vmap(lambda w, pattern=pattern: step.pull(pattern, jnp.broadcast_to(w, (SHORT, M))), out_axes=-2)(jnp.eye(M))
        assert np.isfinite(J).all() and np.isfinite(pulled).all(), "a Jacobian is not finite"
        assert_close(step.diagonal(pattern), np.asarray(jnp.diagonal(J, 0, -2, -1)), "the diagonal that it gives", atol=1e-9)
        np.testing.assert_allclose(pulled, J, rtol=1e-9, atol=1e-9, err_msg="Jacobians in reverse mode beside forward mode")
        if states is drawn.guess:
            ends = (step(before[:, None] + sign * np.eye(M) * DIFFERENCE, _side_by_side(inputs, M)) for sign in (1, -1))
            differences = np.swapaxes(np.subtract(*ends), -1, -2) / (2 * DIFFERENCE)
            size = max(1.0, float(np.abs(J).max()))
            np.testing.assert_allclose(J, differences, rtol=1e-5, atol=1e-6 * size, err_msg="Jacobians beside differences")


def newton_agrees_with_the_sequential_scan(name):
    """Newton and its kin give the states of the step-by-step scan and their gradient, float64, T = 1 and 13, or overflow."""
    agreed = 0
    for T, solvers in ((1, [Newton()]), (SHORT, _newton_like())):
        drawn, problem = _drawn(name, T)
        wanted, states = _gradient(None, problem, drawn.guess)
        for solver in solvers:
            what = f"T = {T}: {solver}"
            got, solution = _gradient(solver, problem, drawn.guess)
            if solution.status == "diverged":  # from a guess so far off that an update leaves the range of numbers
                continue
            assert solution.status == "converged", f"{what} has not converged, though {T} updates make all {T} states exact"
            agreed += T > 1
            size = max(1.0, float(np.abs(states).max()))
            assert_close(solution.states, np.asarray(states), f"{what}: states", atol=1e-8 * size)
            for leaf, right in zip(jax.tree.leaves(got), jax.tree.leaves(wanted), strict=True):
                error = np.linalg.norm(leaf - right) / (np.linalg.norm(right) + 1e-30)
                assert error <= 1e-6, f"{what}: gradient off by {error:.1e} relative in a part of shape {np.shape(right)}"
    if not agreed:
        raise PassedOver("from its first guess Newton leaves the range of numbers. Give it a `guess` nearer to the trajectory")


LAWS = [
    says_what_it_is,
    draws_what_it_is_asked_for,
    a_seed_is_one_draw,
    misuse_is_a_value_error,
    goes_on_step_by_step,
    steps_side_by_side_as_alone,
    has_the_derivative_of_its_step,
    newton_agrees_with_the_sequential_scan,
]


def _drawn(name, T, dtype=jnp.float64) -> tuple[Recurrence, Problem]:
    drawn = recurrences.get(name).draw(T).astype(dtype)
    return drawn, posed(drawn.step, drawn.z0, drawn.inputs, drawn.diagonal)


def _side_by_side(inputs, count: int):
    """Each row of the inputs `count` times, `(T, count, ·)`."""
    return jax.tree.map(lambda leaf: jnp.broadcast_to(leaf[:, None], (len(leaf), count, *leaf.shape[1:])), inputs)


def _newton_like() -> list:
    """The solvers of all registered methods that linearise any map and are exact after T updates, each once."""
    solvers = [methods.REGISTRY[name].solver for name in methods.names()]
    return list(dict.fromkeys(each for each in solvers if isinstance(each, Newton) and each.prefix_exact and each.solves is Map))


@jax.jit
def _sequentially(problem):
    return Sequential().solve(problem).states


@partial(jax.jit, static_argnums=0)
def _gradient(solver, problem, guess):
    """The gradient of a sum over the states by z_0, weights and inputs, and the solution; None: by plain autodiff of a scan."""

    def total(problem):
        if solver is None:
            _, found = jax.lax.scan(lambda z, u: (problem.step(z, u),) * 2, problem.z0, problem.inputs)
            return jnp.sin(found).sum(), found
        solution = solver.evaluate(Adjoint(), problem, guess)
        return jnp.sin(solution.states).sum(), solution

    return jax.grad(total, has_aux=True)(problem)
