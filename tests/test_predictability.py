"""The merit, and the constant μ with its bounds, against dense linear algebra, references and counter-cases."""

import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from test_reference_newton import mean_field

from methods import models, predictability
from methods.forcing import Forcing
from methods.predictability import ResidualJacobian, jacobian_norms, pl_bounds, pl_constant, regularity
from methods.problem import FunctionMap, Problem, merit, rollout
from methods.solvers.newton import Newton

SHAPES = [(1, ()), (1, (3,)), (2, ()), (9, ()), (9, (3,)), (9, (2, 2))]


def network(W, z, u):
    return jnp.tanh(W @ z) + u


def problem_of(T, batch=(), M=3, gain=1.5, dtype=jnp.float64):
    """A tanh network, and states that are no trajectory of it."""
    rng = np.random.default_rng(T)
    draw = lambda *shape: jnp.asarray(rng.standard_normal(shape), dtype)  # noqa: E731
    return Problem(FunctionMap(network, gain * draw(M, M)), draw(*batch, M), draw(T, *batch, M)), draw(T, *batch, M)


def dense(problem, states):
    """∂r/∂z of each sequence `(sequences, T M, T M)`, from the residual itself."""
    T, *batch, M = states.shape
    sequences = states.size // (T * M)
    J = jax.jacfwd(lambda states: problem.evaluate(states).residual)(states).reshape(T, sequences, M, T, sequences, M)
    return np.stack([J[:, i, :, :, i].reshape(T * M, T * M) for i in range(sequences)])


def flat(values):
    """Vectors `(T, ..., M)` as `(sequences, T M)`."""
    T, *_, M = values.shape
    return np.moveaxis(np.asarray(values).reshape(T, -1, M), 1, 0).reshape(-1, T * M)


def forced_by_every_model():
    for name in models.names():
        for kind in models.get(name).forcings:
            params = models.get(name).init(jax.random.key(1), 2, jnp.float64)
            x = jax.random.normal(jax.random.key(2), (6, 3, 2), jnp.float64)
            if kind in Forcing.__annotations__["forcing"].__args__:
                problem, _ = params.pose(Forcing(kind), x, alpha=0.3)
                if not problem.step.own_solver:
                    yield problem, rollout(problem)


@pytest.mark.parametrize(("T", "batch"), SHAPES)
def test_products_and_solves_are_those_of_the_dense_matrix(T, batch):
    _agrees(*problem_of(T, batch))


def test_products_and_solves_for_every_model_and_forcing():
    problems = list(forced_by_every_model())
    assert len(problems) >= 8
    for problem, states in problems:
        _agrees(problem, states)


def _agrees(problem, states):
    J, jacobian = dense(problem, states), ResidualJacobian.at(problem, states)
    b = jax.random.normal(jax.random.key(0), states.shape, states.dtype)
    scaled = lambda solution: solution[0] * jnp.exp(solution[1])[None, ..., None]  # noqa: E731
    each = {
        "times": (jacobian.times(b), J),
        "transposed": (jacobian.transposed(b), J.swapaxes(1, 2)),
        "solve": (scaled(jacobian.solve(b)), np.linalg.inv(J)),
        "solve_transposed": (scaled(jacobian.solve_transposed(b)), np.linalg.inv(J).swapaxes(1, 2)),
    }
    for name, (found, matrix) in each.items():
        np.testing.assert_allclose(flat(found), np.einsum("sij,sj->si", matrix, flat(b)), rtol=1e-9, atol=1e-9, err_msg=name)


@pytest.mark.parametrize(("T", "batch"), SHAPES)
def test_the_merit_has_the_gradient_of_the_transposed_product(T, batch):
    problem, states = problem_of(T, batch)
    residual = problem.evaluate(states).residual
    value, gradient = jax.value_and_grad(lambda states: merit(problem.evaluate(states).residual).sum())(states)
    assert value == pytest.approx(0.5 * float((residual**2).sum()))
    assert merit(residual).shape == batch
    np.testing.assert_allclose(ResidualJacobian.at(problem, states).transposed(residual), gradient, atol=1e-12)


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.float64])
@pytest.mark.parametrize(("T", "batch"), SHAPES)
def test_the_constant_is_that_of_a_dense_decomposition(T, batch, dtype):
    problem, states = problem_of(T, batch, dtype=dtype)
    smallest = np.linalg.svd(dense(problem, states), compute_uv=False)[:, -1].reshape(batch)
    found = pl_constant(problem, states, tolerance=1e-5)
    assert found.log_mu.shape == found.error.shape == batch
    np.testing.assert_allclose(found.log_mu, 2 * np.log(smallest), atol=1e-4 if dtype == jnp.float32 else 1e-7)


@pytest.mark.parametrize(("D", "T"), [(32, 256), (100, 1000)])
def test_the_constant_of_the_mean_field_network(reference, D, T):
    rows = json.loads((reference / "meanfield_rnn.json").read_text())["rows"]
    rows = [row for row in rows if (row["D"], row["T"]) == (D, T) and row["log_mu_tolerance"]]
    assert rows
    for row in rows:
        problem, _ = mean_field(row["seed"], D, T, row["g"])
        states = jax.jit(rollout)(problem)
        found = pl_constant(problem, states)
        assert abs(found.log_mu - row["log_mu"]) <= row["log_mu_tolerance"], row
        assert found.log_mu <= 0 and found.error <= 0.01, row
        # Any a that bounds all products gives a lower bound; what one direction has grown by gives an upper one.
        logs = predictability.growth(problem, states)[:, 0]
        strayed = regularity(logs)
        assert found.log_mu <= pl_bounds(logs.mean(), T, D, log_b=strayed.log_b)[1], row
        if (row["seed"], row["g"]) in ((0, 0.9), (2, 1.4)) and D == 32:
            exact = _largest_excess(problem, states, logs.mean())
            assert pl_bounds(logs.mean(), T, D, log_a=exact)[0] <= found.log_mu and strayed.log_a <= exact + 1e-9, row


def _largest_excess(problem, states, exponent):
    """log a, from every product of Jacobians that follow each other."""
    J = np.asarray(problem.step.jacobian(problem.previous(states)[1:], problem.inputs[1:]))
    products, most = J, 0.0
    for k in range(1, len(J) + 1):
        most = max(most, np.log(np.linalg.norm(products, 2, axis=(1, 2)).max()) - exponent * k)
        products = J[k:] @ products[:-1] if k < len(J) else products
    return most


def scaled(_, z, factor):
    return factor * z


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.float64])
@pytest.mark.parametrize("factor", [0.0, 0.3, 1.0, 1.01, 10.0])
@pytest.mark.parametrize("T", [1, 2, 401])
def test_one_rate_of_growth_is_between_its_bounds_however_large(T, factor, dtype):
    """Ten times a step: after 400 of them 𝒥⁻¹ has entries of 1e400, which no number holds."""
    problem = Problem(FunctionMap(scaled), jnp.ones(1, dtype), jnp.full(T, factor, dtype))
    with np.errstate(divide="ignore"):
        lower, upper = pl_bounds(np.log(factor), T, 1)
    found = pl_constant(problem, jnp.zeros((T, 1), dtype), tolerance=1e-4)
    assert lower - 1e-3 <= found.log_mu <= upper + 1e-3
    assert upper - lower <= (0.5 if factor in (0.0, 10.0) else 2 * np.log(T) + 2)
    if factor == 1.0:  # known: 𝒥 takes differences
        assert found.log_mu == pytest.approx(2 * np.log(2 * np.sin(np.pi / (4 * T + 2))), abs=1e-3)


def test_bounds_in_closed_form():
    for exponent in (-0.3, 0.2):
        lower, upper = pl_bounds(exponent, 50, 4, log_a=np.log(3.0), log_b=np.log(0.5))
        assert lower == pytest.approx(2 * np.log((1 / 3) * np.expm1(exponent) / np.expm1(50 * exponent)))
        assert upper <= min(0, 2 * (np.log(2) - 49 * exponent))
    lower, upper = pl_bounds(np.zeros(2), 50, 2, log_a=np.log(3.0))
    np.testing.assert_allclose(lower, 2 * np.log(1 / 150))
    np.testing.assert_allclose(upper, np.log(4 / 51))
    assert np.abs(np.subtract(pl_bounds(1e-12, 50, 2), pl_bounds(0.0, 50, 2))).max() < 1e-8, "nothing jumps at 0"
    for wrong in (dict(T=0, M=1), dict(T=1, M=1, log_a=-1.0), dict(T=1, M=1, log_b=1.0)):
        with pytest.raises(ValueError, match="wanted"):
            pl_bounds(0.1, **wrong)


def test_regularity_of_one_dimension_bounds_every_stretch():
    logs = np.random.default_rng(0).standard_normal((60, 2)) - 0.3
    log_a, log_b = regularity(logs)
    sums, mean = np.concatenate([np.zeros((1, 2)), np.cumsum(logs, 0)]), logs.mean(0)
    stretches = np.array([sums[t] - sums[s] - mean * (t - s) for s in range(61) for t in range(s, 61)])
    np.testing.assert_allclose([log_a, log_b], [stretches.max(0), stretches.min(0)])
    np.testing.assert_array_equal(regularity(np.zeros((0, 2))), np.zeros((2, 2)))
    assert np.isnan(regularity(np.array([0.1, -np.inf]))).all()


def test_what_is_not_finite_has_no_constant():
    shplrnn = models.get("shplrnn").init(jax.random.key(0), 2, jnp.float64)
    problem, _ = shplrnn.pose(Forcing(), jnp.zeros((9, 3, 2)), alpha=0.1)
    states = rollout(problem).at[-1, 1].set(jnp.nan)
    bad = np.array([False, True, False])
    np.testing.assert_array_equal(np.isnan(pl_constant(problem, states).log_mu), bad)
    np.testing.assert_array_equal(np.isnan(jacobian_norms(problem, states).norms).all(0), bad)


def expands_then_contracts(_, z, expands):
    return jnp.where(expands, jnp.sin(4 * z), jnp.tanh(z) / 2)


def test_a_negative_exponent_that_is_slow():
    """40 steps of a chaotic map before 400 that halve: the exponent is far below 0, and Newton needs more than 40 updates.

    The same steps without the first 40 take a handful. μ tells the two apart, the exponent does not.
    """
    T, guess = 440, jnp.full((440, 1), 0.4)
    solve = jax.jit(Newton(max_iterations=T).solve)
    updates, log_mu = [], []
    for expanding in (40, 0):
        problem = Problem(FunctionMap(expands_then_contracts), jnp.array([0.3]), jnp.arange(T) < expanding)
        states = rollout(problem)
        exponent = predictability.exponents(problem, states)
        assert exponent.per_step[0] + 3 * exponent.error[0] < -0.1
        solution = solve(problem, guess)
        assert solution.status == "converged"
        updates.append(int(solution.iterations))
        log_mu.append(float(pl_constant(problem, states).log_mu))
        logs = predictability.growth(problem, states)[:, 0]
        lower, upper = pl_bounds(logs.mean(), T, 1, **regularity(logs)._asdict())
        assert lower <= log_mu[-1] <= upper
    assert updates[0] > 40 and updates[1] < 8
    assert log_mu[0] < -40 and log_mu[1] > -3


def test_a_merit_below_tolerance_whose_trajectory_is_wrong_by_the_size_of_the_attractor():
    """A chaotic orbit that is kicked by 1e-6 at its first step, and follows the map from there on."""
    problem = Problem(FunctionMap(expands_then_contracts), jnp.array([0.3]), jnp.ones(200, bool))
    states = rollout(problem)
    kicked = states[0] + 1e-6
    wrong = jnp.concatenate([kicked[None], rollout(problem._replace(z0=kicked, inputs=problem.inputs[1:]))])
    solution = Newton(rule="merit", tolerance=1e-10).solve(problem, wrong)
    assert solution.status == "converged" and solution.iterations == 0
    assert merit(problem.evaluate(wrong).residual) / 200 < 1e-10
    assert jnp.abs(wrong - states).max() > 1
    # The merit and μ together know: an error of 1 is within what they allow.
    assert pl_constant(problem, states).log_mu < np.log(2 * 1e-10)
