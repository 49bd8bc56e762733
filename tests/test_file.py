"""The user's own series: what is read, how it is split, and what is said when it cannot be used."""

import numpy as np
import pandas as pd
import pytest

import systems
from systems.series import SeriesError

ROWS = np.arange(30.0).reshape(10, 3) ** 2  # no constant column, no repeated row


@pytest.fixture
def write(tmp_path):
    """`write("name.suffix", rows)` -> path; tables name their columns a, b, c."""

    def save(name, rows=ROWS):
        path = tmp_path / name
        table = pd.DataFrame(rows, columns=list("abcdefgh")[: np.shape(rows)[1]]) if np.ndim(rows) == 2 else None
        match path.suffix:
            case ".npy":
                np.save(path, rows)
            case ".npz":
                np.savez(path, series=rows)
            case ".csv":
                table.to_csv(path, index=False)
            case ".parquet":
                table.to_parquet(path)
        return str(path)

    return save


def raw(path, **fields):
    return systems.get("file", path=path, standardise="none", **fields)


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".csv", ".parquet"])
def test_all_formats_hold_the_same_series(write, suffix):
    series = raw(write("series" + suffix))
    np.testing.assert_array_equal(series.sample().values, ROWS[:8])
    np.testing.assert_array_equal(series.sample(split="test").values, ROWS[8:])
    np.testing.assert_array_equal(series.sample(3).values, ROWS[:3])


@pytest.mark.parametrize("suffix, columns", [(".npy", "2,0"), (".npz", "2, 0"), (".csv", "c,a"), (".parquet", "c, a")])
def test_columns_are_chosen_in_the_given_order(write, suffix, columns):
    np.testing.assert_array_equal(raw(write("s" + suffix), columns=columns).sample(8).values, ROWS[:8, [2, 0]])


def test_a_table_without_names_loses_no_row(tmp_path):
    path = tmp_path / "bare.csv"
    np.savetxt(path, ROWS, delimiter=",")
    np.testing.assert_array_equal(raw(str(path), columns="1", test_fraction=0.0).sample().values, ROWS[:, [1]])


def test_one_dimension_is_one_variable(write):
    assert raw(write("s.npy", np.arange(10.0) ** 2)).sample().values.shape == (8, 1)


def test_integers_and_single_precision_become_double(write):
    for kind in (np.int16, np.float32):
        assert raw(write("s.npy", ROWS.astype(kind))).sample().values.dtype == np.float64


def test_every_keeps_one_row_in_so_many_and_stretches_the_time_step(write):
    trajectory = raw(write("s.npy"), every=3, dt=0.5, test_fraction=0.25)  # rows 0, 3, 6, 9
    np.testing.assert_array_equal(trajectory.sample().values, ROWS[[0, 3, 6]])
    np.testing.assert_array_equal(trajectory.sample(split="test").values, ROWS[[9]])
    assert trajectory.sample().dt == 1.5


def test_the_statistics_are_those_of_the_whole_training_split(write):
    series = systems.get("file", path=write("s.npy"))
    standardisation = series.sample(2).standardisation
    np.testing.assert_allclose(standardisation.mean, ROWS[:8].mean(0))
    np.testing.assert_allclose(series.sample(split="test").values, (ROWS[8:] - ROWS[:8].mean(0)) / ROWS[:8].std(0))


def test_a_test_file_of_its_own_leaves_the_series_whole(write):
    series = raw(write("train.npy"), test_path=write("test.csv", -ROWS[:4]), columns="")
    with pytest.raises(SeriesError, match="variables a, b, c.*has 0, 1, 2"):
        series.sample(split="test")
    series = raw(write("train.npy"), test_path=write("test.npy", -ROWS[:4]))
    np.testing.assert_array_equal(series.sample().values, ROWS)
    np.testing.assert_array_equal(series.sample(split="test").values, -ROWS[:4])


def test_the_seed_changes_the_noise_and_nothing_else(write):
    path = write("s.npy")
    np.testing.assert_array_equal(raw(path).sample(seed=0).values, raw(path).sample(seed=1).values)
    assert not np.array_equal(raw(path, noise=0.1).sample(seed=0).values, raw(path, noise=0.1).sample(seed=1).values)


def test_a_changed_file_is_read_anew(write):
    before = raw(write("s.npy")).sample().values
    after = raw(write("s.npy", np.vstack([-ROWS, ROWS]))).sample().values
    assert before.shape != after.shape


def test_a_path_is_wanted():
    with pytest.raises(ValueError, match="path is missing"):
        systems.get("file")


def test_unusable_files_are_named(write, tmp_path):
    with pytest.raises(SeriesError, match='absent.npy": no such file'):
        raw(str(tmp_path / "absent.npy")).sample()
    (tmp_path / "series.cvs").write_text("a\n1\n")
    with pytest.raises(SeriesError, match='unknown suffix ".cvs".*Did you mean ".csv"'):
        raw(str(tmp_path / "series.cvs")).sample()
    for name, content in [
        ("broken.npy", b"not numpy"),
        ("broken.npz", b"PK"),
        ("empty.npy", b""),
        ("empty.csv", b""),
        ("x.parquet", b"x"),
    ]:
        (tmp_path / name).write_bytes(content)
        with pytest.raises(SeriesError, match=name):
            raw(str(tmp_path / name)).sample()


def test_pickled_objects_are_never_loaded(write, tmp_path):
    np.save(tmp_path / "objects.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(SeriesError, match="Pickled objects are not read"):
        raw(str(tmp_path / "objects.npy")).sample()
    np.savez(tmp_path / "objects.npz", a=np.array([None], dtype=object))
    with pytest.raises(SeriesError, match="Pickled objects are not read"):
        raw(str(tmp_path / "objects.npz")).sample()


def test_an_archive_holds_one_array(tmp_path):
    np.savez(tmp_path / "two.npz", a=ROWS, b=ROWS)
    with pytest.raises(SeriesError, match=r"one array is wanted, 2 are there \(a, b\)"):
        raw(str(tmp_path / "two.npz")).sample()


@pytest.mark.parametrize("array", [np.zeros((2, 3, 4)), np.float64(1.0), np.zeros((5, 0))])
def test_a_wrong_shape_is_named(write, array):
    with pytest.raises(SeriesError, match=r"shape \(.*wanted \(time, variables\)"):
        raw(write("s.npy", array)).sample()


@pytest.mark.parametrize("array", [np.array(["a", "b"]), np.zeros((4, 2), dtype=complex)])
def test_only_real_numbers_are_read(write, array):
    with pytest.raises(SeriesError, match="real numbers are wanted"):
        raw(write("s.npy", array)).sample()


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_column_of_words_is_named_unless_it_is_left_out(tmp_path, suffix):
    path = tmp_path / ("s" + suffix)
    table = pd.DataFrame({"day": ["mon", "tue", "wed"], "load": [1.0, 2.0, 4.0]})
    table.to_csv(path, index=False) if suffix == ".csv" else table.to_parquet(path)
    with pytest.raises(SeriesError, match='column "day" holds .*columns = "load"'):
        raw(str(path)).sample()
    assert raw(str(path), columns="load").sample(2).values.tolist() == [[1.0], [2.0]]


def test_a_missing_column_is_named_with_the_nearest_one(tmp_path, write):
    pd.DataFrame({"voltage": [1.0, 2.0], "current": [2.0, 3.0]}).to_csv(tmp_path / "s.csv", index=False)
    with pytest.raises(ValueError, match='columns = "voltge".*Did you mean "voltage"'):
        raw(str(tmp_path / "s.csv"), columns="voltge").sample()
    for columns in ("3", "-1", "x"):
        with pytest.raises(ValueError, match=f'columns = "{columns}".*Known: "0", "1", "2"'):
            raw(write("s.npy"), columns=columns).sample()


def test_too_short_a_series_names_both_numbers(write):
    with pytest.raises(SeriesError, match="9 rows wanted, 8 rows in the train split"):
        raw(write("s.npy")).sample(9)
    with pytest.raises(SeriesError, match="no rows in the test split"):
        raw(write("s.npy"), test_fraction=0.0).sample(split="test")


@pytest.mark.parametrize("suffix, column", [(".npy", "1"), (".csv", "b"), (".parquet", "b")])
def test_missing_values_are_counted_and_placed(write, suffix, column):
    rows = ROWS.copy()
    rows[4, 1], rows[6, 2] = np.nan, np.inf
    with pytest.raises(SeriesError, match=rf'missing or infinite values \(2\), the first in row 4 .* column "{column}"'):
        raw(write("s" + suffix, rows)).sample()
    with pytest.raises(SeriesError, match="first in row 4"):
        raw(write("s" + suffix, rows), every=2).sample()
    np.testing.assert_array_equal(raw(write("s" + suffix, rows)).sample(split="test").values, ROWS[8:])


def test_a_constant_column_is_named(write):
    rows = ROWS.copy()
    rows[:8, 2] = 5
    with pytest.raises(ValueError, match='"2" is 5 in all 8 rows'):
        systems.get("file", path=write("s.npy", rows)).sample()
    assert systems.get("file", path=write("s.npy", rows), columns="0,1").sample().values.shape == (8, 2)


@pytest.mark.parametrize(
    "fields", [{"every": 0}, {"dt": 0.0}, {"dt": float("nan")}, {"test_fraction": 1.0}, {"test_fraction": -0.1}]
)
def test_settings_out_of_range_are_named(fields):
    (key,) = fields
    with pytest.raises(ValueError, match=key):
        systems.get("file", path="s.npy", **fields)


def test_an_electrocardiogram(published_series):
    train, test = (str(published_series / f"ECG_pecuzal_5d_{split}.npy") for split in ("train", "test"))
    series = systems.get("file", path=train, test_path=test)
    values = series.sample(100_000).values
    assert values.shape == (100_000, 5)
    np.testing.assert_allclose(values.std(0), 1, rtol=1e-12)
    expected = (np.load(test) - np.load(train).mean(0)) / np.load(train).std(0)
    np.testing.assert_allclose(series.sample(split="test").values, expected, rtol=1e-12, atol=1e-14)


def test_the_published_noise_came_after_standardising(published_series):
    train = systems.get("file", path=str(published_series / "lorenz63_on0.05_train.npy"), test_fraction=0.0, standardise="none")
    np.testing.assert_allclose(train.sample().values.std(0), np.hypot(1, 0.05), rtol=1e-3)


SUM = 0.1 + 0.2  # not 0.3


@pytest.mark.parametrize(
    "column",
    [
        np.where(np.arange(10) % 3, 0.3, SUM),
        -1e9 * np.where(np.arange(10) % 3, 0.3, SUM),
        np.full(10, 1e-300) * np.where(np.arange(10) % 3, 1, 1 + 2e-16),
        (np.full(10, 7.1) / 3 * 3 + np.spacing(7.1) * (np.arange(10) % 2)).astype(np.float64),
        np.float32(0.3) + np.spacing(np.float32(0.3)) * (np.arange(10) % 2).astype(np.float32),
        np.zeros(10),
        np.full(10, 5),
    ],
)
@pytest.mark.parametrize("suffix", [".npy", ".csv", ".parquet"])
def test_a_column_that_is_constant_up_to_rounding_is_named(tmp_path, suffix, column):
    path, moving = tmp_path / f"s{suffix}", np.arange(10.0) ** 2
    table = pd.DataFrame({"a": moving.astype(np.float32) if column.dtype == np.float32 else moving, "b": column})
    match suffix:
        case ".npy":
            np.save(path, table.to_numpy(dtype=column.dtype if column.dtype == np.float32 else np.float64))
        case ".csv":
            table["b"] = table["b"].astype(np.float64)
            table.to_csv(path, index=False)
        case ".parquet":
            table.to_parquet(path)
    if suffix == ".csv" and column.dtype == np.float32:
        pytest.skip("a text does not say that its numbers were of single precision")
    name = "1" if suffix == ".npy" else "b"
    with pytest.raises(ValueError, match=f'"{name}" is .* in all 8 rows.*cannot be standardised'):
        systems.get("file", path=str(path)).sample()
    assert systems.get("file", path=str(path), standardise="none").sample().values.shape == (8, 2)


@pytest.mark.parametrize("size", [1e-300, 1e-12, 1.0, 1e9, 1e300])
@pytest.mark.parametrize("mean", [0.0, 1.0, 1e6])
def test_small_and_large_numbers_are_standardised_alike(write, size, mean):
    rows = (ROWS + mean) * size
    values = systems.get("file", path=write("s.npy", rows)).sample().values
    np.testing.assert_allclose(values, (ROWS[:8] - ROWS[:8].mean(0)) / ROWS[:8].std(0), rtol=1e-6, atol=1e-6)
