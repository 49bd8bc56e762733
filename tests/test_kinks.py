"""φ'(0) = 0 in every model, form of a step and adjoint: where a unit is exactly at its kink, no gradient passes through it."""

import dataclasses

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

import methods
from methods.models import ShallowPLRNN

N, M, L, T = 2, 3, 6, 8
HIDDEN = {"W2": "h2", "V": "b_h"}


def relu(a):
    return jnp.where(a > 0, a, 0)


def on_its_kinks(clipped: bool):
    """Parameters and data of whole numbers: sums are exact, and half of the units are at their kink at some time."""
    rng = np.random.default_rng(3)
    small = lambda *shape: rng.integers(-1, 2, shape).astype(float)  # noqa: E731
    params = ShallowPLRNN.from_arrays(
        A=np.array([1.0, 0.0, -1.0]), W1=small(M, L), W2=small(L, M), h1=small(M), h2=small(L), B=np.eye(N, M), clipped=clipped
    )
    return params, jnp.asarray(rng.integers(-1, 2, (3, T + 1, N)), float)


def loss_written_out(params, x):
    """Full forcing of what is observed, from B⁺x_0, by plain autodiff."""

    def one(x):
        z, total = jnp.zeros(M).at[:N].set(x[0]), 0.0
        for now, after in zip(x[:-1], x[1:], strict=True):
            z = z.at[:N].set(now)
            b = params.W2 @ z
            active = relu(b + params.h2) - (relu(b) if params.clipped else 0)
            z = params.A * z + params.W1 @ active + params.h1
            total += jnp.sum((params.B @ z - after) ** 2)
        return total

    return jax.vmap(one)(x).sum() / (x.shape[0] * T * N)


@pytest.mark.parametrize("clipped", [False, True])
@pytest.mark.parametrize("lanes", [1, 3, 60])  # the forms of a step for one state, few and many
@pytest.mark.parametrize("scan", ["sequential", "chunked", "associative", "windows"])
def test_parameter_gradients_at_kinks(scan, lanes, clipped):
    params, x = on_its_kinks(clipped)
    x = jnp.tile(x, (20, 1, 1))[:lanes]
    wanted = jax.jit(jax.grad(loss_written_out))(params, x)
    states = methods.get("sequential", alpha=1.0).solve(params, x).states
    hidden = states @ params.W2.T + params.h2
    assert (hidden == 0).any((0, 1)).sum() >= 2  # else nothing is tried
    window = {"adjoint_window": 3} if scan == "windows" else {}
    method = methods.get("sequential", alpha=1.0, adjoint_scan=scan, **window)
    got = jax.jit(jax.grad(lambda params: method.loss(params, x)[0]))(params)
    for field in ("A", "W1", "W2", "h1", "h2"):
        np.testing.assert_allclose(getattr(got, field), getattr(wanted, field), atol=1e-12, err_msg=field)


def one_of_each_kind() -> list[str]:
    """A method for each way from a read-out to a gradient."""
    all_of_them = ((methods.get(name), name) for name in methods.names())
    kinds = {(type(method.model), method.solver.uses_adjoint, method.adjoint): name for method, name in all_of_them}
    return sorted(kinds.values())


@pytest.mark.parametrize("name", one_of_each_kind())
def test_units_that_are_always_at_their_kink_are_never_moved(name):
    method = methods.get(
        name, latent_dim=M, hidden_dim=L, **{"head_dim": 3} if "head_dim" in methods.get(name).parameters else {}
    )
    params = method.init(jr.key(0), N, jnp.float64)
    weight, bias = next((weight, bias) for weight, bias in HIDDEN.items() if hasattr(params, weight))
    dead = {weight: jnp.zeros_like(getattr(params, weight)), bias: jnp.zeros_like(getattr(params, bias))}
    params = dataclasses.replace(params, **dead)
    x = jr.normal(jr.key(1), (2, T + 1, N))
    gradient = jax.jit(jax.grad(lambda params: method.loss(params, x)[0]))(params)
    assert (getattr(gradient, bias) == 0).all() and (getattr(gradient, weight) == 0).all()
