"""Laws of a model: every solver that takes its map agrees with the sequential scan, and its shapes and types are what is asked.

A model is tried on its first weights and noise, under every forcing that it names.
"""

import dataclasses
import typing
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

import methods
from bench.conformance import PassedOver, trials
from methods import models
from methods.forcing import Forcing
from methods.forcing.sampling import ScheduledSampling
from methods.method import Method
from methods.problem import Map
from methods.solvers.newton import Newton
from methods.solvers.sequential import Sequential

T, N, S = 40, 2, 3
KINDS = (*typing.get_args(Forcing.__annotations__["forcing"]), "scheduled")


def says_what_it_is(name):
    """Its sizes are a frozen dataclass with a docstring, and it names the forcings that it takes."""
    sizes = models.REGISTRY[name]
    assert dataclasses.is_dataclass(sizes), f'MODELS["{name}"] is a {type(sizes).__name__}, wanted a frozen dataclass of sizes'
    sizes = models.get(name)
    trials.assert_hashable(sizes)
    assert (type(sizes).__doc__ or "").strip(), f"{type(sizes).__name__} has no docstring"
    unknown = [each for each in sizes.forcings if each not in KINDS]
    assert sizes.forcings and not unknown, f"forcings = {sizes.forcings!r}, wanted some of {', '.join(KINDS)}"


def makes_its_weights(name):
    """First weights for 1, 2 and 5 variables are finite, in the asked precision, and the same for the same key."""
    for observed_dim in (1, N, 5):
        for dtype in (jnp.float32, jnp.float64):
            params, again = (models.get(name).init(jax.random.key(1), observed_dim, dtype) for _ in range(2))
            asked = f"init(key, {observed_dim}, {dtype.__name__})"
            assert params.observed_dim == observed_dim, f"{asked}: observed_dim = {params.observed_dim}"
            for leaf, same in zip(jax.tree.leaves(params), jax.tree.leaves(again), strict=True):
                assert leaf.dtype == dtype, f"{asked}: weights of shape {leaf.shape} in {leaf.dtype}"
                assert np.isfinite(leaf).all(), f"{asked}: weights of shape {leaf.shape} are not finite"
                np.testing.assert_array_equal(leaf, same, err_msg=f"{asked}: another draw from the same key")


def poses_problems_in_shape(name):
    """States are (S, T, M) and read out as (S, T, N) in the precision of data and weights, for T = 1 and more, one or a batch."""
    for method in _sequential(name):
        for dtype in (jnp.float32, jnp.float64):
            for shape in ((2, N), (T + 1, N), (S, T + 1, N)):
                params, asked = _weights(method, dtype), f"{method.forcing.forcing} on data {shape} in {dtype.__name__}"
                states = jax.eval_shape(method.solve, params, jnp.ones(shape, dtype)).states
                wanted = (*shape[:-2], shape[-2] - 1, params.latent_dim)
                assert states.shape == wanted, f"{asked}: states of shape {states.shape}, wanted {wanted}"
                seen = jax.eval_shape(params.readout, states)
                assert seen.shape == (*wanted[:-1], N), f"{asked}: a read-out of shape {seen.shape}, wanted {(*wanted[:-1], N)}"
                assert states.dtype == seen.dtype == dtype, f"{asked}: states in {states.dtype}, read-out in {seen.dtype}"


def its_map_knows_its_jacobian(name):
    """What its map gives of J (push, pull, dense, diagonal) is the derivative of the map."""
    for method, problem in _maps(name):
        step, u = problem.step, jax.tree.map(lambda leaf: leaf[1], problem.inputs)
        v, w, z = jax.random.normal(jax.random.key(2), (3, *problem.z0.shape), jnp.float64)
        image, pattern = step.linearise(z, u)
        J = jax.jacfwd(lambda z, step=step, u=u: step(z, u))(z)
        told = {"linearise": (image, step(z, u)), "push": (step.push(pattern, v), J @ v), "pull": (step.pull(pattern, w), w @ J)}
        told |= {"dense": (step.dense(pattern), J), "diagonal": (step.diagonal(pattern), jnp.diagonal(J))}
        for what, (got, wanted) in told.items():
            np.testing.assert_allclose(
                got, wanted, atol=1e-9, err_msg=f"{method.forcing.forcing}: {what} of {type(step).__name__}"
            )


def newton_agrees_with_the_sequential_scan(name):
    """Newton's method and the sequential scan give the states and the gradient of its map by plain autodiff, float64."""
    for method, _ in _maps(name):
        params, x, what = _weights(method), trials.data(T, jnp.float64), method.forcing.forcing
        wanted, states = _plainly(method, params, x)
        for solver in (Sequential(), Newton()):
            solution, got = trials.evaluate(dataclasses.replace(method, solver=solver), params, x)
            if solution.status != "converged":
                raise PassedOver(f"{what}: {type(solver).__name__} says {solution.status} on its first weights")
            trials.assert_close(solution.states, states, f"{what}: states by {type(solver).__name__}", atol=1e-8)
            trials.assert_same_weights(got, wanted, f"{what}: gradient by {type(solver).__name__}", 1e-6)


def every_weight_of_the_map_learns(name):
    """The gradient of the loss is finite, and not zero in all weights."""
    for method in _sequential(name):
        gradient = jax.jit(jax.grad(lambda params, method=method: method.loss(params, trials.data(T, jnp.float64))[0]))
        leaves = jax.tree.leaves(gradient(_weights(method)))
        assert all(np.isfinite(leaf).all() for leaf in leaves), f"{method.forcing.forcing}: the gradient is not finite"
        assert any(np.any(leaf != 0) for leaf in leaves), f"{method.forcing.forcing}: the gradient is zero in every weight"


def runs_on_where_a_history_ends(name):
    """A free run is (length, N), each of a batch as alone, in the precision of the weights, for histories of 1 row and more."""
    for method in _sequential(name):
        for dtype, rows in ((jnp.float32, 1), (jnp.float64, T)):
            params, histories = _weights(method, dtype), trials.data(T, dtype, batch=S)[:, -rows:]
            together = method.generate(params, histories, 7)
            asked = f"{method.forcing.forcing}: 7 steps after {rows} rows in {dtype.__name__}"
            assert together.shape == (S, 7, N), f"{asked}: shape {together.shape}, wanted {(S, 7, N)}"
            assert together.dtype == dtype, f"{asked}: in {together.dtype}"
            for s in range(S):
                alone = method.generate(params, histories[s], 7)
                np.testing.assert_allclose(together[s], alone, rtol=1e-4, atol=1e-4, err_msg=f"{asked}: other than alone")


def trains_in_coordinates_that_lead_back(name):
    """`from_unconstrained(to_unconstrained(weights))` are the weights again."""
    params = _weights(_sequential(name)[0])
    for leaf, back in zip(jax.tree.leaves(params), jax.tree.leaves(params.to_unconstrained().from_unconstrained()), strict=True):
        np.testing.assert_allclose(back, leaf, rtol=1e-9, atol=1e-12)


def trains_seeds_together(name):
    """Two seeds train in one program, each update with a finite loss."""
    series = np.random.default_rng(0).standard_normal((200, N))
    fit = _sequential(name)[0].configure(updates=3).fit(series, T=10, batch=2, seeds=(0, 1))
    assert fit.log.loss.shape == (2, 3) and np.isfinite(fit.log.loss).all(), f"losses {fit.log.loss}"


LAWS = [
    says_what_it_is,
    makes_its_weights,
    poses_problems_in_shape,
    its_map_knows_its_jacobian,
    newton_agrees_with_the_sequential_scan,
    every_weight_of_the_map_learns,
    runs_on_where_a_history_ends,
    trains_in_coordinates_that_lead_back,
    trains_seeds_together,
]


def _sequential(name) -> list[Method]:
    """The model under each of its forcings, solved step by step."""
    sizes = models.get(name)
    forcings = [ScheduledSampling() if kind == "scheduled" else Forcing(kind) for kind in sizes.forcings]
    return [Method(_stepwise(sizes, forcing), forcing, sizes, name=name) for forcing in forcings]


def _maps(name):
    """Each of these methods with the problem that data pose, if its map is one that any solver takes."""
    for method in _sequential(name):
        problem, _ = method.problem(_weights(method), trials.data(T, jnp.float64))
        if method.solver.solves is not Map:
            raise PassedOver(f"a {type(problem.step).__name__} has solvers of its own")
        yield method, problem


@partial(jax.jit, static_argnums=0)
def _plainly(method, params, x):
    """Gradient by weight and states, as `trials.evaluate` has them, without solver and adjoint."""

    def loss(params):
        problem, _ = method.problem(params, x)
        _, states = jax.lax.scan(lambda z, u: (problem.step(z, u),) * 2, problem.z0, problem.inputs)
        return jnp.mean((params.readout(states) - x[1:]) ** 2), states

    gradient, states = jax.grad(loss, has_aux=True)(params)
    return trials.by_weight(gradient), states


def _stepwise(sizes, forcing):
    """The solver that goes step by step; a model whose states are no recurrence of their own has one for itself."""
    params = sizes.init(jax.random.key(0), N, jnp.float32)
    problem, _ = params.pose(forcing, jnp.zeros((3, N)), alpha=getattr(forcing, "alpha", None))
    return methods.get(own).stepwise.solver if (own := problem.step.own_solver) else Sequential()


def _weights(method, dtype=jnp.float64):
    return method.model.init(jax.random.key(0), N, dtype)
