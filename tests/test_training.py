"""Training: the same parameters whatever the solver and however many seeds train together; failures are counted, not hidden."""

import dataclasses

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import optax
import pytest

import methods
import systems
from methods.training import loop, updates

SIZES = {"latent_dim": 4, "hidden_dim": 8}
T, BATCH = 20, 4


@pytest.fixture(scope="module")
def series():
    """2000 rows of Lorenz-63."""
    return systems.get("lorenz63").sample(2000).values


def method(name="gtf-deer", **fields):
    return methods.get(name, **SIZES | {"alpha": 0.3, "updates": 5, "learning_rate": 1e-2} | fields)


def fit(trained, series, **options):
    return trained.fit(series, **{"T": T, "batch": BATCH, "dtype": jnp.float64} | options)


def assert_same(got, wanted, **tolerance):
    for one, other in zip(jax.tree.leaves(got), jax.tree.leaves(wanted), strict=True):
        np.testing.assert_allclose(one, other, **tolerance)


def alone(fits, seed):
    return jax.tree.map(lambda leaf: leaf[seed], fits)


def test_seeds_and_blocks_change_nothing_and_the_callback_sees_every_block(series):
    seeds, seen = (0, 1, 7), []
    together = fit(method(), series, seeds=seeds, block=3, callback=lambda done, log: seen.append((done, log.loss)))
    assert [done for done, _ in seen] == [3, 5]
    np.testing.assert_array_equal(np.concatenate([loss for _, loss in seen], axis=1), together.log.loss)
    assert together.log.loss.shape == (3, 5) and (together.initial_size > 0).all()
    assert not np.allclose(together.params.W1[0], together.params.W1[1])
    for i, seed in enumerate(seeds):
        single = fit(method(), series, seeds=(seed,))
        assert_same(alone(together, i).params, alone(single, 0).params, atol=1e-10)
        assert_same(alone(together, i).log.loss, alone(single, 0).log.loss, atol=1e-10)
    jax.tree.map(np.testing.assert_array_equal, fit(method(), series, seeds=(7,)).params, single.params)


@pytest.mark.parametrize("name", ["sequential", "gtf-quasi-deer"])
def test_the_solver_changes_the_time_and_not_the_parameters(series, name):
    newton, other = fit(method(), series), fit(method(name), series)
    assert_same(other.params, newton.params, atol=1e-8)
    assert not other.log.skipped.any() and not newton.log.skipped.any()
    assert (newton.log.iterations >= 1).all() and (newton.log.failures == 0).all()


def test_the_loss_goes_down(series):
    log = fit(method("sequential", alpha=0.1, updates=200), series).log
    assert np.isfinite(log.gradient_norm).all()
    assert log.loss[0, -20:].mean() < 0.5 * log.loss[0, :5].mean()


def one_update(on_failure, series, name="gtf-deer", **fields):
    """Parameters before and after one update, and its log; the cap of one update of the solver makes every solve fail."""
    capped = {"max_iterations": 1} if name != "sequential" else {}
    chosen = method(name, on_failure=on_failure, **capped, **fields)
    params = method().init(jr.key(3), 3, jnp.float64)
    x = updates.segments(jnp.asarray(series), jr.key(4), T=T, batch=BATCH)
    state, log = chosen.update(chosen.start(params, jr.key(5)), x)
    return params, state.weights.from_unconstrained(), log


@pytest.fixture(scope="module")
def right(series):
    """What the update would be if the solves did not fail."""
    return one_update("skip", series, "sequential")[1]


def test_a_failed_solve_is_skipped_and_counted(series):
    before, after, log = one_update("skip", series)
    assert_same(after, before, rtol=1e-12)
    assert (int(log.failures), bool(log.skipped)) == (BATCH, True)


def test_a_failed_solve_can_be_done_again_step_by_step(series, right):
    before, after, log = one_update("sequential", series)
    assert_same(after, right, atol=1e-12)
    assert (int(log.failures), bool(log.skipped)) == (BATCH, False)
    assert not np.allclose(after.W1, before.W1, atol=1e-5)


def test_the_states_of_a_failed_solve_can_be_used_as_they_are(series, right):
    before, after, log = one_update("accept", series)
    assert (int(log.failures), bool(log.skipped)) == (BATCH, False)
    assert not np.allclose(after.W1, before.W1, atol=1e-5) and not np.allclose(after.W1, right.W1, atol=1e-9)


@pytest.mark.parametrize("on_failure", ["skip", "sequential", "accept"])
def test_no_update_follows_a_gradient_that_is_not_finite(series, on_failure):
    before, after, log = one_update(on_failure, np.where(np.arange(len(series))[:, None] % 7 == 0, np.nan, series))
    assert_same(after, before, rtol=1e-12)
    assert bool(log.skipped)


def test_windows_are_contiguous_rows_from_every_possible_start():
    rows, T = 12, 8
    series = jnp.stack([jnp.arange(1.0 * rows), -jnp.arange(1.0 * rows)], axis=1)
    drawn = np.asarray(updates.segments(series, jr.key(0), T=T, batch=4000))
    assert drawn.shape == (4000, T + 1, 2)
    starts = drawn[:, 0, 0].astype(int)
    np.testing.assert_array_equal(drawn[..., 0], starts[:, None] + np.arange(T + 1))
    np.testing.assert_array_equal(drawn[..., 1], -drawn[..., 0])
    counts = np.bincount(starts)
    assert len(counts) == rows - T  # the first and the last possible start are drawn
    np.testing.assert_allclose(counts, 1000, atol=5 * np.sqrt(1000))


@pytest.mark.parametrize("rows", [2, 3])
def test_windows_of_one_step_train(series, rows):
    fits = fit(method("sequential", updates=1), series[:rows], T=1)
    assert np.isfinite(fits.log.loss).all() and not fits.log.skipped.any()


def test_a_series_too_short_for_a_window_is_named(series):
    with pytest.raises(ValueError, match=r"series has shape \(20, 3\); wanted \(rows, N\) with at least T \+ 1 = 21 rows"):
        fit(method(), series[:20])


@pytest.mark.parametrize("entry", [1.0, -1.3, np.nan])
def test_a_diagonal_that_training_cannot_bound_is_refused(series, entry):
    params = method().init(jr.key(0), 3, jnp.float64)
    params = dataclasses.replace(params, A=params.A.at[2].set(entry))
    with pytest.raises(ValueError, match="diagonal A reaches 1 or more"):
        fit(method(), series, params=params)


def test_given_parameters_are_where_every_seed_starts(series):
    params = method().init(jr.key(8), 3, jnp.float64)
    fits = fit(method(updates=1, learning_rate=1e-12, final_learning_rate=1e-13), series, params=params, seeds=(0, 1))
    for seed in range(2):
        assert_same(alone(fits, seed).params, params, rtol=1e-9, atol=1e-11)


def test_the_loss_does_not_see_the_warm_up(series):
    params, warmup = method().init(jr.key(1), 3, jnp.float64), 5
    x = updates.segments(jnp.asarray(series), jr.key(2), T=T, batch=BATCH)
    states = jax.jit(lambda params: method().solve(params, x).states)(params)
    error = (params.readout(states) - x[:, 1:])[:, warmup:]
    loss, _ = jax.jit(lambda params: method(warmup=warmup).loss(params, x))(params)
    np.testing.assert_allclose(loss, jnp.mean(error**2), rtol=1e-12)
    for wrong, reason in (
        (T, ": must be less than the T = 20"),
        (-1, ", but it must be greater than or equal to 0"),
    ):
        with pytest.raises(ValueError, match=f"warmup = {wrong}{reason}"):
            jax.eval_shape(method(warmup=wrong).loss, params, x)


def test_the_learning_rate_falls_along_a_cosine():
    """With a constant gradient the steps are the learning rate times a factor of RAdam that has its own closed form."""
    updates, first, last = 40, 1e-2, 1e-4
    settings = loop.Training(updates=updates, learning_rate=first, final_learning_rate=last)
    wanted = last + 0.5 * (first - last) * (1 + np.cos(np.pi * np.arange(updates) / updates))
    np.testing.assert_allclose(_steps(settings.optimiser(), updates), wanted * _steps(optax.radam(1.0), updates), rtol=1e-6)


def _steps(optimiser, updates):
    def step(state, _):
        steps, state = optimiser.update(jnp.ones(1), state)
        return state, steps[0]

    return jax.lax.scan(step, optimiser.init(jnp.zeros(1)), length=updates)[1]
