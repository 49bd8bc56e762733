"""What a training may add to the plain recipe: penalties, forcing that adapts or is sparse, shorter windows first, resuming."""

import dataclasses
import warnings

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import optax
import pytest

import methods
import systems
from methods.forcing import adaptive
from methods.models import ShallowPLRNN
from methods.training import loop, updates
from methods.training.checkpoint import question
from methods.training.regularisation import Regularisation

SIZES = {"latent_dim": 4, "hidden_dim": 8}


@pytest.fixture(scope="module")
def series():
    """2000 rows of Lorenz-63."""
    return systems.get("lorenz63").sample(2000).values


def method(name="sequential", **fields):
    sizes = {"latent_dim": 4} if name == "mamba2" else SIZES
    return methods.get(name, **sizes | {"updates": 6, "learning_rate": 1e-2} | fields)


def fit(trained, series, **options):
    return trained.fit(series, **{"T": 20, "batch": 4, "dtype": jnp.float64} | options)


def assert_same(got, wanted, **tolerance):
    for one, other in zip(jax.tree.leaves(got), jax.tree.leaves(wanted), strict=True):
        np.testing.assert_allclose(one, other, **{"rtol": 1e-12, "atol": 1e-14} | tolerance)


@pytest.mark.parametrize("name", ["sequential", "lssm", "lssm-scheduled", "mamba2", "low-rank"])
def test_every_model_learns_and_its_seeds_train_together(series, name):
    trained = method(name, updates=120)
    together = fit(trained, series, seeds=(0, 1))
    loss = together.log.loss
    assert np.isfinite(loss).all() and not together.log.skipped.any()
    assert (loss[:, -20:].mean(1) < 0.85 * loss[:, :5].mean(1)).all()
    single = fit(trained, series, seeds=(1,))
    assert_same(jax.tree.map(lambda leaf: leaf[1:], together.params), single.params, atol=1e-8)


@pytest.mark.parametrize("settings", [{}, {"curriculum": (5, 10), "alpha_from": "bound", "clip_norm": 0.1}])
def test_a_resumed_training_ends_as_if_it_had_not_stopped(series, settings):
    trained, kept = method("gtf-deer", **settings), []
    whole = fit(trained, series, block=2, seeds=(0, 3), keep=kept.append)
    assert [checkpoint.log.loss.shape for checkpoint in kept] == [(2, 2), (2, 4), (2, 6)]
    for checkpoint in kept[:2]:
        resumed = fit(trained, series, block=2, seeds=(0, 3), resume=checkpoint)
        assert_same((resumed.params, resumed.log), (whole.params, whole.log), rtol=0, atol=0)


@pytest.mark.parametrize(
    "other",
    [
        {"latent_dim": 5},
        {"learning_rate": 2e-2},
        {"alpha": 0.4},
        {"name": "gtf-deer"},
        {"seeds": (1,)},
        {"batch": 3},
        {"T": 19},
        {"dtype": jnp.float32},
        {"observation_noise": 0.1},
        {"data": 1e-9},
        {"params": True},
    ],
    ids=lambda other: next(iter(other)),
)
def test_a_checkpoint_of_another_training_is_refused(series, other):
    kept, options = [], {key: other.pop(key) for key in ("seeds", "batch", "T", "dtype") if key in other}
    fit(method(updates=1), series, keep=kept.append)
    series = series + other.pop("data", 0)
    if other.pop("params", False):
        options["params"] = method().init(jr.key(9), 3, jnp.float64)
    with pytest.raises(ValueError, match="resume: the checkpoint is of another training"):
        fit(method(**{"updates": 1} | other), series, resume=kept[0], **options)


def test_the_name_of_a_method_is_no_part_of_its_question(series):
    asked = [dataclasses.replace(method(), name=name) for name in ("one", "other")]
    sizes = {"T": 20, "batch": 4, "seeds": (0,), "dtype": "float32"}
    assert len({question(each, series, **sizes) for each in asked}) == 1


def test_a_curriculum_goes_from_short_windows_to_T(series):
    stages = method(curriculum=(5, 10), updates=8, warmup=8).training.stages(20)
    assert stages == [(5, 2, 3), (10, 4, 2), (20, 8, 3)]
    log = fit(method(curriculum=(5,), updates=8), series).log
    short = fit(method(updates=4, final_learning_rate=1e-2), series, T=5).log
    np.testing.assert_allclose(log.loss[0, 0], short.loss[0, 0], rtol=1e-12)
    assert log.loss.shape == (1, 8)


@pytest.mark.parametrize("curriculum", [(30,), (0, 5), tuple(range(1, 10))])
def test_a_curriculum_that_cannot_be_is_an_error(series, curriculum):
    with pytest.raises(ValueError, match="curriculum = "):
        fit(method(curriculum=curriculum), series)


def test_clipping_bounds_the_gradient_and_is_off_by_default():
    settings = loop.Training(clip_norm=1.0)
    gradient = jnp.array([3.0, 4.0])
    clipped, _ = optax.clip_by_global_norm(1.0).update(gradient, optax.EmptyState())
    for one, other in ((settings.optimiser(), clipped), (loop.Training().optimiser(), gradient)):
        plain = loop.Training().optimiser()
        got, _ = one.update(gradient, one.init(gradient))
        wanted, _ = plain.update(other, plain.init(gradient))
        np.testing.assert_allclose(got, wanted)


def test_the_rate_rises_before_it_falls():
    optimiser = loop.Training(updates=100, rate_warmup=10, learning_rate=1.0, final_learning_rate=0.1).optimiser()
    plain = optax.radam(1.0)

    def sizes(optimiser):
        def step(state, _):
            step, state = optimiser.update(jnp.ones(1), state)
            return state, step[0]

        return jax.lax.scan(step, optimiser.init(jnp.zeros(1)), length=100)[1]

    rates = np.asarray(sizes(optimiser) / sizes(plain))
    np.testing.assert_allclose(rates[:10], np.arange(10) / 10, atol=1e-6)
    assert rates.argmax() == 10 and (np.diff(rates[10:]) < 0).all()


def test_noise_is_drawn_anew_for_every_window(series):
    quiet, noisy = (fit(method(observation_noise=noise, updates=2), series).log.loss for noise in (0.0, 0.3))
    assert noisy[0, 0] > quiet[0, 0] + 0.5 * 0.3**2
    x = jnp.broadcast_to(jnp.asarray(series[:21]), (2, 21, 3))
    state = method().start(method().init(jr.key(0), 3, jnp.float64), jr.key(1))
    seen = [method(observation_noise=0.3).update(state._replace(key=jr.key(k)), x)[1].loss for k in (1, 2, 1)]
    assert seen[0] == seen[2] != seen[1]


@pytest.mark.parametrize("name", methods.names())
def test_a_setting_belongs_to_one_part_of_a_method(name):
    """Else setting one would set the other; `devices` and `kernels` are meant for both solver and gradient."""
    chosen = methods.get(name)
    fields = [field.name for part in chosen.PARTS for field in dataclasses.fields(getattr(chosen, part))]
    assert {field for field in fields if fields.count(field) > 1} <= {"devices", "kernels"}


def model(seed=0, M=4, N=2, L=6):
    rng = np.random.default_rng(seed)
    shapes = dict(A=(M,), W1=(M, L), W2=(L, M), h1=(M,), h2=(L,), B=(N, M))
    return ShallowPLRNN.from_arrays(**{name: rng.uniform(-0.6, 0.6, shape) for name, shape in shapes.items()})


def jacobian(p, z):
    return np.diag(p.A) + np.asarray(p.W1) @ np.diag(np.asarray(p.W2 @ z + p.h2) > 0) @ np.asarray(p.W2)


def norms_of_jacobians(p, x):
    J = np.array([[jacobian(p, np.linalg.pinv(p.B) @ row) for row in sequence] for sequence in x])
    norms = np.linalg.norm(J, 2, axis=(-2, -1))
    return {
        "batch_max": norms.max(),
        "product": np.exp(np.log(norms).mean(1)).max(),
        "arithmetic": np.linalg.norm(J.mean(1), 2, axis=(-2, -1)).max(),
    }


@pytest.mark.parametrize("kind", ["bound", "batch_max", "product", "arithmetic"])
def test_estimates_of_the_strength_that_is_needed(kind):
    p, x = model(), np.random.default_rng(1).standard_normal((3, 7, 2))
    bound = {"bound": np.abs(p.A).max() + np.linalg.norm(p.W1, 2) * np.linalg.norm(p.W2, 2)}
    expected = (bound | norms_of_jacobians(p, x))[kind]
    forcing = methods.get("gtf-deer", alpha_from=kind).forcing
    np.testing.assert_allclose(adaptive.estimate(forcing, p, jnp.asarray(x)), max(0, 1 - 1 / expected), atol=1e-12)


@pytest.mark.parametrize("kind", ["batch_max", "product", "arithmetic"])
def test_estimates_hold_some_jacobians_at_a_time(kind):
    """Also where blocks are filled up: 3 sequences of 1000 rows are three blocks and a part of one."""
    p, x = model(), np.random.default_rng(1).standard_normal((3, 1000, 2))
    expected = norms_of_jacobians(p, x)[kind]
    forcing = methods.get("gtf-deer", alpha_from=kind).forcing
    np.testing.assert_allclose(adaptive.estimate(forcing, p, jnp.asarray(x)), max(0, 1 - 1 / expected), atol=1e-12)
    S, T, M = 16, 4000, 20
    big = methods.get("gtf-deer", latent_dim=M).init(jr.key(0), 3, jnp.float32)
    compiled = jax.jit(lambda p, x: adaptive.estimate(forcing, p, x)).lower(big, jnp.zeros((S, T, 3), jnp.float32)).compile()
    assert compiled.memory_analysis().temp_size_in_bytes < 4 * S * T * M * M / 5


@pytest.mark.parametrize("kind", ["bound", "batch_max", "product", "arithmetic"])
@pytest.mark.parametrize("poison", [np.nan, np.inf, 1e200])
def test_a_norm_that_is_not_finite_leaves_the_strength_as_it_was(kind, poison):
    trained = method("gtf-deer", alpha_from=kind)
    state = trained.start(model(N=3), jr.key(0))._replace(alpha=jnp.asarray(0.25))
    broken = dataclasses.replace(state.weights, W1=state.weights.W1.at[0, 0].set(poison), W2=state.weights.W2.at[0, 0].set(1e200))
    after = adaptive.following(trained.forcing, state._replace(weights=broken), jnp.ones((2, 5, 3)))
    assert after == 0.25


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.float64])
@pytest.mark.parametrize("name", ["sequential", "lssm", "low-rank"])
def test_what_has_been_trained_can_be_trained_on(series, name, dtype):
    """A = tanh(a) rounds to 1 from a = 9 on in float32, 19 in float64; artanh(1) is infinite."""
    trained = method(name, updates=1)
    params = trained.init(jr.key(0), 3, dtype)
    free = dataclasses.replace(params.to_unconstrained(), A=jnp.asarray([-50.0, 9.2, 19.5, 1e5], dtype))
    saturated = free.from_unconstrained()
    assert (jnp.abs(saturated.A) < 1).all() and saturated.A.dtype == dtype
    again = fit(trained, series, params=saturated, dtype=dtype)
    assert (jnp.abs(again.params.A) < 1).all() and not again.log.skipped.any()
    gradient = jax.grad(lambda free: free.from_unconstrained().A.sum())(dataclasses.replace(free, A=jnp.zeros(4, dtype)))
    np.testing.assert_array_equal(gradient.A, 1)


def test_an_unstable_start_is_said(series):
    trained = method(alpha=0.0, updates=1)
    params = dataclasses.replace(trained.init(jr.key(0), 3, jnp.float64), h1=jnp.full(4, 1e4))
    with pytest.warns(UserWarning, match=r"before training max \|z\| over T \+ 1 rows is .*e\+05, .* above 1000"):
        fitted = fit(trained, series, params=params)
    assert fitted.initial_size[0] > 1e3
    with warnings.catch_warnings(action="error"):
        fit(trained, series)


def test_the_strength_starts_at_one_and_follows_the_estimate(series):
    settings = {"alpha_from": "batch_max", "updates": 21, "learning_rate": 1e-12, "final_learning_rate": 1e-13}
    trained = method(**settings)
    params = dataclasses.replace(model(N=3, M=4), A=jnp.full(4, 0.9))
    log = fit(trained, series, params=params).log
    np.testing.assert_array_equal(log.alpha[0, :5], 1)
    steps = np.diff(log.alpha[0])
    assert set(np.flatnonzero(steps)) <= {4, 9, 14, 19} and log.alpha[0, -1] < 1
    low = trained.start(params, jr.key(0))._replace(alpha=jnp.asarray(0.0), done=jnp.asarray(4))
    x = updates.segments(jnp.asarray(series), jr.key(1), T=20, batch=4)
    after, _ = trained.update(low, x)
    np.testing.assert_allclose(after.alpha, adaptive.estimate(trained.forcing, after.weights.from_unconstrained(), x), atol=1e-12)


@pytest.mark.parametrize("name", ["gtf-deer", "gtf-quasi-deer", "gtf-shooting"])
def test_sparse_forcing_replaces_what_is_observed_every_few_steps(name):
    p, x = model(), np.random.default_rng(2).standard_normal((30, 2))
    pinv, z, expected = np.linalg.pinv(p.B), np.linalg.pinv(p.B) @ x[0], []
    for t in range(29):
        if t % 7 == 0:
            z = z + pinv @ (x[t] - np.asarray(p.B) @ z)
        z = p.A * z + p.W1 @ np.maximum(p.W2 @ z + p.h2, 0) + p.h1
        expected.append(z)
    sparse = methods.get(name, forcing="sparse", interval=7)
    solution = sparse.solve(p, jnp.asarray(x))
    np.testing.assert_allclose(solution.states, expected, atol=1e-9)
    certificate = sparse.certify(p, jnp.asarray(x))
    assert certificate.gradient_error < 1e-8


def test_where_all_is_observed_sparse_forcing_forgets_everything():
    p, x = model(M=2, N=2), jnp.asarray(np.random.default_rng(3).standard_normal((10, 2)))
    problem, _ = methods.get("gtf-deer", forcing="sparse", interval=3).problem(p, x)
    J = problem.step.jacobian(problem.evaluate(jnp.ones((9, 2))).states, problem.inputs)
    np.testing.assert_allclose(J[::3], 0, atol=1e-12)
    assert (np.abs(J[1::3]).max((1, 2)) > 0.1).all()


@pytest.mark.parametrize("name", ["sequential", "low-rank", "lssm"])
def test_slow_units_that_stand_still_cost_nothing(name):
    params = methods.get(name, **SIZES).init(jr.key(0), 3, jnp.float64)
    still = dataclasses.replace(params, A=params.A.at[-2:].set(1.0))
    for field, rows in {"h1": 0, "h": 0, "W1": 0, "Q": 0, "U": 0, "W2": 1, "B": 1}.items():
        if hasattr(still, field):
            at = (slice(None),) * rows + (slice(-2, None),)
            still = dataclasses.replace(still, **{field: getattr(still, field).at[at].set(0.0)})
    penalty = Regularisation(mar_weight=1.0, readout_weight=1.0)
    assert penalty.penalty(still) == 0 < penalty.penalty(params)
    if name == "sequential":
        z, fast = jr.normal(jr.key(1), (50, 4)), slice(0, 2)
        product = jnp.linalg.multi_dot(list(still.autonomous().jacobian(z, None)))
        np.testing.assert_allclose(product[2:, 2:], np.eye(2), atol=1e-13)
        np.testing.assert_allclose(product[2:, fast], 0, atol=1e-13)
        np.testing.assert_allclose(product[fast, 2:], 0, atol=1e-13)


def test_couplings_weigh_alike_whatever_their_scale():
    """At initialisation every coupling's mean square is its variance, so each contributes 1 for p = 2."""
    for name, extra in {"sequential": {}, "low-rank": {"extra_rank": 3}, "lssm": {}}.items():
        params = methods.get(name, latent_dim=60, hidden_dim=400, **extra).init(jr.key(0), 20, jnp.float64)
        for values, scale in params.slow_part(30)[2:]:
            assert Regularisation(mar_power=2)._mean(values, scale) == pytest.approx(1, abs=0.1)


def test_singular_values_of_the_read_out_are_drawn_to_one():
    params = dataclasses.replace(model(), B=jnp.diag(jnp.array([2.0, 1.0])) @ jnp.eye(2, 4))
    np.testing.assert_allclose(Regularisation(singular_weight=0.1).penalty(params), 0.1 * (1 - 2) ** 2 / 2)


def test_too_many_slow_units_are_an_error():
    with pytest.raises(ValueError, match="slow_units = 9: must be at most latent_dim = 4"):
        Regularisation(slow_units=9).penalty(model())
