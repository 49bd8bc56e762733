"""Laws of the tables: nothing that was run is missing, no failure has a time, and nothing unlike is pooled."""

import io
import re

import numpy as np
import pandas as pd
import pytest
import synthetic_tables as synthetic
import synthetic_trainings as trainings

from bench import tables
from bench.tables import reconstruction
from bench.tables.rendering import number
from registry import UnknownName

RUNS = synthetic.RUNS | {
    "single": synthetic.runtime(("gtf-deer",), (3,), (128,), repeats=1),
}


def cells_in(frame) -> list[str]:
    return sorted(" ".join(frame["cells"]).split())


@pytest.mark.parametrize("run", RUNS)
def test_every_cell_is_in_exactly_one_row(run):
    frame = tables.summary(RUNS[run])
    assert cells_in(frame) == sorted(RUNS[run]["cells"]["cell"])
    assert not frame.duplicated("cells").any()


@pytest.mark.parametrize("run", RUNS)
def test_the_report_names_every_method_and_every_failure(run):
    cells = RUNS[run]["cells"]
    report = " ".join(tables.text_report(RUNS[run]).split())
    for method in cells["method"].unique():
        assert method in report
    for status in set(cells["status"]) - {"ok"}:
        assert f"{status}, reason of the {status} second line" in " ".join(report.split())


def test_only_right_answers_have_a_time():
    frame = tables.summary(RUNS["runtime"])
    bad = frame["status"] != "ok"
    assert bad.sum() == 2
    assert frame.loc[bad, ["forward_s", "gradient_s", "speedup"]].isna().all(axis=None)
    assert frame.loc[~bad, ["forward_s", "gradient_s", "speedup"]].notna().all(axis=None)
    text = tables.render(frame[bad], "text")
    assert text.count("timeout") >= 3 and text.count("wrong_answer") >= 3  # as status, and in place of two times


def test_speedup_of_sequential_is_one_and_the_sequential_time_stands_beside_all():
    frame = tables.summary(RUNS["runtime"])
    own = frame[frame["method"] == "sequential"]
    np.testing.assert_allclose(own[["speedup", "speedup_low", "speedup_high"]], 1, rtol=1e-12)
    ok = frame[frame["status"] == "ok"]
    assert ok["sequential_s"].notna().all()
    assert (frame["speedup"] < 1).any()  # a loss is a row like any other
    assert "0.49x" in tables.text_report(RUNS["runtime"])


@pytest.mark.parametrize("run", ["runtime", "reconstruction"])
def test_a_speedup_lies_between_its_quartiles(run):
    frame = tables.summary(RUNS[run])
    frame = frame[frame["speedup_low"].notna()]
    assert len(frame) and (frame["speedup_low"] <= frame["speedup"]).all() and (frame["speedup"] <= frame["speedup_high"]).all()


def test_a_speedup_of_partly_failed_seeds_compares_the_seeds_that_both_have():
    run = synthetic.reconstruction(seeds=2, failures={("gtf-deer", 1): "diverged"})
    run["cells"]["job"] = "one"
    samples = run["runtime"].set_index("cell")
    samples.loc["cell0001", "seconds"] *= 100  # the seed of sequential that gtf-deer has no time for
    frame = tables.summary(run | {"runtime": samples.reset_index()}).set_index("method").loc["gtf-deer"]
    pairs = samples.loc["cell0000", "seconds"].to_numpy() / samples.loc["cell0002", "seconds"].to_numpy()
    assert frame["speedup"] == np.median(pairs)


def test_speedup_is_missing_without_a_baseline():
    assert tables.summary(RUNS["single"])["speedup"].isna().all()


@pytest.mark.parametrize("jobs", [("one", "another"), (None, None), (None, "another"), ("one", None)])
@pytest.mark.parametrize("run", ["runtime", "reconstruction"])
def test_only_calls_of_one_job_are_pairs(run, jobs):
    """Separate runs, cells put back into the queue, trainings, and tables that do not say (from before jobs were stored)."""
    run = getattr(synthetic, run)()
    sequential = run["cells"]["method"] == "sequential"
    run["cells"]["job"] = sequential.map({True: jobs[0], False: jobs[1]})
    frame = tables.summary(run).set_index("method")
    other = frame.loc[["gtf-deer"]]
    assert other[["speedup_low", "speedup_high"]].isna().all(axis=None) and (other["speedup_pairs"] == 0).all()
    last = other["gradient_s" if "seeds" not in other else "update_s"]
    np.testing.assert_allclose(other["speedup"], other["sequential_s"] / last, rtol=1e-12)
    own = frame.loc[["sequential"]]
    assert (own[["speedup", "speedup_low", "speedup_high"]] == 1).all(axis=None)
    report = tables.text_report(run)
    assert "~" in report.split("Speed-up:")[0] and " 1x" in report


def test_tables_without_a_column_of_jobs_claim_no_pairs():
    run = synthetic.runtime()
    run["cells"] = run["cells"].drop(columns="job")
    assert tables.summary(run).set_index("method").loc["gtf-deer", "speedup_low"].isna().all()


def test_a_job_of_some_seeds_pairs_those_seeds_alone():
    run = synthetic.reconstruction(seeds=3)
    run["cells"]["job"] = "one"
    run["cells"].loc[run["cells"]["cell"] == "cell0005", "job"] = "put back into the queue"
    frame = tables.summary(run).set_index("method").loc["gtf-deer"]
    assert frame["speedup_pairs"] == 40 and frame["speedup_low"] < frame["speedup"]


def test_the_fastest_sequential_variant_at_any_alpha_is_the_baseline():
    run = synthetic.runtime(("sequential", "sequential", "deer"), lengths=(512,))
    cells = run["cells"]
    cells["method_parameters"] = ['{"unroll": 1}', '{"unroll": 8}', "{}"]
    cells["alpha"] = [0.5, 0.5, 0.0]
    slow = run["runtime"]["cell"] == cells["cell"][0]
    run["runtime"].loc[slow, "seconds"] *= 10
    frame = tables.summary(run).set_index("method")
    assert list(frame.index) == ["deer", "sequential, unroll=1", "sequential, unroll=8"]  # by alpha, where there are several
    assert frame["sequential_s"].nunique() == 1
    assert frame.loc["sequential, unroll=8", "speedup"] == 1
    assert frame.loc["sequential, unroll=1", "speedup"] < 0.2


def test_what_differs_in_more_than_the_seed_is_not_pooled():
    seeds = synthetic.reconstruction(("gtf-deer",), seeds=4)
    assert tables.summary(seeds)["seeds"].tolist() == [4]
    seeds["cells"]["measure_parameters"] = ['{"learning_rate": 0.01}', '{"learning_rate": 0.001}'] * 2
    assert tables.summary(seeds)["method"].tolist() == ["gtf-deer, learning_rate=0.001", "gtf-deer, learning_rate=0.01"]
    seeds["cells"]["measure_parameters"] = "{}"
    seeds["cells"]["method_parameters"] = ['{"warmup": 0}', '{"warmup": 50}'] * 2  # steps that the loss does not see
    assert tables.summary(seeds)["method"].tolist() == ["gtf-deer, warmup=0", "gtf-deer, warmup=50"]
    seeds["cells"]["method_parameters"] = "{}"
    seeds["cells"]["measure_parameters"] = ['{"repeats": 5}', '{"repeats": 9}'] * 2  # how often, not what
    assert tables.summary(seeds)["seeds"].tolist() == [4]


def test_a_cell_that_died_before_it_knew_its_device_stays_with_its_seeds():
    run = synthetic.reconstruction(("gtf-deer",), seeds=3, failures={("gtf-deer", 2): "crashed"})
    run["cells"].loc[2, "device"] = None
    frame = tables.summary(run)
    assert frame["status"].tolist() == ["1 crashed, 2 ok"]


def test_infinite_and_diverged_runs_count_in_the_median():
    frame = tables.summary(RUNS["reconstruction"]).set_index("method")
    assert np.isinf(frame.loc["quasi-deer", "rmse_high"]) and np.isfinite(frame.loc["quasi-deer", "rmse"])
    assert np.isinf(frame.loc["deer", "rmse"]) and np.isinf(frame.loc["deer", "loss"])
    assert frame.loc["deer", "diverged"] == 1
    assert "inf" in tables.render(frame.reset_index(), "text")


def test_an_unsolved_sequence_counts_as_infinitely_many_updates():
    run = synthetic.convergence(dims=(6,), alphas=(0.0,), guesses=("normal",), cap=60)
    last = run["newton"].groupby("sequence")["update"].max()
    frame = tables.summary(run)
    assert frame["status"].item() == "not_converged"
    assert frame["converged"].item() == (last < 60).mean() < 1
    assert frame["updates"].item() == np.median(last.where(last < 60, np.inf))
    assert np.isinf(frame["updates_high"].item())


def test_a_failed_cell_without_sequences_is_not_converged():
    run = synthetic.convergence(dims=(3,), alphas=(0.5,), guesses=("pinv",))
    run["cells"]["status"] = "out_of_memory"
    run["newton"] = run["newton"].iloc[:0]
    frame = tables.summary(run)
    assert frame["converged"].item() == 0 and np.isinf(frame["updates"].item())


def test_iterations_stand_in_where_no_history_was_kept():
    run = synthetic.convergence(dims=(3,), alphas=(0.5,), guesses=("pinv",))
    run["newton"] = run["newton"].iloc[:0]
    assert tables.summary(run)["updates"].item() == run["cells"]["iterations"].item()


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


def test_a_diverged_run_lacks_no_metric_that_its_method_never_has():
    run = trainings.decomposition(methods=("sequential", "schwarz-mean"), seeds=2)
    lost = run["cells"].groupby("method")["cell"].first()
    run["cells"].loc[run["cells"]["cell"].isin(lost), "status"] = "diverged"
    run["metrics"] = run["metrics"][~run["metrics"]["cell"].isin(lost)]
    found = reconstruction.runs(run).set_index("cell")
    assert np.isinf(found.loc[lost["schwarz-mean"], ["dstsp_gmm", "sequence_loss", "local_loss"]].astype(float)).all()
    assert np.isinf(found.loc[lost["sequential"], "dstsp_gmm"]) and np.isnan(found.loc[lost["sequential"], "local_loss"])


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


def test_seeds_are_counted_as_seeds():
    run = synthetic.reconstruction(("gtf-deer",), seeds=4)
    run["cells"]["seed"] = [0, 0, 1, 1]  # timed with more repeats, the same question
    run["cells"]["measure_parameters"] = ['{"repeats": 5}', '{"repeats": 9}'] * 2
    assert tables.summary(run)["seeds"].tolist() == [2]


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


def test_updates_per_second_leave_out_the_block_that_starts_the_clock():
    run = synthetic.reconstruction(("gtf-deer",), seeds=1, updates=400)
    at = run["training"]["update"]
    run["training"]["seconds"] = ((at - 100) * 0.004).where(at >= 100)
    assert tables.summary(run)["updates_per_second"].item() == pytest.approx(250)
    run["training"]["seconds"] = (at * 0.0).where(at == 400)
    assert tables.summary(run)["updates_per_second"].isna().all()


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


def test_a_mixed_run_has_the_rows_of_all_its_measures():
    parts = [RUNS["runtime"], RUNS["convergence"]]
    mixed = {}
    for name in synthetic.COLUMNS:
        frames = [
            part[name].assign(cell=f"{i}-" + part[name]["cell"].astype(str)) if "cell" in part[name] else part[name]
            for i, part in enumerate(parts)
        ]
        mixed[name] = pd.concat(frames, ignore_index=True)
    frame = tables.summary(mixed)
    assert cells_in(frame) == sorted(mixed["cells"]["cell"])
    assert set(frame["measure"]) == {"runtime", "convergence"}
    with pytest.raises(UnknownName, match='Did you mean "runtime"'):
        tables.summary(mixed, "runtim")


def test_an_unknown_format_is_an_error_that_names_the_nearest():
    with pytest.raises(UnknownName, match='Did you mean "latex"'):
        tables.render(pd.DataFrame(), "latx")
