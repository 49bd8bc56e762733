"""Values that are missing: the read-out stands in for them in every solver, the loss looks past them, nothing else changes."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import methods
from methods.models.shplrnn.masked import MaskedForced

N, M, T = 2, 4, 23
NAMES = [name for name in methods.names() if "missing" in methods.get(name).parameters]
KINDS = [{"forcing": "projected"}, {"forcing": "gtf"}, {"forcing": "sparse", "interval": 3}, {"forcing": "none"}]


def data(S=3):
    """With a first row, a middle row and a last row that are gone, and a third of all else."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((S, T + 1, N))
    x[rng.uniform(size=x.shape) < 0.3] = np.nan
    x[0, 0] = x[0, 11] = x[0, -1] = np.nan
    return x


@pytest.fixture
def params(contracting):
    return contracting(np.random.default_rng(1))


def written_out(p, method, x):
    """States of one sequence and its squared errors, step by step."""
    forcing, B = method.forcing, np.asarray(p.B)
    pinv, there = np.linalg.pinv(B), ~np.isnan(x)
    z, states = pinv @ np.where(there[0], x[0], 0), []
    for t in range(T):
        seen = np.where(there[t], x[t], B @ z)
        if forcing.forcing == "gtf":
            z = (1 - forcing.alpha) * z + forcing.alpha * pinv @ seen
        elif forcing.forcing != "none":
            alpha = forcing.alpha if forcing.forcing == "projected" else float(t % forcing.interval == 0)
            z = z + alpha * pinv @ (seen - B @ z)
        z = p.A * z + p.W1 @ np.maximum(p.W2 @ z + p.h2, 0) + p.h1
        states.append(z)
    errors = (np.array(states) @ B.T - x[1:])[there[1:]]
    return np.array(states), errors**2


@pytest.mark.parametrize("settings", KINDS, ids=lambda settings: settings["forcing"])
def test_the_recurrence_and_its_loss(params, settings):
    method = methods.get("sequential", missing="mask", **settings)
    x = data()
    states, errors = zip(*(written_out(params, method, each) for each in x), strict=True)
    np.testing.assert_allclose(method.solve(params, x).states, states, atol=1e-12)
    np.testing.assert_allclose(method.loss(params, x)[0], np.concatenate(errors).mean(), rtol=1e-12)
    np.testing.assert_allclose(method.solve(params, x[1]).states, states[1], atol=1e-12)


def value_and_gradient(method, params, x):
    return jax.jit(jax.value_and_grad(method.loss, has_aux=True))(params, x)


@pytest.mark.parametrize("name", NAMES)
def test_every_solver_agrees_and_gets_the_gradient(params, name):
    method = methods.get(name, missing="mask", **{"window": 5} if "window" in methods.get(name).parameters else {})
    x = data()
    (loss, aux), gradient = value_and_gradient(method, params, x)
    (wanted, _), exact = value_and_gradient(method.stepwise, params, x)
    assert (aux.code == 0).all()
    np.testing.assert_allclose(loss, wanted, rtol=1e-7)
    for one, other in zip(jax.tree.leaves(gradient), jax.tree.leaves(exact), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6 * (1 + jnp.abs(other).max()))


@pytest.mark.parametrize("differentiate", ["readout", "residual", "full"])
def test_the_gradient_is_that_of_plain_autodiff(params, differentiate):
    method, x = methods.get("gtf-deer", missing="mask", differentiate=differentiate), data()

    def plain(params):
        problem, _ = method.problem(params, jnp.moveaxis(jnp.asarray(x), 1, 0))
        states = jax.lax.scan(lambda z, u: (problem.step(z, u),) * 2, problem.z0, problem.inputs)[1]
        error = params.readout(jnp.moveaxis(states, 0, 1)) - jnp.nan_to_num(x[:, 1:])
        return jnp.sum(jnp.where(np.isnan(x[:, 1:]), 0, error) ** 2) / np.sum(~np.isnan(x[:, 1:]))

    got, wanted = value_and_gradient(method, params, x)[1], jax.grad(plain)(params)
    for one, other in zip(jax.tree.leaves(got), jax.tree.leaves(wanted), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-8)


@pytest.mark.parametrize("settings", KINDS, ids=lambda settings: settings["forcing"])
@pytest.mark.parametrize("name", ["sequential", "gtf-deer", "gtf-schwarz"])
def test_nothing_changes_where_no_value_is_missing(params, name, settings):
    x = np.random.default_rng(2).standard_normal((3, T + 1, N))
    masked, plain = (methods.get(name, **settings, **more) for more in ({"missing": "mask"}, {}))
    np.testing.assert_allclose(masked.solve(params, x).states, plain.solve(params, x).states, atol=1e-12)
    for one, other in zip(*(jax.tree.leaves(value_and_gradient(m, params, x)[1]) for m in (masked, plain)), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-12)
    np.testing.assert_allclose(masked.generate(params, x[0], 5), plain.generate(params, x[0], 5), atol=1e-12)


def test_the_linearisation_of_a_masked_step(params):
    rng = np.random.default_rng(3)
    E, D = rng.standard_normal((M, M)), rng.standard_normal((M, N))
    step = MaskedForced(params.autonomous(), E, D, params.B)
    z, missing, flag = rng.standard_normal((9, M)), rng.integers(0, 2, (9, N)), rng.integers(0, 2, (9, 1))
    u = rng.standard_normal((9, N)), missing.astype(float), flag.astype(float)
    J = jax.vmap(jax.jacobian(step), in_axes=(0, 0))(z, u)
    image, pattern = step.linearise(z, u)
    v = rng.standard_normal((9, M))
    np.testing.assert_allclose(image, step(z, u), atol=1e-14)
    np.testing.assert_allclose(step.dense(pattern), J, atol=1e-13)
    np.testing.assert_allclose(step.push(pattern, v), jnp.einsum("tij,tj->ti", J, v), atol=1e-13)
    np.testing.assert_allclose(step.pull(pattern, v), jnp.einsum("tij,ti->tj", J, v), atol=1e-13)
    np.testing.assert_allclose(step.diagonal(pattern), jnp.diagonal(J, axis1=1, axis2=2), atol=1e-13)


def test_a_diverged_solve_is_not_hidden_by_a_mask(params):
    x = data()
    x[:, 12:] = np.nan  # nobody looks at the states that are not finite
    huge = jax.tree.map(lambda leaf: 1e60 * leaf, params)
    assert not np.isfinite(methods.get("sequential", missing="mask").loss(huge, x)[0])


@pytest.mark.parametrize("name", ["sequential", "gtf-deer", "deer", "schwarz-shared"])
def test_training_around_missing_values(name):
    rows = np.sin(np.arange(300)[:, None] * np.array([0.1, 0.13]))
    rows[np.random.default_rng(0).uniform(size=rows.shape) < 0.3] = np.nan
    more = {"windows": 4, "overlap": 4, "learning_rate": 1e-2} if name.startswith("schwarz") else {"learning_rate": 1e-2}
    sizes = {"T": 44, "batch": 1 if name.startswith("schwarz") else 4}
    with pytest.raises(ValueError, match='series: row .* not finite.*, or set missing = "mask"'):
        methods.get(name, latent_dim=4, updates=2, **more).fit(rows, **sizes)
    more |= {} if name == "deer" else {"alpha": 0.1}
    method = methods.get(name, latent_dim=4, hidden_dim=8, updates=100, missing="mask", observation_noise=0.01, **more)
    first = method.init(jax.random.key(0), 2)
    fitted = method.fit(rows, params=first, **sizes)
    trained = jax.tree.map(lambda leaf: leaf[0], fitted.params)
    assert np.isfinite(fitted.log.loss).all() and not fitted.log.skipped.any()
    assert method.loss(trained, rows[:45])[0] < 0.8 * method.loss(first, rows[:45])[0]
    assert np.isfinite(method.generate(trained, rows[:20], 10)).all()
    rows[7, 1] = np.inf
    with pytest.raises(ValueError, match="series: row 7 "):
        method.fit(rows, **sizes)
    with pytest.raises(ValueError, match="series: row 0 "):
        method.fit(np.full((60, 2), np.nan), **sizes)


def test_an_adaptive_strength_is_estimated_from_what_is_there():
    method = methods.get("gtf-deer", latent_dim=4, missing="mask", alpha_from="batch_max", updates=6)
    fitted = method.fit(data(1)[0], T=8, batch=2)
    assert 0 <= fitted.alpha[0] < 1 and not fitted.log.skipped.any()


@pytest.mark.parametrize("name", ["lssm", "mamba2", "lssm-scheduled"])
def test_models_that_read_data_cannot_skip_any(name):
    with pytest.raises(ValueError, match="missing"):
        methods.get(name, missing="mask")
    with pytest.raises(ValueError, match=r"series: row 2 .* Leave them out or fill them in\."):
        methods.get(name, latent_dim=4, updates=1).fit(
            np.where(np.arange(9)[:, None] == 2, np.nan, np.ones((9, 2))), T=5, batch=1
        )
