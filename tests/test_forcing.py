"""Teacher forcing: its limits, and the traps of indexing by one."""

import jax.numpy as jnp
import numpy as np
import pytest

import methods
from methods.forcing import Forcing
from methods.models import ShallowPLRNN


def operators(kind, B, alpha):
    return Forcing(kind).operators(jnp.asarray(B), alpha)


@pytest.mark.parametrize(("N", "M"), [(3, 3), (5, 3)])
def test_projected_equals_vanilla_where_everything_is_observed(N, M):
    B = np.random.default_rng(0).standard_normal((N, M))
    projected, vanilla = operators("projected", B, 0.3), operators("gtf", B, 0.3)
    np.testing.assert_allclose(projected.E, vanilla.E, atol=1e-12)
    np.testing.assert_allclose(projected.D, vanilla.D, atol=1e-12)


def test_projected_leaves_the_null_space_of_the_read_out_alone():
    B = np.random.default_rng(0).standard_normal((2, 6))
    E = operators("projected", B, 0.3).E
    null = np.linalg.svd(B)[2][2:]
    np.testing.assert_allclose(null @ E.T, null, atol=1e-12)
    np.testing.assert_allclose(np.linalg.norm(E, 2), 1, atol=1e-12)


@pytest.mark.parametrize("name", [name for name in methods.names() if methods.get(name).forcing.forcing in ("gtf", "projected")])
def test_full_forcing_of_the_identity_predicts_the_datum_before(name):
    """alpha = 1, F = identity, B = I must give x̂_t = x_{t-1}: anything else leaks or shifts the target."""
    method = methods.get(name)
    one = ShallowPLRNN.from_arrays(
        A=np.ones(3), W1=np.zeros((3, 2)), W2=np.zeros((2, 3)), h1=np.zeros(3), h2=np.zeros(2), B=np.eye(3)
    )
    x = jnp.asarray(np.random.default_rng(0).standard_normal((2, 11, 3)))
    method = method.configure(alpha=1.0)
    np.testing.assert_allclose(method.solve(one, x).states, x[:, :-1], atol=1e-9)  # to the tolerance of the solvers
    np.testing.assert_allclose(method.loss(one, x)[0], np.mean((x[:, 1:] - x[:, :-1]) ** 2), rtol=1e-9)


def test_a_strength_that_is_traced_equals_the_field():
    rng = np.random.default_rng(0)
    shapes = dict(A=(4,), W1=(4, 6), W2=(6, 4), h1=(4,), h2=(6,), B=(2, 4))
    params = ShallowPLRNN.from_arrays(**{name: 0.3 * rng.standard_normal(shape) for name, shape in shapes.items()})
    x = jnp.asarray(rng.standard_normal((1, 9, 2)))
    method = methods.get("gtf-deer", alpha=0.2)
    expected = methods.get("gtf-deer", alpha=0.7).solve(params, x).states
    np.testing.assert_allclose(method.solve(params, x, alpha=jnp.asarray(0.7)).states, expected, atol=1e-12)


def test_generate_is_the_free_run_after_a_forced_history():
    rng = np.random.default_rng(4)
    shapes = dict(A=(4,), W1=(4, 6), W2=(6, 4), h1=(4,), h2=(6,), B=(2, 4))
    p = ShallowPLRNN.from_arrays(**{name: 0.3 * rng.standard_normal(shape) for name, shape in shapes.items()})
    history = rng.standard_normal((5, 2))
    pinv, B = np.linalg.pinv(p.B), np.asarray(p.B)
    step = lambda z: p.A * z + p.W1 @ np.maximum(p.W2 @ z + p.h2, 0) + p.h1  # noqa: E731
    z = pinv @ history[0]
    for x in history[:-1]:
        z = step(z + 0.4 * pinv @ (x - B @ z))
    z = z + 0.4 * pinv @ (history[-1] - B @ z)
    expected = []
    for _ in range(7):
        z = step(z)
        expected.append(B @ z)
    method = methods.get("gtf-deer", alpha=0.4)
    np.testing.assert_allclose(method.generate(p, jnp.asarray(history), 7), expected, atol=1e-12)
    batch = method.generate(p, jnp.stack([jnp.asarray(history)] * 2), 7)
    np.testing.assert_allclose(batch[1], expected, atol=1e-12)
