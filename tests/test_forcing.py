"""Teacher forcing: its limits, and the traps of indexing by one."""

import jax.numpy as jnp
import numpy as np
import pytest

import methods
from methods.forcing import Forcing, adaptive
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


@pytest.fixture
def model():
    """M = 4 of which N = 2 are read out, in numpy's hands."""
    rng = np.random.default_rng(4)
    shapes = dict(A=(4,), W1=(4, 6), W2=(6, 4), h1=(4,), h2=(6,), B=(2, 4))
    return ShallowPLRNN.from_arrays(**{name: 0.3 * rng.standard_normal(shape) for name, shape in shapes.items()})


def continued(p, history, strengths, length):
    """The free run after `history`, forced by each of its rows with a strength of its own, written out."""
    pinv, B = np.linalg.pinv(p.B), np.asarray(p.B)
    step = lambda z: p.A * z + p.W1 @ np.maximum(p.W2 @ z + p.h2, 0) + p.h1  # noqa: E731
    z, generated = pinv @ history[0], []
    for x, alpha in zip(history, strengths, strict=True):
        z = step(z + alpha * pinv @ (x - B @ z))
    for _ in range(length):
        generated.append(B @ z)
        z = step(z)
    return np.array(generated)


@pytest.mark.parametrize(
    ("name", "settings", "strengths"),
    [
        ("gtf-deer", {"alpha": 0.4}, [0.4] * 8),
        ("sequential", {"alpha": 0.0}, [0.0] * 8),
        ("deer", {}, [1.0] * 8),
        ("elk", {}, [1.0] * 8),
        ("sequential-free", {}, [1.0] * 8),
        ("gtf-deer", {"forcing": "sparse", "interval": 3}, [0, 1, 0, 0, 1, 0, 0, 1]),
        ("gtf-deer", {"forcing": "sparse", "interval": 20}, [0] * 7 + [1]),
    ],
)
def test_generate_is_the_free_run_after_a_history_that_forces_to_its_end(model, name, settings, strengths):
    history = np.random.default_rng(5).standard_normal((8, 2))
    expected, method = continued(model, history, strengths, 7), methods.get(name, **settings)
    np.testing.assert_allclose(method.generate(model, history, 7), expected, atol=1e-12)
    np.testing.assert_allclose(method.generate(model, np.stack([history] * 2), 7)[1], expected, atol=1e-12)


@pytest.mark.parametrize("name", [name for name in methods.names() if methods.get(name).forcing.forcing == "none"])
def test_forecasts_without_forcing_are_as_far_ahead_as_others(name):
    """All of the state observed, the last row is all that counts: the first forecast is one step ahead of it."""
    one = ShallowPLRNN.from_arrays(
        A=np.full(2, 0.5), W1=np.zeros((2, 1)), W2=np.zeros((1, 2)), h1=np.zeros(2), h2=np.zeros(1), B=np.eye(2)
    )
    history = np.random.default_rng(5).standard_normal((8, 2))
    forced = methods.get("gtf-deer", alpha=1.0).generate(one, history, 3)
    for rows in (history, history[-1:]):
        np.testing.assert_allclose(methods.get(name).generate(one, rows, 3), forced, atol=1e-14)
    np.testing.assert_allclose(forced[0], history[-1] / 2, atol=1e-14)


@pytest.mark.parametrize("name", ["gtf-deer", "deer", "gtf-shooting"])
def test_the_history_forces_with_the_strength_that_is_given(model, name):
    history = np.random.default_rng(5).standard_normal((8, 2))
    for alpha in (0.25, jnp.asarray(0.25), np.float64(0.25)):
        got = methods.get(name).generate(model, history, 7, alpha=alpha)
        np.testing.assert_allclose(got, continued(model, history, [0.25] * 8, 7), atol=1e-12)
    with pytest.raises(ValueError, match="alpha = 1.5"):
        methods.get(name).generate(model, history, 7, alpha=1.5)


def test_an_adaptive_strength_is_that_of_the_training_or_else_the_estimate(model):
    history = np.random.default_rng(5).standard_normal((8, 2))
    method = methods.get("gtf-deer", alpha_from="bound")
    wanted = float(adaptive.estimate(method.forcing, model, jnp.asarray(history)[None]))
    assert 0 < wanted < 1
    np.testing.assert_allclose(method.generate(model, history, 7), continued(model, history, [wanted] * 8, 7), atol=1e-12)
    fitted = method.configure(latent_dim=4, updates=6).fit(np.tile(history, (3, 1)), T=5, batch=2, dtype=jnp.float64)
    assert fitted.alpha.shape == (1,) and fitted.alpha[0] < fitted.log.alpha[0, 0] == 1
    constant = methods.get("gtf-deer", alpha=0.3, latent_dim=4, updates=1).fit(history, T=5, batch=2)
    assert constant.alpha[0] == np.float32(0.3)
    assert methods.get("deer", latent_dim=4, updates=1).fit(history, T=5, batch=2).alpha is None
