"""Laws of a system: samples of the asked length, the same ones every time, standardised by the training data.

A system is tried with its defaults. One with a setting `path` reads a random walk that is written to a temporary folder.
"""

import contextlib
import dataclasses
import tempfile
from pathlib import Path

import numpy as np

import systems

SPLITS = ("train", "test")
LONG = 100_000  # rows; a system may take its statistics from as many
STANDARDISED = 0.1  # how far mean and standard deviation of LONG training rows may be from 0 and 1


def gives_the_rows_asked_for(name):
    """A sample of T rows is a finite float64 array (T, N) with its time step and standardisation, T = 1, 2, 333."""
    with _tried(name) as system:
        for split in SPLITS:
            for T in (1, 2, 333):
                trajectory = system.sample(T, seed=0, split=split)
                values, standardisation, asked = trajectory.values, trajectory.standardisation, f"sample({T}, split={split!r})"
                assert values.ndim == 2 and len(values) == T, f"{asked}: shape {values.shape}, wanted ({T}, N)"
                assert values.dtype == np.float64, f"{asked}: {values.dtype}, wanted float64"
                assert np.isfinite(values).all(), f"{asked}: {(~np.isfinite(values)).sum()} values are not finite"
                assert trajectory.dt > 0, f"{asked}: dt = {trajectory.dt}, wanted a positive time between rows"
                shapes = {np.shape(standardisation.mean), np.shape(standardisation.std)}
                assert shapes == {values.shape[1:]}, f"{asked}: standardisation of shapes {shapes}, wanted {values.shape[1:]}"


def repeats_itself(name):
    """The same split and seed give the same bits, whatever the caller does to the first ones."""
    with _tried(name) as system:
        for split in SPLITS:
            first = system.sample(50, seed=3, split=split).values
            kept = first.copy()
            first[:] = np.nan
            again = system.sample(50, seed=3, split=split).values
            np.testing.assert_array_equal(again, kept, err_msg=f"{split}: changed after the caller wrote into the first sample")


def a_longer_sample_starts_with_the_shorter(name):
    """A longer sample of a split starts with the shorter one."""
    with _tried(name) as system:
        for split in SPLITS:
            longer, shorter = (system.sample(T, seed=0, split=split).values for T in (700, 50))
            np.testing.assert_array_equal(longer[:50], shorter, err_msg=f"{split}: sample(700)[:50] is not sample(50)")


def splits_differ(name):
    """Training and test data are different, in units of one standardisation."""
    with _tried(name) as system:
        train, test = (system.sample(50, seed=0, split=split) for split in SPLITS)
        assert not np.allclose(train.values, test.values), "the first 50 rows of both splits are alike"
        for which in ("mean", "std"):
            in_train, in_test = (getattr(each.standardisation, which) for each in (train, test))
            np.testing.assert_array_equal(in_train, in_test, err_msg=f"the splits are standardised by a different {which}")


def training_data_are_standardised(name):
    """Over a long training sample every variable has mean 0 and standard deviation 1."""
    with _tried(name) as system:
        values = system.sample(LONG, seed=0, split="train").values
        for statistic, wanted in (("mean", 0), ("std", 1)):
            found = getattr(values, statistic)(axis=0)
            assert (np.abs(found - wanted) <= STANDARDISED).all(), f"{statistic} of {LONG} rows: {found}, wanted about {wanted}"


def misuse_is_a_value_error(name):
    """An unknown split and T = 0 are a `ValueError`; that of the split names it."""
    with _tried(name) as system:
        assert "tset" in _refusal(system, T=5, split="tset"), "the error message does not name the unknown split"
        _refusal(system, T=0, split="train")


LAWS = [
    gives_the_rows_asked_for,
    repeats_itself,
    a_longer_sample_starts_with_the_shorter,
    splits_differ,
    training_data_are_standardised,
    misuse_is_a_value_error,
]


@contextlib.contextmanager
def _tried(name):
    """The system `name` with its defaults, and with a file to read where it wants one."""
    with tempfile.TemporaryDirectory() as folder:
        given = {}
        if "path" in [field.name for field in dataclasses.fields(systems.REGISTRY[name])]:
            given["path"] = str(Path(folder, "walk.npy"))
            np.save(given["path"], np.random.default_rng(0).standard_normal((LONG * 5 // 4, 2)).cumsum(axis=0))
        yield systems.get(name, **given)


def _refusal(system, *, T, split) -> str:
    try:
        system.sample(T, seed=0, split=split)
    except ValueError as error:
        return str(error)
    raise AssertionError(f"sample({T}, split={split!r}) was answered")
