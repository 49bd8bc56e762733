"""Forced roll-outs, losses and gradients of two trained models against an independent float64 implementation."""

import json
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import methods
from methods.models import ShallowPLRNN

ALPHAS = [0.05, 0.1, 0.3, 0.7, 1.0]
WEIGHTS = ["A", "W1", "W2", "h1", "h2"]


def load(reference, which, dtype=jnp.float64):
    case = np.load(reference / f"gtf_rollout_{which}.npz")
    params = ShallowPLRNN.from_arrays(**{name: jnp.asarray(case[name], dtype) for name in [*WEIGHTS, "B"]})
    return case, params, jnp.asarray(case["x"], dtype)


@partial(jax.jit, static_argnums=0)
def evaluate(method, params, x, alpha):
    solution = method.solve(params, x, alpha=alpha)
    (loss, _), gradient = jax.value_and_grad(partial(method.loss, alpha=alpha), has_aux=True)(params, x)
    return solution, loss, gradient


def relative(got, wanted):
    return np.linalg.norm(np.asarray(got) - wanted) / np.linalg.norm(wanted)


@pytest.mark.parametrize("alpha", ALPHAS)
@pytest.mark.parametrize("which", ["fo", "po"])
@pytest.mark.parametrize("name", ["sequential", "gtf-deer"])
def test_states_loss_and_gradients(reference, name, which, alpha):
    case, params, x = load(reference, which)
    i = ALPHAS.index(alpha)
    for suffix, warmup in (("", 0), ("_tw", int(case["T_w"]))):
        method = methods.get(name, warmup=warmup)
        if name == "gtf-deer":
            method = method.configure(max_iterations=512)
        solution, loss, gradient = evaluate(method, params, x, alpha)
        assert solution.status == "converged"
        assert np.abs(solution.states - case["z"][i, 1:]).max() <= case["tol_rel_z"][i] * np.abs(case["z"][i]).max()
        np.testing.assert_allclose(loss, case[f"loss_a{alpha:g}{suffix}"], rtol=1e-9)
        for weight in WEIGHTS:
            wanted = case[f"grad_{weight}_a{alpha:g}{suffix}"]
            assert relative(getattr(gradient, weight), wanted) <= case["tol_rel_grad"][i], weight
        wanted = case[f"grad_B_readout_only_a{alpha:g}{suffix}"]
        assert relative(gradient.B, wanted) <= case["tol_rel_grad"][i]


@pytest.mark.parametrize(("differentiate", "variant"), [("residual", "sg_pinv"), ("full", "full")])
@pytest.mark.parametrize("which", ["fo", "po"])
def test_gradient_through_the_forcing_operators(reference, which, differentiate, variant):
    case, params, x = load(reference, which)
    method = methods.get("gtf-deer", differentiate=differentiate, max_iterations=512)
    for i, alpha in enumerate(ALPHAS):
        gradient = evaluate(method, params, x, alpha)[2]
        assert relative(gradient.B, case[f"grad_B_{variant}_a{alpha:g}"]) <= case["tol_rel_grad"][i], alpha


@pytest.mark.parametrize("alpha", [0.1, 0.7])
@pytest.mark.parametrize("which", ["fo", "po"])
@pytest.mark.parametrize("name", ["sequential", "gtf-deer"])
def test_single_precision(reference, name, which, alpha):
    case, params, x = load(reference, which, jnp.float32)
    solution, loss, gradient = evaluate(methods.get(name), params, x, alpha)
    z = case["z"][ALPHAS.index(alpha)]
    assert solution.status == "converged"
    assert np.abs(solution.states - z[1:]).max() <= 1e-5 * np.abs(z).max()
    np.testing.assert_allclose(loss, case[f"loss_a{alpha:g}"], rtol=5e-4)
    for weight in WEIGHTS:
        assert relative(getattr(gradient, weight), case[f"grad_{weight}_a{alpha:g}"]) <= 3e-3, weight


@pytest.mark.parametrize("which", ["fo", "po"])
def test_the_diagonal_adjoint_is_the_papers_wrong_gradient_and_only_on_request(reference, which):
    rows = json.loads((reference / "adjoint_quasi.json").read_text())[which]["rows"]
    _, params, x = load(reference, which)
    exact = methods.get("sequential", differentiate="residual")
    diagonal = exact.configure(adjoint="diagonal")
    compared = 0
    for row in rows:
        if not float(row["total"]["rel_err"]) < 1e3:
            continue
        wanted, got = (jax.tree.leaves(evaluate(m, params, x, row["alpha"])[2]) for m in (exact, diagonal))
        wanted, got = (np.concatenate([np.ravel(leaf) for leaf in leaves]) for leaves in (wanted, got))
        np.testing.assert_allclose(relative(got, wanted), row["total"]["rel_err"], rtol=1e-6, atol=1e-12)
        compared += 1
    assert compared >= 2
