"""A gradient may be differentiated again in reverse mode and is right; where it cannot be, that is said with the way out."""

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

import methods

N, M, L, T = 2, 3, 5, 24
X = jr.normal(jr.key(1), (3, T + 1, N))


def of(name, **settings):
    method = methods.get(name, latent_dim=M, hidden_dim=L, **settings)
    return method, method.init(jr.key(0), N, jnp.float64)


def written_out(method, params):
    """The loss by plain autodiff through a scan over time."""
    problem, _ = method.problem(params, jnp.moveaxis(X, -2, 0))
    states = jax.lax.scan(lambda z, u: (problem.step(z, u),) * 2, problem.z0, problem.inputs)[1]
    return jnp.mean((params.readout(jnp.moveaxis(states, 0, -2)) - X[:, 1:]) ** 2)


def curvature(loss, params):
    """The derivative of |gradient|²."""
    squared = lambda params: sum((leaf**2).sum() for leaf in jax.tree.leaves(jax.grad(loss)(params)))  # noqa: E731
    return jax.jit(jax.grad(squared))(params)


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        *(("gtf-deer", {"adjoint_scan": scan}) for scan in ("auto", "sequential", "chunked", "associative", "blocked")),
        ("gtf-deer", {"differentiate": "full"}),
        ("sequential", {}),
        ("deer", {}),
        ("low-rank", {}),
        ("lssm", {}),
    ],
)
def test_right(name, settings):
    method, params = of(name, **settings)
    got = curvature(lambda params: method.loss(params, X)[0], params)
    wanted = curvature(lambda params: written_out(method, params), params)
    for one, other in zip(jax.tree.leaves(got), jax.tree.leaves(wanted), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-9 * (1 + jnp.abs(other).max()))


@pytest.mark.parametrize(
    ("settings", "way_out"),
    [
        ({"adjoint_scan": "windows", "adjoint_window": 6}, "adjoint_scan = 'sequential'"),
        ({"adjoint_scan": "windows", "adjoint_window": 6, "adjoint_memory": 1}, "adjoint_scan = 'sequential'"),
        ({"adjoint": "diagonal"}, "adjoint = 'exact'"),
    ],
)
def test_refused(settings, way_out):
    method, params = of("gtf-deer", **settings)
    with pytest.raises(NotImplementedError, match=f"second derivatives: .*{way_out}"):
        curvature(lambda params: method.loss(params, X)[0], params)
