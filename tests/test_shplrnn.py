"""The shPLRNN: its step, its Jacobians, and what does not fit."""

import dataclasses
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from methods.forcing import Forcing
from methods.layout import cost
from methods.models.shplrnn.map import ForcedShallowPLRNN
from methods.models.shplrnn.model import ShallowPLRNN, ShallowPLRNNShape
from methods.problem import Map
from methods.problem.lanes import Lanes, Rows


def model(M=5, L=7, N=2, clipped=False, seed=0):
    rng = np.random.default_rng(seed)
    shapes = dict(A=(M,), W1=(M, L), W2=(L, M), h1=(M,), h2=(L,), B=(N, M))
    return ShallowPLRNN.from_arrays(**{name: rng.standard_normal(shape) for name, shape in shapes.items()}, clipped=clipped)


def by_hand(p, z):
    hidden = p.W2 @ z
    active = np.maximum(hidden + p.h2, 0) - (np.maximum(hidden, 0) if p.clipped else 0)
    return p.A * z + p.W1 @ active + p.h1


@pytest.mark.parametrize("clipped", [False, True])
@pytest.mark.parametrize("forcing", ["none", "gtf", "projected"])
def test_step_is_the_formula_and_broadcasts(clipped, forcing):
    p = model(clipped=clipped)
    operators = Forcing(forcing).operators(p.B, 0.3)
    step = p.forced(operators.E, operators.D)
    rng = np.random.default_rng(1)
    z, x = rng.standard_normal((3, 4, 5)), rng.standard_normal((3, 4, 2))
    pinv = np.linalg.pinv(p.B)
    pull = {"none": lambda z, x: z, "gtf": lambda z, x: 0.7 * z + 0.3 * pinv @ x}
    pull["projected"] = lambda z, x: z + 0.3 * pinv @ (x - p.B @ z)
    expected = [[by_hand(p, pull[forcing](z[i, j], x[i, j])) for j in range(4)] for i in range(3)]
    np.testing.assert_allclose(step(z, x), expected, atol=1e-12)


@pytest.mark.parametrize("clipped", [False, True])
def test_analytic_jacobians_are_those_of_autodiff(clipped):
    p = model(clipped=clipped)
    operators = Forcing("projected").operators(p.B, 0.3)
    step = p.forced(operators.E, operators.D)
    rng = np.random.default_rng(2)
    z, x = rng.standard_normal((6, 5)), rng.standard_normal((6, 2))
    expected = jax.vmap(jax.jacfwd(step))(z, x)
    np.testing.assert_allclose(step.jacobian(z, x), expected, atol=1e-12)
    np.testing.assert_allclose(step.jacobian_diagonal(z, x), jnp.diagonal(expected, axis1=1, axis2=2), atol=1e-12)
    _, pattern = step.linearise(z, x)
    v = rng.standard_normal((6, 5))
    np.testing.assert_allclose(step.push(pattern, v), jnp.einsum("tij,tj->ti", expected, v), atol=1e-12)
    np.testing.assert_allclose(step.pull(pattern, v), jnp.einsum("tji,tj->ti", expected, v), atol=1e-12)


@pytest.mark.parametrize("clipped", [False, True])
@pytest.mark.parametrize("forced", [False, True])
def test_lanes_are_the_step_in_columns(clipped, forced):
    """Images, products with J and Jᵀ, and summed cotangents, by the lanes of any map and by the model's own."""
    p, rng, S = model(clipped=clipped), np.random.default_rng(5), 6
    operators = Forcing("projected").operators(p.B, 0.3)
    step = p.forced(operators.E, operators.D) if forced else p.autonomous()
    z, x, w = (jnp.asarray(rng.standard_normal((S, n))) for n in (5, 2, 5))
    x = x if forced else None
    columns = jax.tree.map(jnp.transpose, x)
    image, pull = jax.vjp(lambda step, z: step(z, x), step, z)
    d_step, back = pull(w)
    for lanes in (step.lanes(), Lanes(step)):
        np.testing.assert_allclose(lanes(z.T, columns), image.T, atol=1e-12)
        pushed = lanes.push(z.T, columns, w.T[:, None])[1][:, 0]
        np.testing.assert_allclose(pushed.T, step.push(step.linearise(z, x)[1], w), atol=1e-12)
        np.testing.assert_allclose(lanes.back(lanes.pattern(z.T, columns), w.T), back.T, atol=1e-12)
        got, total, _ = lanes.pull(z.T, columns, w.T, lanes.nothing(S))
        np.testing.assert_allclose(got, back.T, atol=1e-12)
        jax.tree.map(partial(np.testing.assert_allclose, atol=1e-12), lanes.collect(total), d_step)


def test_defaults_of_a_map_agree_with_the_analytic_forms():
    class ByDefault(ForcedShallowPLRNN):
        linearise, push, pull, dense, diagonal = Map.linearise, Map.push, Map.pull, Map.dense, Map.diagonal

    p = model()
    step = p.autonomous()
    plain = ByDefault(step.onto, None, step.W1, step.h1, step.h2)
    z = np.random.default_rng(3).standard_normal((2, 3, 5))
    np.testing.assert_allclose(plain.jacobian(z, None), step.jacobian(z, None), atol=1e-12)
    np.testing.assert_allclose(plain.jacobian_diagonal(z, None), step.jacobian_diagonal(z, None), atol=1e-12)


def test_slope_of_relu_at_zero_is_zero():
    p = ShallowPLRNN.from_arrays(A=[0.5], W1=[[1.0]], W2=[[1.0]], h1=[0.0], h2=[0.0], B=[[1.0]])
    np.testing.assert_array_equal(p.autonomous().jacobian(jnp.zeros(1), None), [[0.5]])


def test_clipped_orbits_stay_bounded():
    p = model(clipped=True)
    p = ShallowPLRNN.from_arrays(A=0.9 * jnp.tanh(p.A), W1=10 * p.W1, W2=p.W2, h1=p.h1, h2=p.h2, B=p.B, clipped=True)
    bound = (jnp.abs(p.W1) @ jnp.abs(p.h2) + jnp.abs(p.h1)).max() / 0.1
    z = jax.lax.fori_loop(0, 10_000, lambda _, z: p.autonomous()(z), jnp.ones(5))
    assert jnp.abs(z).max() <= bound


def test_from_arrays_keeps_A_as_given_and_names_a_wrong_shape():
    p = model()
    A = np.array([1.0, -1.5, 0.2, 0.0, 2.0])
    np.testing.assert_array_equal(ShallowPLRNN.from_arrays(A=A, W1=p.W1, W2=p.W2, h1=p.h1, h2=p.h2, B=p.B).A, A)
    with pytest.raises(ValueError, match=r"h2 has shape \(3,\).*must be \(7,\)"):
        ShallowPLRNN.from_arrays(A=p.A, W1=p.W1, W2=p.W2, h1=p.h1, h2=np.zeros(3), B=p.B)


@pytest.mark.parametrize("clipped", [False, True])
@pytest.mark.parametrize("observed", [None, 1, 2])
def test_many_steps_of_lanes_are_those_of_the_map(clipped, observed):
    """In columns, in rows and by the lanes of any map: the states, and from their patterns the products with Jᵀ."""
    p, rng, S, C = model(clipped=clipped), np.random.default_rng(6), 6, 7
    p = p if observed is None else dataclasses.replace(p, B=p.B[:observed])
    operators = Forcing("projected").operators(p.B, 0.3)
    step = p.autonomous() if observed is None else p.forced(operators.E, operators.D)
    z, w = (jnp.asarray(rng.standard_normal((S, 5))) for _ in range(2))
    x = None if observed is None else jnp.asarray(rng.standard_normal((C, S, observed)))
    now, states, backs = z, [], []
    for t in range(C):
        u = None if x is None else x[t]
        backs.append(jax.vjp(lambda z, u=u: step(z, u), now)[1](w)[0])
        now = step(now, u)
        states.append(now)
    before = jnp.stack([z, *states[:-1]])
    columns = jax.tree.map(lambda leaf: leaf.swapaxes(1, 2), x)
    inputs = jnp.zeros((C, 0, S)) if x is None else columns
    assert isinstance(step.lanes(S), Rows) and not isinstance(step.lanes(cost.CPU.few_lanes + 1), Rows)
    for lanes in (step.lanes(S), step.lanes(), Lanes(step)):
        last, found = lanes.run(z.T, inputs)
        np.testing.assert_allclose(last, now.T, atol=1e-12)
        np.testing.assert_allclose(found, jnp.stack(states).swapaxes(1, 2), atol=1e-12)
        patterns = lanes.patterns(before.swapaxes(1, 2), inputs)
        back = jax.vmap(lambda pattern, lanes=lanes: lanes.flip(lanes.back(pattern, lanes.flip(w.T))))(patterns)
        np.testing.assert_allclose(back, jnp.stack(backs).swapaxes(1, 2), atol=1e-12)


@pytest.mark.parametrize(("M", "N"), [(3, 3), (10, 3), (2, 5)])
def test_initialisation_is_near_the_identity_and_free_coordinates_return(M, N):
    p = ShallowPLRNNShape(latent_dim=M, hidden_dim=20).init(jax.random.key(0), N, jnp.float64)
    assert (p.A <= 0.999).all() and (p.A >= 0.95).all()
    assert jnp.abs(p.W1).max() <= 0.01 / 20**0.5
    if M >= N:
        np.testing.assert_array_equal(p.B, np.eye(N, M))
    for leaf, back in zip(jax.tree.leaves(p), jax.tree.leaves(p.to_unconstrained().from_unconstrained()), strict=True):
        np.testing.assert_allclose(leaf, back, rtol=1e-12)
