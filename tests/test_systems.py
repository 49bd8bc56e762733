"""Laws that every system keeps, one's own file included."""

import numpy as np
import pytest

import systems
from systems.checks import SPLITS

NAMES = systems.names()


@pytest.fixture
def make(tmp_path):
    """`make(name, **fields)`: any registered system; `file` gets a random walk to read."""

    def build(name, **fields):
        if name == "file":
            fields["path"] = str(tmp_path / "walk.npy")
            np.save(fields["path"], np.random.default_rng(0).standard_normal((4000, 2)).cumsum(axis=0))
        return systems.get(name, **fields)

    return build


def test_the_catalogue_is_whole():
    assert {"lorenz63", "file"} <= set(NAMES)
    assert systems.unavailable() == {}


@pytest.mark.parametrize("T", [1, 2, 333])
@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("name", NAMES)
def test_a_sample_has_T_finite_rows_in_double_precision(make, name, split, T):
    trajectory = make(name).sample(T, split=split)
    N = trajectory.values.shape[1]
    assert trajectory.values.shape == (T, N) and trajectory.values.dtype == np.float64
    assert np.isfinite(trajectory.values).all()
    assert trajectory.standardisation.mean.shape == trajectory.standardisation.std.shape == (N,)
    assert trajectory.dt > 0


@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("name", NAMES)
def test_a_longer_sample_starts_with_the_shorter_one(make, name, split):
    system = make(name, noise=0.1)
    np.testing.assert_array_equal(system.sample(700, split=split).values[:50], system.sample(50, split=split).values)


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_gives_the_same_sample_and_the_caller_owns_it(make, name):
    first = make(name).sample(20, seed=3).values
    kept = first.copy()
    first[:] = 0
    np.testing.assert_array_equal(make(name).sample(20, seed=3).values, kept)


@pytest.mark.parametrize("name", NAMES)
def test_training_and_test_orbits_differ_and_share_one_map(make, name):
    train, test = (make(name).sample(50, split=split) for split in SPLITS)
    assert not np.allclose(train.values, test.values)
    np.testing.assert_array_equal(train.standardisation.mean, test.standardisation.mean)
    np.testing.assert_array_equal(train.standardisation.std, test.standardisation.std)


@pytest.mark.parametrize("name", NAMES)
def test_noise_is_added_after_standardising_to_the_training_orbit_only(make, name):
    clean, noisy = make(name, noise=0.0), make(name, noise=0.3)
    np.testing.assert_array_equal(clean.sample(800, split="test").values, noisy.sample(800, split="test").values)
    added = noisy.sample(800).values - clean.sample(800).values
    N = added.shape[1]
    assert added.std() == pytest.approx(0.3, abs=5 * 0.3 / np.sqrt(2 * 800 * N))
    assert not np.allclose(added, noisy.sample(800, seed=1).values - clean.sample(800, seed=1).values)


@pytest.mark.parametrize("name", NAMES)
def test_undoing_the_standardisation_gives_the_raw_series(make, name):
    trajectory = make(name).sample(30, split="test")
    raw = make(name, standardise="none").sample(30, split="test")
    np.testing.assert_allclose(trajectory.standardisation.undo(trajectory.values), raw.values, rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(raw.standardisation.std, 1)


@pytest.mark.parametrize("name", NAMES)
def test_each_split_can_have_its_own_statistics(make, name):
    system = make(name, standardise="each")
    train, test = (system.sample(10, split=split).standardisation for split in SPLITS)
    assert not np.allclose(train.mean, test.mean)


@pytest.mark.parametrize("name", NAMES)
def test_misuse_names_the_key_the_value_and_the_nearest_choice(make, name):
    with pytest.raises(ValueError, match='split = "tset".*Did you mean "test"'):
        make(name).sample(5, split="tset")
    with pytest.raises(ValueError, match="standardise = 'trian'.*Did you mean .train"):
        make(name, standardise="trian")
    with pytest.raises(ValueError, match="T = 0"):
        make(name).sample(0)
    with pytest.raises(ValueError, match="noise = -1"):
        make(name, noise=-1.0)
    with pytest.raises(ValueError, match="seed = -2"):
        make(name).sample(5, seed=-2)
