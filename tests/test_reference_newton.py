"""Newton's counts against an independent float64 implementation: our count is updates, the verifying evaluation is free."""

import json
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import methods
from methods.models import ShallowPLRNN
from methods.problem import FunctionMap, Problem
from methods.solvers.newton import Newton


@partial(jax.jit, static_argnums=0)
def solve(method, params, x, alpha):
    return method.solve(params, x, alpha=alpha)


@pytest.mark.parametrize("T", [256, 1024, 4096])
@pytest.mark.parametrize(("which", "jacobian"), [("fo", "full"), ("fo", "diag"), ("po", "full")])  # po, diag has no strict rows
def test_counts_on_trained_models(reference, which, jacobian, T):
    weights = np.load(reference / f"gtf_rollout_{which}.npz")
    params = ShallowPLRNN.from_arrays(**{name: weights[name] for name in ("A", "W1", "W2", "h1", "h2", "B")})
    x = jnp.asarray(np.load(reference / "newton_data.npz")[f"x_{which}"][: T + 1])
    cases = json.loads((reference / "newton_counts.json").read_text())[which]
    name, key = {"full": ("gtf-deer", "newton_full"), "diag": ("gtf-quasi-deer", "newton_diag")}[jacobian]
    strict = [row for row in cases["rows"] if row["T"] == T and row[f"{key}_strict"]]
    assert strict
    for row in strict:
        method = methods.get(name, guess=row["guess"], rule="absolute", tolerance=cases["tol"], max_iterations=cases["cap"])
        solution = solve(method, params, x, row["alpha"])
        if row[key] is None:
            assert solution.status != "converged", row
        else:
            assert solution.status == "converged", row
            assert abs(int(solution.iterations) - row[key]) <= row[f"{key}_tolerance"], row


def mean_field(seed, D, T, g):
    """The mean-field network, its drive and a guess, drawn in the order that defines the case. arXiv:2508.16817."""
    rng = np.random.default_rng(seed)
    G, A = rng.standard_normal((D, D)), rng.uniform(0, 0.2, D)
    omega, phase, s0 = rng.uniform(0.5, 3, D), rng.uniform(0, 2 * np.pi, D), rng.uniform(-1, 1, D)
    rng.standard_normal(D)
    guess = rng.uniform(-1, 1, (T, D))
    W = G * (g / np.sqrt(D))
    np.fill_diagonal(W, 0)
    drive = A * np.sin(omega * np.arange(T)[:, None] + phase)
    return Problem(FunctionMap(_driven, jnp.asarray(W)), jnp.asarray(s0), jnp.asarray(drive)), jnp.asarray(guess)


def _driven(W, s, u):
    return W @ jnp.tanh(s) + u


@pytest.mark.parametrize(("D", "T"), [(32, 256), (100, 1000)])
def test_counts_on_the_mean_field_network(reference, D, T):
    cases = json.loads((reference / "meanfield_rnn.json").read_text())
    rows = [row for row in cases["rows"] if (row["D"], row["T"]) == (D, T) and row["strict"]]
    assert rows
    run = jax.jit(Newton(rule="merit", tolerance=cases["tol"], max_iterations=T).solve)
    for row in rows:
        solution = run(*mean_field(row["seed"], D, T, row["g"]))
        assert solution.status == "converged", row
        assert abs(int(solution.iterations) - row["steps"]) <= row["steps_tolerance"], row
        if row["state_tolerance"] is not None:
            np.testing.assert_allclose(
                solution.states[-1, :4], row["s_T_first4"], atol=max(row["state_tolerance"], row["max_err"] * 10)
            )
