"""What a reader sees of a table: every value and interval at any width, references, failures, units, and nothing meaningless."""

import io
import re

import numpy as np
import pandas as pd
import pytest
import synthetic_tables as synthetic
import synthetic_trainings as trainings

from bench.showing import tables
from bench.showing.vocabulary.numbers import number
from registry import UnknownName

RUNS = synthetic.RUNS | {
    "single": synthetic.runtime(("gtf-deer",), (3,), (128,), repeats=1),
}


@pytest.mark.parametrize("run", RUNS)
def test_the_report_names_every_method_and_every_failure(run):
    cells = RUNS[run]["cells"]
    report = " ".join(tables.text_report(RUNS[run]).split())
    for method in cells["method"].unique():
        assert method in report
    for status in set(cells["status"]) - {"ok"}:
        assert f"{status}, reason of the {status} second line" in " ".join(report.split())


def main_table(run):
    """The first table that a terminal shows."""
    (measure,) = run["cells"]["measure"].unique()
    return tables.SUMMARIES[measure].glance(tables.summary(run))[0]


def unforced(run, *names):
    """The run with `names` being methods that have no forcing strength."""
    cells = run["cells"]
    return run | {"cells": cells.assign(alpha=cells["alpha"].mask(cells["method"].isin(names)))}


@pytest.mark.parametrize("run", RUNS)
def test_the_report_fits_a_terminal_and_says_nothing_meaningless(run):
    report = tables.text_report(unforced(RUNS[run], "deer", "quasi-deer"))
    assert max(map(len, report.splitlines())) <= 120
    assert "nan" not in report.lower() and "None" not in report


def test_many_metrics_and_long_names_still_fit_a_terminal():
    run = synthetic.reconstruction(synthetic.SIX, 3, {("deer", 0): "diverged", ("deer", 1): "timeout"})
    more = [run["metrics"].assign(metric=run["metrics"]["metric"] + f"_of_somebody_{i}", floor=0.1) for i in range(4)]
    report = tables.text_report(run | {"metrics": pd.concat([run["metrics"], *more])})
    assert max(map(len, report.splitlines())) <= 120
    assert "D_stsp" in report and "D_H" in report


def test_one_strength_is_said_once_and_methods_keep_their_order():
    run = unforced(RUNS["runtime"], "deer", "quasi-deer")
    report = tables.text_report(run, width=None)
    assert report.count("alpha") == 1 and "alpha=0.5" in report.splitlines()[0]
    rows = report[report.index("--") :].splitlines()
    shown = [next((word for word in line.split() if word in synthetic.SIX), None) for line in rows]
    assert shown[1:7] == list(synthetic.SIX)


def test_many_failures_are_listed_by_method():
    failures = {(method, 3, T): "error" for method in ("deer", "gtf-deer") for T in range(100, 120)}
    report = tables.text_report(synthetic.runtime(("sequential", "deer", "gtf-deer"), (3,), range(100, 120), failures))
    assert "gtf-deer: error, reason of the error second line (20 cells)" in report


def test_every_system_has_its_floors():
    run = synthetic.reconstruction(seeds=2)
    odd = run["cells"]["seed"] == 1
    run["cells"]["system"] = np.where(odd, "lorenz96", "lorenz63")
    strange = run["metrics"]["cell"].isin(run["cells"].loc[odd, "cell"]) & run["metrics"]["metric"].eq("dstsp_gmm")
    run["metrics"].loc[strange, "floor"] = 0.777
    floors = [line for line in tables.text_report(run, width=None).splitlines() if "(floor)" in line]
    assert len(floors) == 2 and "0.033" in floors[0] and "0.78" in floors[1]


def test_patterns_of_observation_have_floors_of_their_own():
    run = synthetic.reconstruction(seeds=2)
    odd = run["cells"]["seed"] == 1
    run["cells"]["system_parameters"] = np.where(odd, '{"observed": "x"}', '{"observed": ""}')
    strange = run["metrics"]["cell"].isin(run["cells"].loc[odd, "cell"]) & run["metrics"]["metric"].eq("dstsp_gmm")
    run["metrics"].loc[strange, "floor"] = 0.777
    floors = [line for line in tables.text_report(run, width=None).splitlines() if "(floor)" in line]
    assert len(floors) == 2 and "0.033" in floors[0] and "0.78" in floors[1]


def test_white_noise_has_a_line_and_columns_where_it_was_scored():
    run = trainings.ecg()
    (noise,) = (line for line in tables.text_report(run, width=None).splitlines() if "(white noise)" in line)
    assert "3.0" in noise and "0.86" in noise and "1.4" in noise
    frame = tables.summary(run)
    assert (frame["dstsp_gmm_noise"] == 3.04).all() and (frame["dstsp_gmm_floor"] == 0.31).all()
    assert "(floor 0.310, white noise 3.04)" in tables.render(frame, "markdown")
    for old in (run["metrics"].drop(columns="noise"), run["metrics"].assign(noise=None)):
        frame = tables.summary(run | {"metrics": old})
        assert "(white noise)" not in tables.text_report(run | {"metrics": old}) and frame["dstsp_gmm_noise"].isna().all()
        assert "(floor 0.310)" in tables.render(frame, "markdown")


def test_a_decomposed_training_shows_what_it_says_of_itself_beside_the_whole_loss():
    report = tables.text_report(trainings.decomposition(lost=("schwarz-local",), seeds=3))
    assert max(map(len, report.splitlines())) <= 120
    assert all(head in report for head in ("sequence", "local", "jump", "spread"))
    assert "jump" not in tables.text_report(trainings.ecg())


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("width", [40, 80, None])
def test_no_value_and_no_interval_is_left_out_at_any_width(run, width):
    """What does not fit into the terminal is stacked."""
    table = main_table(RUNS[run])
    words = [text for column in (*table.about, *table.columns) for text in column.texts]
    shown = table.text(width).replace("\n", "  ")
    assert all(text in shown for text in words)


@pytest.mark.parametrize("run", ["reconstruction", "all crashed"])
def test_a_median_over_seeds_stands_with_its_range(run):
    frame = tables.summary(RUNS[run])
    table = main_table(RUNS[run])
    heads = [column.head.split("\n")[0] for column in table.columns]
    for name, head in {"loss": "loss", "dstsp_gmm": "D_stsp", "power_spectrum_hellinger": "D_H", "rmse": "orbit RMSE"}.items():
        if name in frame and frame[name].notna().any():
            intervals = table.columns[heads.index(head)].intervals
            varied = frame[name].notna() & (frame[f"{name}_low"] != frame[f"{name}_high"])
            assert [bool(each) for each in intervals[: len(frame)]] == varied.tolist()


def test_a_convergence_report_has_one_line_per_size_guess_and_rule():
    run = synthetic.convergence(rules=("residual", "increment"))
    frame, report = tables.summary(run), tables.text_report(run)
    assert len(frame) == 36 and set(frame["rule"]) == {"residual", "increment"} and set(frame["method"]) == {"gtf-deer"}
    lines = [line for line in report.splitlines() if line.rstrip().endswith(tuple("1234]"))]
    assert sum("residual" in line for line in lines) == sum("increment" in line for line in lines) == 6
    assert report.count("lambda_f") == 3  # once per size, and in the caption
    unsolved = frame["status"].eq("not_converged").sum()
    assert len(re.findall(r" n [\di]", report)) == unsolved > 0


def test_many_strengths_go_below_each_other():
    alphas = tuple(np.linspace(0, 1, 40).round(3))
    report = tables.text_report(synthetic.convergence((3,), alphas, sequences=2))
    assert max(map(len, report.splitlines())) <= 120
    assert all(f" {alpha:g}" in report for alpha in alphas[1:])


@pytest.mark.parametrize("value, text", [(0.6999, "0.70"), (0.996, "1.0"), (123.4, "123"), (2e-7, "2.0e-07"), (3.0, "3")])
def test_two_digits_are_two_digits(value, text):
    assert number(value, 2) == text


@pytest.mark.parametrize("format", ["text", "markdown", "latex", "csv"])
@pytest.mark.parametrize("run", RUNS)
def test_every_format_has_one_line_per_row(format, run):
    frame = tables.summary(RUNS[run])
    text = tables.render(frame, format)
    assert sum(text.count(method) > 0 for method in frame["method"]) == len(frame)
    if format == "csv":
        again = pd.read_csv(io.StringIO(text))
        np.testing.assert_array_equal(again["failed"], frame["failed"])


def test_latex_is_escaped():
    assert "wrong\\_answer" in tables.render(tables.summary(RUNS["runtime"]), "latex")


@pytest.mark.parametrize("run", RUNS)
def test_latex_has_symbols_and_units_few_columns_and_what_is_constant_in_its_caption(run):
    text = tables.render(tables.summary(RUNS[run]), "latex", "A law of 100 %")
    assert "A law of 100 \\%" in text and "$L = 50$" in text and "$M" in text
    tabulars = re.findall(r"\\begin\{tabular\}\{([^\n]*)\}\n(.*?)\\end\{tabular\}", text, re.DOTALL)
    assert tabulars
    for kinds, body in tabulars:
        count = len(re.sub(r"@\{.*?\}", "", kinds))
        assert count <= 12
        for line in body.splitlines():
            if line.endswith(r"\\"):
                spanned = sum(int(n) - 1 for n in re.findall(r"\\multicolumn\{(\d)\}", line))
                assert len(re.findall(r"(?<!\\)&", line)) + 1 + spanned == count
    assert not re.search(r"(?<![\\a-z])_s\b|_low|nan", text)
    if run == "reconstruction":
        assert r"$D_\mathrm{stsp}$ (nats)" in text and "(ms)" in text and r"$\infty$" in text and r"\num{" in text


def test_a_whole_run_of_nothing_is_a_table_too():
    empty = synthetic.Tables().frames()
    assert tables.text_report(empty) == "No cells."
    for format in ("text", "markdown", "latex", "csv"):
        tables.render(tables.summary(empty), format)


def test_an_unknown_format_is_an_error_that_names_the_nearest():
    with pytest.raises(UnknownName, match='Did you mean "latex"'):
        tables.render(pd.DataFrame(), "latx")


def test_a_terminal_has_its_width_and_a_file_has_no_limit(monkeypatch):
    monkeypatch.setenv("COLUMNS", "66")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    assert tables.terminal_width() == 66
    monkeypatch.setattr("sys.stdout.isatty", lambda: False, raising=False)
    assert tables.terminal_width() is None


def test_a_narrow_terminal_shows_what_a_wide_one_does_in_more_blocks():
    run = trainings.ecg()
    wide, narrow = (main_table(run).text(width) for width in (None, 95))
    assert max(map(len, narrow.splitlines())) <= 95 < max(map(len, wide.splitlines()))
    assert "\n\n" not in wide and narrow.count("\n\n") >= 2
    assert set(re.findall(r"\[.*?\]", wide)) == set(re.findall(r"\[.*?\]", narrow))
