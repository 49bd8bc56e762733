"""Data of any kind of numbers are taken in the precision of the parameters, by every method and at every border."""

import dataclasses

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

import methods
from methods import models
from methods.problem import border

T = 6
SHAPES = [(0, T + 1, 2), (2, 0, 2), (2, 1, 2), (1, 2), (2, T + 1, 3), (2, 0), (0, 2), (1, 2, T + 1, 2)]
KINDS = [np.float32, np.float64, np.int32, np.int64, np.uint8, jnp.bfloat16]


def model(name, dtype):
    method = methods.get(name)
    method = method.configure(latent_dim=4, **{"hidden_dim": 5} if "hidden_dim" in method.parameters else {})
    return method, method.init(jr.key(0), 2, dtype)


def rows(kind, S=2):
    return np.random.default_rng(0).integers(0, 3, (S, T + 1, 2)).astype(kind)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", [jnp.float32, jnp.float64])
def test_data_come_in_the_precision_of_the_parameters(kind, dtype):
    _, params = model("sequential", dtype)
    for taken in (border.sequences(params, rows(kind)), border.history(params, rows(kind)[0])):
        assert taken.dtype == dtype


@pytest.mark.parametrize("name", methods.names())
def test_no_method_mixes_precisions(name):
    """Traced alone, which is where precisions clash: scans refuse to carry another than they began with."""
    for dtype, kind in ((jnp.float64, np.int32), (jnp.float32, np.float64)):
        method, params = model(name, dtype)
        state = method.start(params, jr.key(1))
        after, log = jax.eval_shape(method.update, state, rows(kind))
        assert jax.tree.map(lambda leaf: leaf.dtype, after) == jax.tree.map(lambda leaf: leaf.dtype, state)
        assert log.loss.dtype == log.residual.dtype == dtype
        assert jax.eval_shape(lambda params, x, m=method: m.generate(params, x, 3), params, rows(kind)[0]).dtype == dtype


@pytest.mark.parametrize("name", ["sequential", "lssm", "lssm-scheduled", "mamba2"])
def test_whole_numbers_are_worth_what_they_are_worth(name):
    method, params = model(name, jnp.float64)
    exact, whole = (method.solve(params, rows(kind)).states for kind in (np.float64, np.int32))
    np.testing.assert_array_equal(exact, whole)
    np.testing.assert_array_equal(*(method.loss(params, rows(kind))[0] for kind in (np.float64, np.uint8)))
    np.testing.assert_array_equal(*(method.generate(params, rows(kind)[0], 4) for kind in (np.float64, np.int64)))


def test_noise_may_be_put_on_whole_numbers():
    method = methods.get("sequential", latent_dim=4, hidden_dim=5, observation_noise=0.1, updates=2)
    fitted = method.fit(rows(np.int32, S=1)[0], T=3, batch=2)
    assert np.isfinite(fitted.log.loss).all() and fitted.params.A.dtype == jnp.float32


def test_arrays_of_several_kinds_make_a_model_of_one():
    kinds = dict(A=np.float32, W1=np.float64, W2=np.int32, h1=np.int64, h2=np.float32, B=np.float32)
    shapes = dict(A=(2,), W1=(2, 3), W2=(3, 2), h1=(2,), h2=(3,), B=(2, 2))
    given = {name: np.ones(shape, kinds[name]) for name, shape in shapes.items()}
    mixed = models.ShallowPLRNN.from_arrays(**given)
    assert {leaf.dtype for leaf in jax.tree.leaves(mixed)} == {jnp.dtype(jnp.float64)}
    whole = models.ShallowPLRNN.from_arrays(**{name: array.astype(int) for name, array in given.items()})
    assert whole.A.dtype == jnp.float64
    assert methods.get("gtf-deer").solve(whole, rows(np.int32)).states.dtype == jnp.float64
    single = dataclasses.replace(mixed, **{name: jnp.asarray(value, jnp.float32) for name, value in given.items()})
    assert methods.get("gtf-deer").solve(single, rows(np.int32)).states.dtype == jnp.float32


@pytest.mark.parametrize("name", ["sequential", "mamba2"])
@pytest.mark.parametrize("shape", SHAPES)
def test_data_of_another_shape_are_refused_by_name(name, shape):
    method, params = model(name, jnp.float32)
    for call in (method.solve, method.loss, method.explain):
        with pytest.raises(ValueError, match=r"x has shape .*; wanted \(S, T\+1, N\) with S >= 1, T >= 1 and N = 2"):
            call(params, np.zeros(shape))


@pytest.mark.parametrize("shape", [(0, 2), (5, 3), (2, 0, 2)])
def test_a_history_of_another_shape_is_refused_by_name(shape):
    method, params = model("sequential", jnp.float32)
    with pytest.raises(ValueError, match="history has shape .*; wanted .* N = 2"):
        method.generate(params, np.zeros(shape), 3)


TRAINED = ["sequential", "lssm", "mamba2", "schwarz-shared"]


def fit(name, series, **options):
    cut = {"windows": 2, "overlap": 1} if name.startswith("schwarz") else {}
    method = methods.get(name, latent_dim=4, updates=1, **cut)
    return method.fit(series, **{"T": 5, "batch": 1, "seeds": (0,)} | options)


@pytest.mark.parametrize("name", TRAINED)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e39])
def test_data_that_are_not_finite_are_refused_with_their_first_row(name, value):
    series = np.ones((12, 2))
    series[4:7, 1] = value
    with pytest.raises(
        ValueError, match=r"series: row 4 \(from 0\) is \[1.0, .*\] in float32, the first of 3 that are not finite"
    ):
        fit(name, series)


@pytest.mark.parametrize("name", TRAINED)
@pytest.mark.parametrize(
    "seeds", [(), (-1,), (2**31,), (0, 2**32), [3, 3], (0.5,), 3, None, "01", np.array([2**32]), np.array([0.0]), [2**64]]
)
def test_seeds_that_would_not_be_kept_apart_are_refused(name, seeds):
    with pytest.raises(ValueError, match="seeds = .*wanted"):
        fit(name, np.ones((12, 2)), seeds=seeds)


def test_seeds_may_come_as_any_kind_of_whole_numbers():
    last = 2**31 - 1
    for given in (
        [0, last],
        (0, last),
        np.array([0, last]),
        np.array([0, last], np.uint32),
        jnp.array([0, last]),
        {0: "", last: ""},
    ):
        assert border.seeds(given).tolist() == [0, last]
    assert border.seeds(range(3)).tolist() == [0, 1, 2]


@pytest.mark.parametrize("name", TRAINED)
@pytest.mark.parametrize("options", [{"T": 0}, {"T": -1}, {"batch": 0}, {"block": 0}])
def test_sizes_of_a_training_are_whole_and_positive(name, options):
    ((key, value),) = options.items()
    with pytest.raises(ValueError, match=f"{key} = {value!r}"):
        fit(name, np.ones((12, 2)), **options)


@pytest.mark.parametrize("name", TRAINED)
@pytest.mark.parametrize("shape", [(5, 2), (12,), (0, 2), (2, 12, 2)])
def test_a_series_of_another_shape_is_refused(name, shape):
    with pytest.raises((ValueError, TypeError), match="series"):
        fit(name, np.ones(shape))
