"""Laws of a method: it agrees with the sequential scan in value and gradient, and its status never lies.

They are tried on a contracting shPLRNN, where every sound solver must converge, and on maps that no solver can solve; a method
for another model is tried on that model's first weights.
"""

import dataclasses
from functools import lru_cache, partial

import jax
import jax.numpy as jnp
import numpy as np

import methods
from bench.conformance import PassedOver
from methods.maps import FunctionMap, Map, Problem
from methods.method import Method
from methods.models import ShallowPLRNN
from methods.models.shplrnn import ShallowPLRNNShape
from methods.sampling import ScheduledSampling
from methods.solvers.base import Solver
from methods.solvers.sequential import Sequential

LENGTHS = (1, 17, 777)
T = 50  # of the other laws: one length, so that they share what is compiled


def is_a_method(name):
    """It is a `Method` that can be a static argument of `jit` and can be copied with other settings."""
    method = methods.REGISTRY[name]
    wanted = "Method(solver=..., forcing=...)"
    assert isinstance(method, Method), f'METHODS["{name}"] is a {type(method).__name__}, wanted {wanted}'
    solver = type(method.solver).__name__
    assert isinstance(method.solver, Solver), f'METHODS["{name}"] has a {solver} as its solver, wanted a subclass of Solver'
    try:
        hash(dataclasses.replace(method.solver))
    except TypeError as error:
        raise AssertionError(f"{solver}: {error}. Is it decorated with @dataclasses.dataclass(frozen=True)?") from error


def agrees_with_the_sequential_scan(name):
    """Equal to the sequential scan in value and gradient, float64, T = 1, 17, 777."""
    for length in LENGTHS:
        _compare(_method(name), length, jnp.float64, states=1e-9, gradient=1e-7)


def agrees_in_single_precision(name):
    """Equal to the sequential scan in value and gradient, float32, T = 777."""
    _compare(_method(name), LENGTHS[-1], jnp.float32, states=1e-5, gradient=3e-3)


def second_derivatives(name):
    """A derivative of the gradient is right, or refused with an error that says so."""
    method, params, x = _tried(name)
    try:
        got = _curvature(method, params, x)
    except (NotImplementedError, TypeError, ValueError) as error:
        assert "differentia" in str(error), f"second derivatives fail with {type(error).__name__}: {error}"
        raise PassedOver(f"second derivatives are refused: {str(error).splitlines()[0]}") from error
    _assert_same_weights(got, _curvature(method.stepwise, params, x), "the derivative of the gradient", 1e-6)


def batches_like_single_sequences(name):
    """A batch gives what its sequences give alone, with a status and a count for each; a NaN in one does not spoil the others."""
    method, params, _ = _tried(name)
    if isinstance(method.forcing, ScheduledSampling):
        raise PassedOver("which sequence reads its data when is drawn anew for every batch")
    if "window" in method.parameters:  # what it chooses by itself may follow the size of the batch
        method = method.configure(window=20)
    x = _data(T, jnp.float64, batch=3)
    together, spoilt = _solve(method, params, x), _solve(method, params, x.at[1, 10].set(jnp.nan))
    wanted = (3, T, params.latent_dim)
    assert together.states.shape == wanted, f"states of shape {together.states.shape}, wanted (S, T, M) = {wanted}"
    for s in range(3):
        alone = _solve(method, params, x[s])
        for batch in (together, spoilt) if s != 1 else (together,):
            _assert_close(batch.states[s], alone.states, f"sequence {s} of a batch of 3")
            counts = int(batch.iterations[s]), int(alone.iterations)
            assert counts[0] == counts[1], "{} updates in a batch, {} alone".format(*counts)
            assert batch.status[s] == alone.status, f"{batch.status[s]} in a batch, {alone.status} alone"


def maps_over_seeds(name):
    """`vmap` over parameters gives the loss and gradient that each has alone: this is how several seeds train at once."""
    method, x = _method(name), _data(T, jnp.float64)
    models = [_model(method, jnp.float64, seed) for seed in (0, 1)]
    evaluate = jax.value_and_grad(lambda params: method.loss(params, x)[0])
    together = jax.jit(jax.vmap(evaluate))(jax.tree.map(lambda *leaves: jnp.stack(leaves), *models))
    alone = jax.jit(evaluate)
    for s, params in enumerate(models):
        for got, wanted in zip(jax.tree.leaves(together), jax.tree.leaves(alone(params)), strict=True):
            np.testing.assert_allclose(got[s], wanted, atol=1e-9)


def repeats_itself(name):
    """The same call twice gives the same bits."""
    method, params, x = _tried(name)
    np.testing.assert_array_equal(_solve(method, params, x).states, _solve(method, params, x).states)


def nan_is_never_success(name):
    """A map or data that give NaN, everywhere or from some step on, are `diverged`."""
    method, params, x = _tried(name)
    if method.solver.solves is Map:
        solve, inputs = jax.jit(method.solver.solve), jnp.arange(9.0)[:, None]

        def step(first, z, u):
            return jnp.where(u[0] >= first, jnp.nan, 0.5 * z)

        for first in (0.0, 5.0):
            solution = solve(Problem(FunctionMap(step, first), jnp.ones(4), inputs), jnp.zeros((9, 4)))
            assert solution.status == "diverged", f"NaN from step {first:g} on was called {solution.status}"
    if method.forcing.forcing != "none":
        status = _solve(method, params, x.at[20:].set(jnp.nan)).status
        assert status == "diverged", f"NaN in the data was called {status}"


def a_cap_is_not_success(name):
    """Stopped by the cap before the rule holds, a solve is `not_converged`; stopped just when it holds, `converged`."""
    method, params, x = _tried(name)
    if "max_iterations" not in method.parameters:
        raise PassedOver("its solver does not iterate")
    needed = int(_solve(method, params, x).iterations)
    if needed < 2:  # a longer sequence may need more
        x = _data(LENGTHS[-1], jnp.float64)
        needed = int(_solve(method, params, x).iterations)
    if needed < 2:
        raise PassedOver("one update solves the problems of this law: no cap is too low")
    # the increment rule counts one update more than are needed, to see that nothing changes any more
    too_few = needed - 1 if method.parameters.get("rule") != "increment" else 1
    for cap, status in ((needed, "converged"), (too_few, "not_converged")):
        solution = _solve(method.configure(max_iterations=cap), params, x)
        assert solution.status == status, f"needs {needed} updates; with a cap of {cap} it says {solution.status}"
        assert solution.iterations == cap


def reports_its_own_residual(name):
    """The residual it reports is that of the states it returns, and small where it says `converged`, on a chaotic map too."""
    _takes_any_map(_method(name))
    # slope 1.9: with 2 rounding would end every orbit at a fixed point after 55 steps
    problem = Problem(FunctionMap(lambda _, z, u: 1 - 1.9 * jnp.abs(z)), jnp.array([0.3142]), jnp.zeros((200, 1)))
    solution = jax.jit(_method(name).solver.solve)(problem, jnp.full((200, 1), 0.3))
    if solution.status != "diverged":
        residual, size = jnp.abs(problem.evaluate(solution.states).residual).max(), 1 + jnp.abs(solution.states).max()
        difference = abs(solution.residual - residual)
        assert difference <= 1e-9 * size, f"reports a residual of {solution.residual:.1e}, its states have {residual:.1e}"
        if solution.status == "converged":
            assert residual <= 1e-6 * size, f"converged with a residual of {residual:.1e}"


def exact_prefix(name):
    """A converged solve of T steps begins with the solve of its first steps: nothing looks ahead in time."""
    method, params, x = _tried(name)
    shorter = _solve(method, params, x[:21]).states
    _assert_close(_solve(method, params, x).states[:20], shorter, f"the first 20 of {T} states beside those of T = 20 alone")


def exact_after_as_many_updates(name):
    """After i updates the first i states are exact, where theory says so, also on a map that expands."""
    solver = _method(name).solver
    if not solver.prefix_exact:
        raise PassedOver("its solver does not promise this (`prefix_exact`)")
    rng = np.random.default_rng(2)
    W = 1.5 * np.linalg.qr(rng.standard_normal((3, 3)))[0]
    step = FunctionMap(lambda W, z, u: W @ jnp.sin(z) + u, jnp.asarray(W))
    problem = Problem(step, jnp.asarray(rng.standard_normal(3)), jnp.asarray(rng.standard_normal((12, 3))))
    exact = Sequential().solve(problem).states
    for updates in range(13):
        states = _after(solver, problem, jnp.zeros((12, 3)), updates)
        _assert_close(states[:updates], exact[:updates], f"after {updates} updates")


LAWS = [
    is_a_method,
    agrees_with_the_sequential_scan,
    agrees_in_single_precision,
    batches_like_single_sequences,
    maps_over_seeds,
    repeats_itself,
    nan_is_never_success,
    a_cap_is_not_success,
    reports_its_own_residual,
    exact_prefix,
    exact_after_as_many_updates,
    second_derivatives,
]


def _tried(name):
    """The method, parameters and one sequence of T steps, in double precision."""
    method = _method(name)
    return method, _model(method, jnp.float64), _data(T, jnp.float64)


def _method(name):
    method = methods.get(name)
    return method if isinstance(method.model, ShallowPLRNNShape) else method.configure(latent_dim=8, hidden_dim=12)


def _takes_any_map(method):
    if method.solver.solves is not Map:
        raise PassedOver(f"its solver takes a {method.solver.solves.__name__} alone, and no map of this law's choice")


def _compare(method, length, dtype, *, states, gradient):
    params, x = _model(method, dtype), _data(length, dtype)
    exact = method.stepwise
    solution, got = _evaluate(method, params, x)
    expected, wanted = _sequentially(exact, length, dtype)
    if solution.status != "converged":
        short = length <= 17  # so that T updates cannot take anything out of the range of numbers
        status = f"{solution.status} after {solution.iterations} updates"
        assert not (short or method.solver.contraction_suffices), f"T = {length}: {status} on a contracting map"
        return
    assert solution.states.dtype == dtype, f"T = {length}: states in {solution.states.dtype} for data in {dtype.__name__}"
    size = max(1, float(np.abs(expected.states).max()))
    _assert_close(solution.states, expected.states, f"states at T = {length}", atol=states * size)
    _assert_same_weights(got, wanted, f"T = {length}: gradient", gradient)


def _assert_same_weights(got, wanted, what, relative):
    for weight in wanted:
        error = np.linalg.norm(got[weight] - wanted[weight]) / (np.linalg.norm(wanted[weight]) + 1e-30)
        assert error <= relative, f"{what} in {weight} off by {error:.1e} relative, wanted at most {relative:.0e}"


def _assert_close(states, wanted, what, atol=1e-9):
    assert states.shape == wanted.shape, f"{what}: shape {states.shape}, wanted {wanted.shape}"
    error = np.nan_to_num(np.abs(np.asarray(states) - wanted).max(-1), nan=np.inf)
    wrong = error > atol
    assert not wrong.any(), f"{what}: first wrong at t = {wrong.argmax() + 1}, off by up to {error.max():.1e}, wanted {atol:.0e}"


@partial(jax.jit, static_argnums=0)
def _evaluate(method, params, x):
    """The solution, and the gradient of the squared error of its read-out by parameter."""

    def loss(params):
        solution = method.solve(params, x)
        return jnp.mean((params.readout(solution.states) - x[1:]) ** 2), solution

    gradient, solution = jax.grad(loss, has_aux=True)(params)
    return solution, _by_weight(gradient)


def _by_weight(gradient):
    leaves = {field.name: getattr(gradient, field.name) for field in dataclasses.fields(gradient)}
    return {name: leaf for name, leaf in leaves.items() if isinstance(leaf, jax.Array)}


@partial(jax.jit, static_argnums=0)
def _curvature(method, params, x):
    """The derivative of |gradient of the loss|², by parameter."""

    def squared_gradient(params):
        gradient = jax.grad(lambda params: method.loss(params, x)[0])(params)
        return sum(jnp.sum(leaf**2) for leaf in jax.tree.leaves(gradient))

    return _by_weight(jax.grad(squared_gradient)(params))


@partial(jax.jit, static_argnums=0)
def _after(solver, problem, guess, updates):
    at = problem.evaluate(guess)
    start = at, solver.start(problem, at)
    return jax.lax.fori_loop(0, updates, lambda _, now: solver.advance(problem, *now), start)[0].states


@lru_cache(maxsize=32)
def _sequentially(method, length, dtype):
    return _evaluate(method, _model(method, dtype), _data(length, dtype))


@partial(jax.jit, static_argnums=0)
def _solve(method, params, x):
    return method.solve(params, x)


def _model(method, dtype, seed=0):
    """N = 2 variables; a shPLRNN of M = 4 with |A| + |W1||W2| < 1, so that it contracts without any forcing."""
    if not isinstance(method.model, ShallowPLRNNShape):
        return method.init(jax.random.key(seed), 2, dtype)
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


def _data(length, dtype, batch=None):
    shape = (length + 1, 2) if batch is None else (batch, length + 1, 2)
    return jnp.asarray(np.random.default_rng(1).standard_normal(shape), dtype)
