"""Laws of all metrics that compare two orbits."""

import numpy as np
import pytest
from beartype import beartype
from jaxtyping import jaxtyped

import metrics

ORBITS = [name for name in metrics.names() if metrics.get(name).takes == "orbits"]
DIVERGENCES = ["dstsp_gmm", "dstsp_bins", "power_spectrum_hellinger"]
TIMELESS = ["dstsp_gmm", "dstsp_bins"]


@pytest.fixture(scope="module")
def orbit():
    """Two independent noisy runs (2000, 2) around the unit circle at slightly irregular speed."""
    draws = np.random.default_rng(0)
    phase = draws.uniform(0, 2 * np.pi, (2, 1)) + np.cumsum(0.1 + 0.02 * draws.standard_normal((2, 2000)), axis=1)
    return np.stack([np.cos(phase), np.sin(phase)], axis=-1) + 0.1 * draws.standard_normal((2, 2000, 2))


def test_the_catalogue_is_whole_and_ours():
    assert set(DIVERGENCES) | {"rmse", "n_step_rmse", "lyapunov"} <= set(metrics.names())
    assert metrics.unavailable() == {}
    with pytest.raises(ValueError, match='Did you mean "dstsp_gmm"'):
        metrics.get("dstsp_gm")


@pytest.mark.parametrize("name", ORBITS)
def test_identical_orbits_score_zero(orbit, name):
    assert metrics.get(name).function(orbit[0], orbit[0]) == pytest.approx(0, abs=3e-8)


@pytest.mark.parametrize("name", ORBITS)
def test_the_score_is_a_float_that_does_not_move(orbit, name):
    first, second = (metrics.get(name).function(*orbit) for _ in range(2))
    assert isinstance(first, float) and first == second and 0 < first < np.inf
    assert metrics.floor(name, *orbit) == first


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", ORBITS)
def test_an_orbit_that_blows_up_scores_infinity(orbit, name, wrong):
    generated = orbit[1].copy()
    generated[-1, 1] = wrong
    assert metrics.get(name).function(orbit[0], generated) == np.inf


@pytest.mark.parametrize("name", DIVERGENCES)
def test_a_thousand_standard_deviations_away_is_diverged(orbit, name):
    generated = orbit[1].copy()
    generated[5] = 1e4
    assert metrics.get(name).function(orbit[0], generated) == np.inf


@pytest.mark.parametrize("name", DIVERGENCES)
def test_units_do_not_matter(orbit, name):
    scaled = [1e5 * x * [1, 1e-8] + 3 for x in orbit]
    assert metrics.get(name).function(*scaled) == pytest.approx(metrics.get(name).function(*orbit), rel=1e-6)


@pytest.mark.parametrize("name", TIMELESS)
def test_without_embedding_the_order_of_time_does_not_matter(orbit, name):
    shuffled = orbit[1][np.random.default_rng(1).permutation(2000)]
    compare = metrics.get(name).function
    assert compare(orbit[0], shuffled) == pytest.approx(compare(*orbit), rel=1e-12)
    assert compare(orbit[0], shuffled, delay=2, lag=8) > 1.2 * compare(*orbit, delay=2, lag=8)


@pytest.mark.parametrize("name", DIVERGENCES)
def test_a_failed_model_scores_worse_than_a_second_true_orbit(orbit, name):
    compare = metrics.get(name).function
    floor = metrics.floor(name, *orbit)
    for failure in (np.zeros((2000, 2)), np.random.default_rng(2).standard_normal((2000, 2))):
        assert compare(orbit[0], failure) > 1.5 * floor


@pytest.mark.parametrize("name", ORBITS)
def test_shapes_that_do_not_match_are_named(orbit, name):
    for generated in (orbit[1][:, :1], orbit[1][:, 0], orbit[1][:0]):
        with pytest.raises(ValueError, match=r"generated \(.*wanted \(T, N\)"):
            metrics.get(name).function(orbit[0], generated)
    with pytest.raises(ValueError, match="1 non-finite value"):
        metrics.get(name).function(np.where(orbit[0] == orbit[0][7, 1], np.nan, orbit[0]), orbit[1])


@pytest.mark.parametrize("name", DIVERGENCES)
def test_a_truth_that_does_not_move_is_an_error(orbit, name):
    with pytest.raises(ValueError, match="constant|needs more|rows"):
        metrics.get(name).function(orbit[0][:1], orbit[1][:1])
    with pytest.raises(ValueError, match="variable 1 is constant"):
        metrics.get(name).function(orbit[0] * [1, 0], orbit[1])


@pytest.mark.parametrize("name", ORBITS)
def test_the_declared_shapes_hold(orbit, name):
    checked = jaxtyped(typechecker=beartype)(metrics.get(name).function)
    assert checked(*orbit) == metrics.get(name).function(*orbit)


def test_delay_embedding_puts_the_past_behind_the_present():
    x = np.arange(12.0).reshape(6, 2)
    embedded = metrics.delay_embedding(x, delay=3, lag=2)
    np.testing.assert_array_equal(embedded, [[8, 9, 4, 5, 0, 1], [10, 11, 6, 7, 2, 3]])
    np.testing.assert_array_equal(metrics.delay_embedding(x, delay=1, lag=7), x)
    with pytest.raises(ValueError, match="6 rows.*at least 7"):
        metrics.delay_embedding(x, delay=3, lag=3)
    with pytest.raises(ValueError, match="lag = 0"):
        metrics.delay_embedding(x, delay=3, lag=0)


def test_a_truth_that_moves_by_rounding_alone_sets_no_scale():
    truth = np.stack([np.sin(np.arange(400.0)), np.where(np.arange(400) % 3, 0.3, 0.1 + 0.2)], axis=1)
    for metric in (metrics.state_space_divergence, metrics.binned_divergence, metrics.power_spectrum_distance):
        with pytest.raises(ValueError, match="variable 1 is constant"):
            metric(truth, truth + 1)
