"""Text files are read with the numbers that were meant, or refused: a table of files as people write them."""

import csv
import io
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

import systems
from systems.series import SeriesError, SeriesWarning, read_series, wanted_columns

NAN = float("nan")
TWO = [[1, 2], [3, 4], [5, 7]]

# (what the file holds, settings, what it means: rows, or a part of the error message)
CASES = {
    "decimal commas in one column": ("voltage\n3,25\n4,75\n", {}, "2 cells in row 0"),
    "the same, told": ("voltage\n3,25\n4,75\n", {"decimal": ","}, [[3.25], [4.75]]),
    "decimal commas after semicolons": ("a;b\n1,5;2,25\n-3,5;4e-3\n", {}, [[1.5, 2.25], [-3.5, 0.004]]),
    "decimal commas after tabs": ("a\tb\n1,5\t2,25\n3,5\t4\n", {}, [[1.5, 2.25], [3.5, 4]]),
    "decimal commas in quotes": ('a,b\n"1,5","2,25"\n"3,5","4,0"\n', {}, [[1.5, 2.25], [3.5, 4]]),
    "decimal commas after commas": ("a,b\n1,5,2,5\n3,5,4,5\n", {}, "4 cells in row 0"),
    "decimal commas after commas, one a whole number": ("a,b\n1,5,2\n3,5,4\n", {}, "3 cells in row 0"),
    "decimal commas without names": ("3,05\n4,75\n", {}, 'decimal = ","'),
    "the same, told to be commas": ("3,05\n4,75\n", {"decimal": "."}, [[3, 5], [4, 75]]),
    "commas and points before decimals": ("a;b\n1,5;2.5\n3,5;4.5\n", {}, "a comma and a point stand before decimals"),
    "commas that may be thousands": ("a;b\n1,234;5\n2,345;6\n", {}, "groups thousands"),
    "commas that may be thousands, told": ("a;b\n1,234;5\n2,345;6\n", {"decimal": ","}, [[1.234, 5], [2.345, 6]]),
    "thousands in quotes": ('a,b\n"1,234",5\n"2,345",6\n', {}, "groups thousands"),
    "many thousands": ('a\n"1,234,567"\n"2,345,678"\n', {}, "not a number"),
    "thousands with decimals": ("a;b\n1.234,5;5\n2.345,6;6\n", {}, "not a number"),
    "thousands by blanks": ("1 234\n5 678\n", {}, "not a number"),
    "thousands by commas without names": ("1,034\n5,678\n", {}, "decimals, or a column of its own"),
    "semicolons": ("a;b\n1;2\n3;4\n5;7\n", {}, TWO),
    "semicolons without names": ("1;2\n3;4\n5;7", {}, TWO),
    "tabs": ("a\tb\n1\t2\n3\t4\n5\t7\n", {}, TWO),
    "bars": ("a|b\n1|2\n3|4\n5|7\n", {}, TWO),
    "blanks, as numpy.savetxt": ("1.0 2.0\n3.0 4.0\n5.0 7.0\n", {}, TWO),
    "blanks that align": ("  a   b\n  1   2\n  3   4\n  5   7\n", {}, TWO),
    "blanks after commas": ("a, b\n1, 2\n3, 4\n5, 7\n", {}, TWO),
    "Excel's first line": ("sep=;\na;b\n1;2\n3;4\n5;7\n", {}, TWO),
    "a separator that is told": ("a;b;c\n1;2;3\n", {"separator": ";"}, [[1, 2, 3]]),
    "names that are numbers": ("0,1,2\n0.5,1.5,2.5\n1.5,0.5,3.5\n", {}, [[0.5, 1.5, 2.5], [1.5, 0.5, 3.5]]),
    "whole numbers that may be names": ("0,1,2\n5,6,8\n7,8,8\n", {}, 'header = "yes" or header = "no"'),
    "the same, names": ("0,1,2\n5,6,8\n7,8,8\n", {"header": "yes"}, [[5, 6, 8], [7, 8, 8]]),
    "the same, data": ("0,1,2\n5,6,8\n7,8,8\n", {"header": "no"}, [[0, 1, 2], [5, 6, 8], [7, 8, 8]]),
    "a series that starts at 0": ("0\n0.25\n0.75\n", {}, 'header = "yes" or header = "no"'),
    "names that are numbers, quoted": ('"0","1"\n5,6\n7,9\n', {}, [[5, 6], [7, 9]]),
    "data that start with other whole numbers": ("1,1,1\n1.5,1.25,1.5\n", {}, [[1, 1, 1], [1.5, 1.25, 1.5]]),
    "an index without a name": (",a,b\n0,1,2\n1,3,4\n2,5,7\n", {}, TWO),
    "an index over names that are numbers": (",0,1\n0,1.5,2\n1,3,4\n", {}, [[1.5, 2], [3, 4]]),
    "an index of every second row": (",a\n10,1.5\n12,2\n14,1\n", {}, [[1.5], [2], [1]]),
    "an index that went through pandas twice": (",Unnamed: 0,a\n0,0,1.5\n1,1,2\n", {}, [[1.5], [2]]),
    "an unnamed column that counts nothing": (",a\n0.5,1.5\n0.25,2\n", {}, "the first column has no name"),
    "the same, another column chosen": (",a\n0.5,1.5\n0.25,2\n", {"columns": "a"}, [[1.5], [2]]),
    "an index of dates": (",a\n2020-01-01,1.5\n2020-01-02,2\n", {}, 'the first column has no name.*columns = "a"'),
    "an index of dates, another column chosen": (",a\n2020-01-01,1.5\n2020-01-02,2\n", {"columns": "a"}, [[1.5], [2]]),
    "years over columns": ("2019,2020,2022\n1.5,2.25,0.5\n2.5,1.25,3.5\n", {}, 'header = "yes" or header = "no"'),
    "a year over a column that Python wrote": ("2019\n0.1234567890123456\n0.5\n", {}, 'header = "yes"'),
    "a series that starts at 3": ("3\n2.5\n1.25\n", {}, [[3], [2.5], [1.25]]),
    "a name is missing": ("a,b,c\n0,1,4,7\n1,2,5,8\n", {}, "4 cells in row 0"),
    "a comma at the end of rows": ("a,b,c\n1,4,7,\n2,5,8,\n", {}, "4 cells in row 0"),
    "a comma at the end of all lines": ("a,b,\n1,2,\n3,4,\n5,7,\n", {}, TWO),
    "a row too short": ("a,b\n1,2\n3\n5,7\n", {}, "1 cells in row 1"),
    "a last row torn off": ("1,2\n3,4\n5", {}, "1 cells in row 2"),
    "a leading blank line": ("\n1,2\n3,4\n5,7", {}, TWO),
    "blank lines anywhere": (" \n\n1,2\n\n3,4\n5,7\n\n\n", {}, TWO),
    "a blank line in one column": ("a\n1\n\n3\n", {}, "line 3 is blank"),
    "comments": ("# made by hand\n1,2\n# a break\n3,4\n5,7\n", {}, TWO),
    "a byte-order mark": ("\ufeffa,b\n1,2\n3,4\n5,7\n", {}, TWO),
    "a byte-order mark without names": ("\ufeff1,2\n3,4\n5,7\n", {}, TWO),
    "CRLF": ("a,b\r\n1,2\r\n3,4\r\n5,7\r\n", {}, TWO),
    "CR": ("a,b\r1,2\r3,4\r5,7\r", {}, TWO),
    "UTF-16, as Excel saves it": ("a\tb\r\n1\t2\r\n3\t4\r\n5\t7\r\n".encode("utf-16"), {}, TWO),
    "Latin-1": ("µV\n1\n2\n".encode("latin-1"), {}, "not text in UTF-8"),
    "UTF-16 without its mark": ("a\n1\n2\n".encode("utf-16-le"), {}, "zero bytes"),
    "not text": (b"PK\x03\x04\x00\x00", {}, "not a text file"),
    "empty": ("", {}, "no rows"),
    "nothing but blank lines": ("\n\n", {}, "no rows"),
    "names alone": ("a,b\n", {}, "no rows in the train split"),
    "one row": ("1.5,2\n", {}, [[1.5, 2]]),
    "one row with names": ("a,b\n1.5,2\n", {}, [[1.5, 2]]),
    "signs, exponents, bare points": ("+1,-2.\n.5,1E+2\n", {}, [[1, -2], [0.5, 100]]),
    "an underscore": ("a\n1_000\n", {}, 'holds "1_000" in row 0'),
    "digits of another script": ("a\n٣\n", {}, "not a number"),
    "words among numbers": ("a,b\n1,2\n3,x\n", {}, 'column "b" holds "x" in row 1'),
    "units below the names": ("a,b\nmV,mA\n1,2\n", {}, 'column "a" holds "mV" in row 0'),
    "two lines of names": ("a,a\nx,y\n1,2\n", {}, 'holds "x" in row 0'),
    "true and false": ("a,b\nTrue,1\nfalse,2\n", {}, [[1, 1], [0, 2]]),
    "true among numbers": ("a\nTrue\n2\n", {}, "not a number"),
    "dates": ("day,load\n2020-01-01,1\n2020-01-02,2\n", {}, 'column "day" holds "2020-01-01" in row 0.*columns = "load"'),
    "dates left out": ("day,load\n2020-01-01,1\n2020-01-02,2\n", {"columns": "load"}, [[1], [2]]),
    "per cent": ("a\n5%\n6%\n", {}, "not a number"),
    "a quotation mark that is never closed": ('"a,b\n1,2\n', {}, "quotation mark"),
    "infinity": ("a\n1\ninf\n", {}, "missing or infinite"),
    "two columns of one name": ("a,a\n1,2\n3,4\n5,7\n", {}, TWO),
    "one of two columns of one name": ("a,a\n1,2\n", {"columns": "a"}, '2 columns are called "a"'),
    "a name with a comma": ('"V, mV",b\n1,2\n3,4\n5,7\n', {"columns": 'b,"V, mV"'}, [[2, 1], [4, 3], [7, 5]]),
    "the same in a list": ('"V, mV",b\n1,2\n3,4\n5,7\n', {"columns": ["b", "V, mV"]}, [[2, 1], [4, 3], [7, 5]]),
    "a name with a blank at its end": ("V ,b\n1,2\n3,4\n", {"columns": "V"}, [[1], [3]]),
    "the same with its blank": ("V ,b\n1,2\n3,4\n", {"columns": '"V "'}, [[1], [3]]),
    "names that differ in a blank": ("V ,V\n1,2\n3,4\n", {"columns": ["V"]}, [[2], [4]]),
    "a name with quotation marks": ('"a ""b""",c\n1,2\n3,4\n', {"columns": ['a "b"']}, [[1], [3]]),
    "a name on two lines": ('"a\nb",c\n1,2\n3,4\n5,7\n', {}, TWO),
    "a column without a name": ("a,,c\n1,2,3\n4,5,7\n", {}, [[1, 2, 3], [4, 5, 7]]),
    **{f"missing as {word!r}": (f"a,b\n1,2\n{word},4\n", {}, "missing or infinite values .1., the first in row 1")
       for word in ("", "nan", "NaN", "NA", "N/A", "#N/A", "null", "NULL", "None", "<NA>", "-nan", "1.#IND")},
    "missing in the first row": (",2\n3,4\n", {}, "missing or infinite values .1., the first in row 0"),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore::systems.reading.table.SeriesWarning")
@pytest.mark.parametrize("case", CASES)
def test_a_text_file_is_read_as_it_was_meant_or_refused(tmp_path, case):
    content, fields, meant = CASES[case]
    path = tmp_path / "s.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())

    def read():
        return systems.get("file", path=str(path), standardise="none", test_fraction=0.0, **fields).sample().values

    if isinstance(meant, str):
        with pytest.raises(ValueError, match=meant):
            read()
    else:
        np.testing.assert_array_equal(read(), meant)


def test_what_was_decided_is_said(tmp_path):
    def warned(text):
        (tmp_path / "s.csv").write_text(text)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            read_series(tmp_path / "s.csv")
        return [str(each.message) for each in caught if each.category is SeriesWarning]

    assert "taken as names" in warned("0,1,2\n0.5,1.5,2.5\n1.5,0.5,3.5\n")[0]
    assert "counts rows, is left out" in warned(",a\n0,1.5\n1,2\n2,7\n")[0]
    assert 'column "t" changes by 0.1 from row to row' in warned("t,a\n0.0,1.5\n0.1,2\n0.2,7\n")[0]
    assert not warned("a,b\n1,2\n3,4\n5,7\n6,8\n")


def test_a_setting_of_text_files_is_refused_for_others(tmp_path):
    np.save(tmp_path / "s.npy", np.ones(3))
    with pytest.raises(SeriesError, match="settings of .csv files"):
        systems.get("file", path=str(tmp_path / "s.npy"), decimal=",").sample()
    with pytest.raises(ValueError, match="separator"):
        systems.get("file", path="s.csv", separator="tab")


def test_columns_are_a_text_or_a_list():
    assert wanted_columns("") == () and wanted_columns("a, b") == ("a", "b") == wanted_columns(["a", "b"])
    assert wanted_columns('"a, b",c') == ("a, b", "c")
    with pytest.raises(SeriesError, match="want names separated by commas"):
        wanted_columns('"a')


NUMBERS = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**6), 10**6).map(float)
TABLES = arrays(np.float64, array_shapes(min_dims=2, max_dims=2, max_side=5), elements=NUMBERS)
NAMES = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=6).filter(
    lambda name: not name.startswith(("#", '"')) and not name[0].isdigit()
)


def _written(table, how, names):
    frame = pd.DataFrame(table)
    match how:
        case "pandas":
            return frame.to_csv(index=False)
        case "pandas with its index":
            return frame.to_csv()
        case "pandas with names":
            return frame.set_axis(names, axis=1).to_csv(index=False)
        case "pandas, semicolons and decimal commas":
            return frame.set_axis(names, axis=1).to_csv(index=False, sep=";", decimal=",")
        case "pandas without names":
            return frame.to_csv(index=False, header=False)
        case "numpy":
            np.savetxt(text := io.StringIO(), table, delimiter=",")
            return text.getvalue()
        case "numpy's blanks":
            np.savetxt(text := io.StringIO(), table)
            return text.getvalue()
        case "csv, all quoted":
            csv.writer(text := io.StringIO(), quoting=csv.QUOTE_ALL).writerows([names, *table.tolist()])
            return text.getvalue()


WAYS = [
    "pandas", "pandas with its index", "pandas with names", "pandas, semicolons and decimal commas", "pandas without names",
    "numpy", "numpy's blanks", "csv, all quoted",
]  # fmt: skip


@pytest.mark.filterwarnings("ignore::systems.reading.table.SeriesWarning")
@settings(max_examples=200, deadline=None)
@given(TABLES, st.sampled_from(WAYS), st.data())
def test_what_programs_write_is_read_to_the_bit_or_refused(tmp_path_factory, table, how, data):
    names = data.draw(st.lists(NAMES, min_size=table.shape[1], max_size=table.shape[1], unique=True))
    path = tmp_path_factory.mktemp("written") / "s.csv"
    path.write_text(_written(table, how, names), encoding="utf-8", newline="")
    try:
        read = read_series(path).values
    except SeriesError as refusal:
        assert 'Set header = "yes"' in str(refusal) or "decimal" in str(refusal), refusal
    else:
        np.testing.assert_array_equal(read, table)


@settings(max_examples=50, deadline=None)
@given(TABLES, st.sampled_from("a ,;é#'\"_1-"), st.data())
def test_every_column_can_be_chosen_by_its_name(tmp_path_factory, table, mark, data):
    names = [f"x{mark}{i}{data.draw(st.sampled_from(['', mark, ' ']))}" for i in range(table.shape[1])]
    path = tmp_path_factory.mktemp("named") / "s.csv"
    pd.DataFrame(table, columns=names).to_csv(path, index=False)
    order = data.draw(st.permutations(range(len(names))))
    chosen = [names[i] for i in order]
    np.testing.assert_array_equal(read_series(path, chosen).values, table[:, order])
    csv.writer(text := io.StringIO(), quoting=csv.QUOTE_ALL).writerow(chosen)
    np.testing.assert_array_equal(read_series(path, text.getvalue().strip("\r\n")).values, table[:, order])
