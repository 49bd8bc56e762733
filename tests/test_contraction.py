"""Proposition 1 and the norms of Jacobians along a trajectory."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from test_predictability import SHAPES, problem_of

from methods import predictability
from methods.forcing import Forcing
from methods.models import ShallowPLRNN
from methods.predictability import contraction, jacobian_norms
from methods.problem import rollout


@pytest.mark.parametrize("M", [1, 3, 20])
@pytest.mark.parametrize(("T", "batch"), SHAPES)
def test_norms_are_those_of_dense_jacobians(T, batch, M):
    problem, states = problem_of(T, batch, M)
    J = problem.step.jacobian(problem.previous(states)[1:], jax.tree.map(lambda leaf: leaf[1:], problem.inputs))
    found = jacobian_norms(problem, states, tolerance=1e-5)
    assert found.norms.shape == (T - 1, *batch) and found.error.shape == batch and (found.error <= 1.1e-5).all()
    np.testing.assert_allclose(found.norms, np.linalg.norm(J, 2, axis=(-2, -1)), rtol=1e-7)


def weights(M, N, rng, clipped=False):
    L, draw = 7, rng.standard_normal
    return ShallowPLRNN.from_arrays(
        A=rng.uniform(0.5, 0.9, M), W1=0.3 * draw((M, L)), W2=0.4 * draw((L, M)), h1=draw(M), h2=draw(L), B=draw((N, M)),
        clipped=clipped,
    )  # fmt: skip


@pytest.mark.parametrize("kind", ["projected", "gtf", "none"])
@pytest.mark.parametrize(("M", "N", "clipped"), [(3, 3, False), (3, 3, True), (2, 4, False), (4, 2, False), (1, 1, False)])
def test_no_forced_exponent_exceeds_what_proposition_1_promises(M, N, kind, clipped):
    rng = np.random.default_rng(10 * M + N)
    params, x = weights(M, N, rng, clipped), rng.standard_normal((40, 2, N))
    for alpha in (0.0, 0.3, 0.9, 1.0):
        forcing = Forcing(kind, alpha=alpha)
        promised = contraction(forcing, params, dt=0.5)
        problem, _ = params.pose(forcing, jnp.asarray(x), alpha=alpha)
        states = rollout(problem)
        norms, exponents = jacobian_norms(problem, states).norms, predictability.exponents(problem, states).per_step[:, 0]
        assert norms.shape == (39 - 1, 2) and norms.max() <= promised.rate * (1 + 1e-12)
        with np.errstate(divide="ignore"):
            means = np.log(norms).mean(0)
        assert (exponents <= means + 1e-9).all() and (means <= promised.exponent + 1e-9).all()
        assert promised.exponent_per_time == 2 * promised.exponent
        applies = kind == "gtf" or (kind == "projected" and M <= N)
        assert np.isnan(promised.onset) != applies
        if applies:
            sigma = contraction(Forcing("none"), params).rate
            assert promised.rate == pytest.approx((1 - alpha) * sigma, abs=1e-12)
            at_onset = contraction(forcing, params, alpha=promised.onset)
            assert at_onset.rate == pytest.approx(min(1.0, sigma))


def test_proposition_1_says_what_it_cannot_do():
    params = weights(2, 2, np.random.default_rng(0))
    with pytest.raises(ValueError, match="'sparse': Proposition 1 is about gtf, projected, none"):
        contraction(Forcing("sparse"), params)
    assert contraction(Forcing(alpha=0.5), params, sigma=3.0).rate == pytest.approx(1.5)
    assert contraction(Forcing(alpha=1.0), params).exponent < -30
