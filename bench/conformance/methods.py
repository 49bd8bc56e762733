"""Laws of a method: it agrees with the sequential scan in value and gradient, and its status never lies.

They are tried on a contracting shPLRNN, where every sound solver must converge, and on maps that no solver can solve.
"""

import dataclasses
from functools import lru_cache, partial

import jax
import jax.numpy as jnp
import numpy as np

import methods
from methods.maps import FunctionMap, Problem
from methods.models import ShallowPLRNN
from methods.solvers.base import Iterative
from methods.solvers.sequential import Sequential

LENGTHS = (1, 2, 3, 17, 777)


def agrees_with_the_sequential_scan(name):
    """Equal to the sequential scan in value and gradient, float64, T = 1, 2, 3, 17, 777."""
    for T in LENGTHS:
        _compare(_method(name), T, jnp.float64, states=1e-9, gradient=1e-7)


def agrees_in_single_precision(name):
    """Equal to the sequential scan in value and gradient, float32."""
    _compare(_method(name), 777, jnp.float32, states=1e-5, gradient=3e-3)


def batches_like_single_sequences(name):
    """A batch gives what its sequences give alone, with a status and a count for each."""
    method, params = _method(name), _model(jnp.float64)
    x = _data(50, jnp.float64, batch=3)
    together = _solve(method, params, x)
    assert together.states.shape == (3, 50, 4), f"states of shape {together.states.shape}, wanted (S, T, M) = (3, 50, 4)"
    for s in range(3):
        alone = _solve(method, params, x[s])
        np.testing.assert_allclose(together.states[s], alone.states, atol=1e-9)
        assert together.iterations[s] == alone.iterations, f"{together.iterations[s]} updates in a batch, {alone.iterations} alone"
        assert together.status[s] == alone.status


def maps_over_seeds(name):
    """`vmap` over parameters gives what each gives alone."""
    method, x = _method(name), _data(33, jnp.float64)
    models = [_model(jnp.float64, seed) for seed in (0, 1)]
    stacked = jax.tree.map(lambda *leaves: jnp.stack(leaves), *models)
    states = jax.jit(jax.vmap(lambda params: method.solve(params, x).states))(stacked)
    for s, params in enumerate(models):
        np.testing.assert_allclose(states[s], _solve(method, params, x).states, atol=1e-9)


def repeats_itself(name):
    """The same call twice gives the same bits."""
    method, params, x = _method(name), _model(jnp.float64), _data(64, jnp.float64)
    np.testing.assert_array_equal(_solve(method, params, x).states, _solve(method, params, x).states)


def nan_is_never_success(name):
    """A map that returns NaN, everywhere or from some step on, is `diverged`."""
    method = _method(name)
    for first in (0, 5):
        step = FunctionMap(lambda _, z, u: jnp.where(u[0] >= first, jnp.nan, 0.5 * z))
        inputs = jnp.arange(9.0)[:, None]
        solution = jax.jit(method.solver.solve)(Problem(step, jnp.ones(4), inputs), jnp.zeros((9, 4)))
        assert solution.status == "diverged", f"NaN from step {first} on was called {solution.status}"


def a_cap_is_not_success(name):
    """Stopped by the cap before the rule holds, a solve is `not_converged`; stopped just when it holds, `converged`."""
    method, params, x = _method(name), _model(jnp.float64), _data(200, jnp.float64)
    if not isinstance(method.solver, Iterative):
        return
    needed = int(_solve(method, params, x).iterations)
    assert needed >= 2, f"{needed} updates: the problem of this law is too easy to tell"
    for cap, status in ((needed, "converged"), (needed - 1, "not_converged")):
        solution = _solve(method.configure(max_iterations=cap), params, x)
        assert solution.status == status, f"needs {needed} updates; with a cap of {cap} it says {solution.status}"
        assert solution.iterations == cap


def exact_prefix(name):
    """A converged solve of T steps begins with the solve of its first steps: nothing looks ahead in time."""
    method, params, x = _method(name), _model(jnp.float64), _data(60, jnp.float64)
    np.testing.assert_allclose(_solve(method, params, x).states[:20], _solve(method, params, x[:21]).states, atol=1e-9)


LAWS = [
    agrees_with_the_sequential_scan,
    agrees_in_single_precision,
    batches_like_single_sequences,
    maps_over_seeds,
    repeats_itself,
    nan_is_never_success,
    a_cap_is_not_success,
    exact_prefix,
]


def _method(name):
    return methods.get(name)


def _compare(method, T, dtype, *, states, gradient):
    solution, got = _evaluate(method, _model(dtype), _data(T, dtype))
    expected, wanted = _sequentially(dataclasses.replace(method, solver=Sequential(), name=""), T, dtype)
    assert solution.status == "converged", f"T = {T}: {solution.status} after {solution.iterations} updates on a contracting map"
    np.testing.assert_allclose(solution.states, expected.states, atol=states, err_msg=f"states at T = {T}")
    for got_leaf, leaf in zip(jax.tree.leaves(got), jax.tree.leaves(wanted), strict=True):
        error = jnp.linalg.norm(got_leaf - leaf) / (jnp.linalg.norm(leaf) + jnp.finfo(dtype).tiny)
        assert error <= gradient, f"T = {T}: gradient off by {error:.1e} relative, wanted at most {gradient:.0e}"


@partial(jax.jit, static_argnums=0)
def _evaluate(method, params, x):
    return method.solve(params, x), jax.grad(method.loss, has_aux=True)(params, x)[0]


@lru_cache(maxsize=32)
def _sequentially(method, T, dtype):
    return _evaluate(method, _model(dtype), _data(T, dtype))


@partial(jax.jit, static_argnums=0)
def _solve(method, params, x):
    return method.solve(params, x)


def _model(dtype, seed=0):
    """M = 4 states of which N = 2 are read out; |A| + |W1||W2| < 1, so the map contracts without any forcing."""
    rng = np.random.default_rng(seed)
    M, L, N = 4, 12, 2
    return ShallowPLRNN.from_arrays(
        A=jnp.asarray(rng.uniform(-0.5, 0.5, M), dtype),
        W1=jnp.asarray(rng.uniform(-1, 1, (M, L)) * 0.15, dtype),
        W2=jnp.asarray(rng.uniform(-1, 1, (L, M)) * 0.4, dtype),
        h1=jnp.asarray(rng.uniform(-1, 1, M) * 0.5, dtype),
        h2=jnp.asarray(rng.uniform(-1, 1, L), dtype),
        B=jnp.asarray(rng.standard_normal((N, M)), dtype),
    )


def _data(T, dtype, batch=None):
    shape = (T + 1, 2) if batch is None else (batch, T + 1, 2)
    return jnp.asarray(np.random.default_rng(1).standard_normal(shape), dtype)
