"""Laws of a method: it agrees with the sequential scan in value and gradient, and its status never lies.

They are tried on a contracting shPLRNN, where every sound solver must converge, and on maps that no solver can solve; a method
for another model is tried on that model's first weights.
"""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np

import methods
from bench.conformance import PassedOver, trials
from bench.conformance.foresight import foresees_its_updates
from bench.conformance.trials import T
from methods.forcing.sampling import ScheduledSampling
from methods.method import Method
from methods.problem import FunctionMap, Map, Problem
from methods.problem.solution import DIVERGED
from methods.solvers.base import Solver
from methods.solvers.sequential import Sequential

LENGTHS = (1, 17, 777)


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
        _compare(trials.method_of(name), length, jnp.float64, states=1e-9, gradient=1e-7)


def agrees_in_single_precision(name):
    """Equal to the sequential scan in value and gradient, float32, T = 777."""
    _compare(trials.method_of(name), LENGTHS[-1], jnp.float32, states=1e-5, gradient=3e-3)


def second_derivatives(name):
    """A derivative of the gradient is right, or refused with an error that says so."""
    method, params, x = trials.tried(name)
    try:
        got = trials.curvature(method, params, x)
    except (NotImplementedError, TypeError, ValueError) as error:
        assert "differentia" in str(error), f"second derivatives fail with {type(error).__name__}: {error}"
        raise PassedOver(f"second derivatives are refused: {str(error).splitlines()[0]}") from error
    trials.assert_same_weights(got, trials.curvature(method.stepwise, params, x), "the derivative of the gradient", 1e-6)


def batches_like_single_sequences(name):
    """A batch gives what its sequences give alone, with a status and a count for each; a NaN in one does not spoil the others."""
    method, params, _ = trials.tried(name)
    if isinstance(method.forcing, ScheduledSampling):
        raise PassedOver("which sequence reads its data when is drawn anew for every batch")
    if "window" in method.parameters:  # what it chooses by itself may follow the size of the batch
        method = method.configure(window=20)
    x = trials.data(T, jnp.float64, batch=3)
    together, spoilt = trials.solve(method, params, x), trials.solve(method, params, x.at[1, 10].set(jnp.nan))
    wanted = (3, T, params.latent_dim)
    assert together.states.shape == wanted, f"states of shape {together.states.shape}, wanted (S, T, M) = {wanted}"
    for s in range(3):
        alone = trials.solve(method, params, x[s])
        for batch in (together, spoilt) if s != 1 else (together,):
            trials.assert_close(batch.states[s], alone.states, f"sequence {s} of a batch of 3")
            counts = int(batch.iterations[s]), int(alone.iterations)
            assert counts[0] == counts[1], "{} updates in a batch, {} alone".format(*counts)
            assert batch.status[s] == alone.status, f"{batch.status[s]} in a batch, {alone.status} alone"


def maps_over_seeds(name):
    """`vmap` over parameters gives the loss and gradient that each has alone: this is how several seeds train at once."""
    method, x = trials.method_of(name), trials.data(T, jnp.float64)
    models = [trials.model(method, jnp.float64, seed) for seed in (0, 1)]
    evaluate = jax.value_and_grad(lambda params: method.loss(params, x)[0])
    together = jax.jit(jax.vmap(evaluate))(jax.tree.map(lambda *leaves: jnp.stack(leaves), *models))
    alone = jax.jit(evaluate)
    for s, params in enumerate(models):
        for got, wanted in zip(jax.tree.leaves(together), jax.tree.leaves(alone(params)), strict=True):
            np.testing.assert_allclose(got[s], wanted, atol=1e-9)


def repeats_itself(name):
    """The same call twice gives the same bits."""
    method, params, x = trials.tried(name)
    np.testing.assert_array_equal(trials.solve(method, params, x).states, trials.solve(method, params, x).states)


def nan_is_never_success(name):
    """A map or data that give NaN, everywhere or from some step on, are `diverged`."""
    method, params, x = trials.tried(name)
    if method.solver.solves is Map:
        solve, inputs = jax.jit(method.solver.solve), jnp.arange(9.0)[:, None]

        def step(first, z, u):
            return jnp.where(u[0] >= first, jnp.nan, 0.5 * z)

        for first in (0.0, 5.0):
            solution = solve(Problem(FunctionMap(step, first), jnp.ones(4), inputs), jnp.zeros((9, 4)))
            assert solution.status == "diverged", f"NaN from step {first:g} on was called {solution.status}"
    if method.forcing.forcing != "none":
        status = trials.solve(method, params, x.at[20:].set(jnp.nan)).status
        assert status == "diverged", f"NaN in the data was called {status}"


def what_diverged_is_no_answer(name):
    """NaN or infinity in a parameter: a solve that diverges, or whose sequential scan does, has no finite loss and gradient."""
    method, params, x = trials.tried(name)
    leaves, structure = jax.tree.flatten(params)
    for i, leaf in enumerate(leaves):
        for value in (jnp.nan, jnp.inf):
            spoilt = jax.tree.unflatten(structure, [*leaves[:i], leaf.at[(0,) * leaf.ndim].set(value), *leaves[i + 1 :]])
            (loss, aux), gradient = trials.gradient(method, spoilt, x)
            wanted = trials.loss(method.stepwise, spoilt, x)
            diverged = aux.code == DIVERGED
            answer = jnp.isfinite(loss) and all(jnp.isfinite(each).all() for each in jax.tree.leaves(gradient))
            where = f"{value} in parameter {i}, shape {leaf.shape}"
            assert not (answer and diverged), f"{where}: diverged, with a finite loss {loss} and gradient"
            assert jnp.isfinite(wanted) or not jnp.isfinite(loss), f"{where}: loss {loss}, step by step {wanted}"


def the_last_datum_decides_nothing(name):
    """x_T is compared with z_T and forces no step: NaN there spoils the loss and leaves states and status as they are."""
    method, params, x = trials.tried(name)
    clean, spoilt = trials.solve(method, params, x), trials.solve(method, params, x.at[-1].set(jnp.nan))
    assert spoilt.status == clean.status, f"{clean.status} without and {spoilt.status} with NaN in the last datum"
    if clean.status == "converged":
        trials.assert_close(spoilt.states, clean.states, "states with NaN in the last datum")
    assert jnp.isnan(trials.loss(method, params, x.at[-1].set(jnp.nan))), "a finite loss from NaN"


def an_outlier_spoils_nothing_else(name):
    """One datum of 10⁶, float32: states elsewhere are as exact as without it, or the solve is not `converged`."""
    method = trials.method_of(name)
    params, x = trials.model(method, jnp.float32), trials.data(LENGTHS[-1], jnp.float32).at[150].set(1e6)
    got, wanted = trials.solve(method, params, x), trials.solve(method.stepwise, params, x)
    if jnp.isnan(got.residual):
        raise PassedOver("its states are no recurrence of their own, and remember the datum on")
    if got.status == "converged":
        size = np.maximum(1, np.abs(wanted.states).max(-1, keepdims=True))
        trials.assert_close(got.states / size, np.asarray(wanted.states / size), "states by their own size", 1e-4)


def a_cap_is_not_success(name):
    """Stopped by the cap before the rule holds, a solve is `not_converged`; stopped just when it holds, `converged`."""
    method, params, x = trials.tried(name)
    if "max_iterations" not in method.parameters:
        raise PassedOver("its solver does not iterate")
    needed = int(trials.solve(method, params, x).iterations)
    if needed < 2:  # a longer sequence may need more
        x = trials.data(LENGTHS[-1], jnp.float64)
        needed = int(trials.solve(method, params, x).iterations)
    if needed < 2:
        raise PassedOver("one update solves the problems of this law: no cap is too low")
    # the increment rule counts one update more than are needed, to see that nothing changes any more
    too_few = needed - 1 if method.parameters.get("rule") != "increment" else 1
    for cap, status in ((needed, "converged"), (too_few, "not_converged")):
        solution = trials.solve(method.configure(max_iterations=cap), params, x)
        assert solution.status == status, f"needs {needed} updates; with a cap of {cap} it says {solution.status}"
        assert solution.iterations == cap


def reports_its_own_residual(name):
    """The residual it reports is that of the states it returns, and small where it says `converged`, on a chaotic map too."""
    _takes_any_map(trials.method_of(name))
    # slope 1.9: with 2 rounding would end every orbit at a fixed point after 55 steps
    problem = Problem(FunctionMap(lambda _, z, u: 1 - 1.9 * jnp.abs(z)), jnp.array([0.3142]), jnp.zeros((200, 1)))
    solution = jax.jit(trials.method_of(name).solver.solve)(problem, jnp.full((200, 1), 0.3))
    if solution.status != "diverged":
        residual, size = jnp.abs(problem.evaluate(solution.states).residual).max(), max(1, jnp.abs(solution.states).max())
        difference = abs(solution.residual - residual)
        assert difference <= 1e-9 * size, f"reports a residual of {solution.residual:.1e}, its states have {residual:.1e}"
        if solution.status == "converged":
            assert residual <= 1e-6 * size, f"converged with a residual of {residual:.1e}"


def exact_prefix(name):
    """A converged solve of T steps begins with the solve of its first steps: nothing looks ahead in time."""
    method, params, x = trials.tried(name)
    shorter = trials.solve(method, params, x[:21]).states
    states = trials.solve(method, params, x).states
    trials.assert_close(states[:20], shorter, f"the first 20 of {T} states beside those of T = 20 alone")


def exact_after_as_many_updates(name):
    """After i updates the first i states are exact, where theory says so, also on a map that expands."""
    solver = trials.method_of(name).solver
    if not solver.prefix_exact:
        raise PassedOver("its solver does not promise this (`prefix_exact`)")
    rng = np.random.default_rng(2)
    W = 1.5 * np.linalg.qr(rng.standard_normal((3, 3)))[0]
    step = FunctionMap(lambda W, z, u: W @ jnp.sin(z) + u, jnp.asarray(W))
    problem = Problem(step, jnp.asarray(rng.standard_normal(3)), jnp.asarray(rng.standard_normal((12, 3))))
    exact = Sequential().solve(problem).states
    for updates in range(13):
        states = trials.after(solver, problem, jnp.zeros((12, 3)), updates)
        trials.assert_close(states[:updates], exact[:updates], f"after {updates} updates")


LAWS = [
    is_a_method,
    agrees_with_the_sequential_scan,
    agrees_in_single_precision,
    foresees_its_updates,
    batches_like_single_sequences,
    maps_over_seeds,
    repeats_itself,
    nan_is_never_success,
    what_diverged_is_no_answer,
    the_last_datum_decides_nothing,
    an_outlier_spoils_nothing_else,
    a_cap_is_not_success,
    reports_its_own_residual,
    exact_prefix,
    exact_after_as_many_updates,
    second_derivatives,
]


def _takes_any_map(method):
    if method.solver.solves is not Map:
        raise PassedOver(f"its solver takes a {method.solver.solves.__name__} alone, and no map of this law's choice")


def _compare(method, length, dtype, *, states, gradient):
    params, x = trials.model(method, dtype), trials.data(length, dtype)
    exact = method.stepwise
    solution, got = trials.evaluate(method, params, x)
    expected, wanted = trials.sequentially(exact, length, dtype)
    if solution.status != "converged":
        short = length <= 17  # so that T updates cannot take anything out of the range of numbers
        status = f"{solution.status} after {solution.iterations} updates"
        assert not (short or method.solver.contraction_suffices), f"T = {length}: {status} on a contracting map"
        return
    assert solution.states.dtype == dtype, f"T = {length}: states in {solution.states.dtype} for data in {dtype.__name__}"
    size = max(1, float(np.abs(expected.states).max()))
    trials.assert_close(solution.states, expected.states, f"states at T = {length}", atol=states * size)
    trials.assert_same_weights(got, wanted, f"T = {length}: gradient", gradient)
