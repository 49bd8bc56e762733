"""Arrays and parquet tables are read with the numbers they hold, whatever their type and order, or refused."""

import decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from systems.series import SeriesError, read_series

ROWS = np.arange(12.0).reshape(4, 3) ** 2
DTYPES = ["float16", "float32", "float64", ">f8", "<f4", "longdouble", "int8", "uint8", "int16", ">i4", "int64", "uint64", "bool"]

# (what is saved, a part of the error message)
REFUSED = {
    "complex numbers": (ROWS + 1j, "holds complex128, real numbers are wanted"),
    "a structured array": (np.zeros(4, [("V", float), ("I", float)]), "a structured array with the fields V, I"),
    "texts": (np.array(["1", "2"]), "real numbers are wanted"),
    "dates": (np.array(["2020-01-01"], "datetime64[D]"), "real numbers are wanted"),
    "three axes": (ROWS[None], r"shape \(1, 4, 3\)"),
    "a number": (np.float64(1), r"shape \(\)"),
    "no variables": (np.zeros((4, 0)), r"shape \(4, 0\)"),
    "variables first": (np.zeros((3, 1000)), "1000 variables in 3 rows: time comes first"),
}


def saved(tmp_path, array, suffix):
    path = tmp_path / f"s{suffix}"
    np.save(path, array) if suffix == ".npy" else np.savez(path, array)
    return path


@pytest.mark.parametrize("suffix", [".npy", ".npz"])
@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_series_is_refused(tmp_path, case, suffix):
    array, message = REFUSED[case]
    with pytest.raises(SeriesError, match=message):
        read_series(saved(tmp_path, array, suffix))


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(DTYPES), st.sampled_from([".npy", ".npz"]), st.sampled_from("CF"), st.data())
def test_arrays_of_every_type_are_read_to_the_bit(tmp_path_factory, dtype, suffix, order, data):
    elements = {"allow_nan": False, "allow_infinity": False} if np.dtype(dtype).kind == "f" else {}
    if dtype == "longdouble":
        table = np.asarray(data.draw(arrays("float64", array_shapes(max_dims=2), elements=elements)), dtype)
    else:
        table = data.draw(arrays(dtype, array_shapes(max_dims=2), elements=elements))
    path = saved(tmp_path_factory.mktemp("arrays"), np.asarray(table, order=order), suffix)
    read = read_series(path).values
    assert read.dtype == np.float64
    np.testing.assert_array_equal(read, table.astype(np.float64).reshape(len(table), -1))


@pytest.mark.parametrize("cut", [10, 100, -8])
@pytest.mark.parametrize("suffix", [".npy", ".npz", ".parquet"])
def test_a_torn_file_is_refused(tmp_path, suffix, cut):
    path = tmp_path / f"s{suffix}"
    pd.DataFrame(ROWS).rename(columns=str).to_parquet(path) if suffix == ".parquet" else saved(tmp_path, ROWS, suffix)
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(SeriesError, match=str(path)):
        read_series(path)


@pytest.mark.parametrize(("right", "wrong"), [(".npy", ".npz"), (".npz", ".npy"), (".npz", ".parquet"), (".npy", ".csv")])
def test_a_file_of_another_kind_than_its_name_says_is_refused(tmp_path, right, wrong):
    path = saved(tmp_path, ROWS, right).rename(tmp_path / f"s{wrong}")
    with pytest.raises(SeriesError, match=str(path)):
        read_series(path)


FRAME = pd.DataFrame(ROWS, columns=["a", "b, c", "d "])
PARQUET = {
    "plain": (FRAME, "", ROWS),
    "an index of its own": (FRAME.set_axis([5, 7, 9, 12]), "", ROWS),
    "an index of dates": (FRAME.set_axis(pd.date_range("2020", periods=4)), "", ROWS),
    "a named index": (FRAME.set_index("a"), "", ROWS[:, 1:]),
    "names chosen": (FRAME, ["d ", "b, c"], ROWS[:, [2, 1]]),
    "names as a text": (FRAME, 'd,"b, c"', ROWS[:, [2, 1]]),
    "whole numbers with gaps": (pd.DataFrame({"a": pd.array([1, None, 3], "Int64")}), "", [[1], [np.nan], [3]]),
    "truth values": (pd.DataFrame({"a": [True, False]}), "", [[1], [0]]),
    "small types": (pd.DataFrame({"a": np.float32([1.5, 2]), "b": np.int8([1, -2])}), "", [[1.5, 1], [2, -2]]),
    "lists": (pd.DataFrame({"a": [[1.0], [2.0]]}), "", 'column "a" holds object'),
    "records": (pd.DataFrame({"a": [{"x": 1.0}], "b": [1.0]}), "", 'column "a" holds object.*columns = "b"'),
    "records left out": (pd.DataFrame({"a": [{"x": 1.0}], "b": [1.0]}), "b", [[1.0]]),
    "decimals": (pd.DataFrame({"a": [decimal.Decimal("1.5")]}), "", 'column "a" holds object'),
    "categories": (pd.DataFrame({"a": pd.Categorical(["x", "y"])}), "", 'column "a" holds '),
    "dates": (pd.DataFrame({"a": pd.date_range("2020", periods=2)}), "", 'column "a" holds datetime64'),
    "durations": (pd.DataFrame({"a": pd.to_timedelta([1, 2])}), "", 'column "a" holds timedelta64'),
    "no columns": (pd.DataFrame(index=range(3)), "", "no columns"),
}


@pytest.mark.parametrize("case", PARQUET)
def test_a_parquet_table_is_read_as_it_was_meant_or_refused(tmp_path, case):
    frame, columns, meant = PARQUET[case]
    frame.to_parquet(tmp_path / "s.parquet")
    if isinstance(meant, str):
        with pytest.raises(SeriesError, match=meant):
            read_series(tmp_path / "s.parquet", columns)
    else:
        np.testing.assert_array_equal(read_series(tmp_path / "s.parquet", columns).values, meant)
