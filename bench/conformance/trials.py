"""What the laws of a method are tried on: small models and data, and their solutions, compiled once and shared by the laws."""

import dataclasses
from functools import lru_cache, partial

import jax
import jax.numpy as jnp
import numpy as np

import methods
from methods.models import ShallowPLRNN
from methods.models.shplrnn.model import ShallowPLRNNShape

T = 50  # one length for most laws, so that they share what is compiled


def tried(name):
    """The method, parameters and one sequence of T steps, in double precision."""
    method = method_of(name)
    return method, model(method, jnp.float64), data(T, jnp.float64)


def method_of(name):
    method = methods.get(name)
    return method if isinstance(method.model, ShallowPLRNNShape) else method.configure(latent_dim=8, hidden_dim=12)


def assert_same_weights(got, wanted, what, relative):
    for weight in wanted:
        error = np.linalg.norm(got[weight] - wanted[weight]) / (np.linalg.norm(wanted[weight]) + 1e-30)
        assert error <= relative, f"{what} in {weight} off by {error:.1e} relative, wanted at most {relative:.0e}"


def assert_hashable(settings):
    """A dataclass of settings can be a static argument of `jit`."""
    try:
        hash(settings)
    except TypeError as error:
        what = type(settings).__name__
        raise AssertionError(f"{what}: {error}. Is it decorated with @dataclasses.dataclass(frozen=True)?") from error


def assert_close(states, wanted, what, atol=1e-9):
    assert states.shape == wanted.shape, f"{what}: shape {states.shape}, wanted {wanted.shape}"
    error = np.nan_to_num(np.abs(np.asarray(states) - wanted).max(-1), nan=np.inf)
    wrong = error > atol
    assert not wrong.any(), f"{what}: first wrong at t = {wrong.argmax() + 1}, off by up to {error.max():.1e}, wanted {atol:.0e}"


@partial(jax.jit, static_argnums=0)
def evaluate(method, params, x):
    """The solution, and the gradient of the squared error of its read-out by parameter."""

    def loss(params):
        solution = method.solve(params, x)
        return jnp.mean((params.readout(solution.states) - x[1:]) ** 2), solution

    gradient, solution = jax.grad(loss, has_aux=True)(params)
    return solution, by_weight(gradient)


def by_weight(gradient):
    leaves = {field.name: getattr(gradient, field.name) for field in dataclasses.fields(gradient)}
    return {name: leaf for name, leaf in leaves.items() if isinstance(leaf, jax.Array)}


@partial(jax.jit, static_argnums=0)
def curvature(method, params, x):
    """The derivative of |gradient of the loss|², by parameter."""

    def squared_gradient(params):
        gradient = jax.grad(lambda params: method.loss(params, x)[0])(params)
        return sum(jnp.sum(leaf**2) for leaf in jax.tree.leaves(gradient))

    return by_weight(jax.grad(squared_gradient)(params))


@partial(jax.jit, static_argnums=0)
def after(solver, problem, guess, updates):
    at = problem.evaluate(guess)
    start = at, solver.begin(problem, at)
    return jax.lax.fori_loop(0, updates, lambda _, now: solver.advance(problem, *now), start)[0].states


@lru_cache(maxsize=32)
def sequentially(method, length, dtype):
    return evaluate(method, model(method, dtype), data(length, dtype))


@partial(jax.jit, static_argnums=0)
def gradient(method, params, x):
    """Loss and report, and the gradient."""
    return jax.value_and_grad(method.loss, has_aux=True)(params, x)


@partial(jax.jit, static_argnums=0)
def loss(method, params, x):
    return method.loss(params, x)[0]


@partial(jax.jit, static_argnums=0)
def solve(method, params, x):
    return method.solve(params, x)


def model(method, dtype, seed=0):
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


def data(length, dtype, batch=None):
    shape = (length + 1, 2) if batch is None else (batch, length + 1, 2)
    return jnp.asarray(np.random.default_rng(1).standard_normal(shape), dtype)
