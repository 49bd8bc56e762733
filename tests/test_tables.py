"""Laws of the tables: nothing that was run is missing, no failure has a time, and nothing unlike is pooled."""

import numpy as np
import pandas as pd
import pytest
import synthetic_tables as synthetic
import synthetic_trainings as trainings

from bench.showing import tables
from bench.showing.frames import scores
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


def test_a_diverged_run_lacks_no_metric_that_its_method_never_has():
    run = trainings.decomposition(methods=("sequential", "schwarz-mean"), seeds=2)
    lost = run["cells"].groupby("method")["cell"].first()
    run["cells"].loc[run["cells"]["cell"].isin(lost), "status"] = "diverged"
    run["metrics"] = run["metrics"][~run["metrics"]["cell"].isin(lost)]
    found = scores.runs(run).set_index("cell")
    assert np.isinf(found.loc[lost["schwarz-mean"], ["dstsp_gmm", "sequence_loss", "local_loss"]].astype(float)).all()
    assert np.isinf(found.loc[lost["sequential"], "dstsp_gmm"]) and np.isnan(found.loc[lost["sequential"], "local_loss"])


def test_seeds_are_counted_as_seeds():
    run = synthetic.reconstruction(("gtf-deer",), seeds=4)
    run["cells"]["seed"] = [0, 0, 1, 1]  # timed with more repeats, the same question
    run["cells"]["measure_parameters"] = ['{"repeats": 5}', '{"repeats": 9}'] * 2
    assert tables.summary(run)["seeds"].tolist() == [2]


def test_updates_per_second_leave_out_the_block_that_starts_the_clock():
    run = synthetic.reconstruction(("gtf-deer",), seeds=1, updates=400)
    at = run["training"]["update"]
    run["training"]["seconds"] = ((at - 100) * 0.004).where(at >= 100)
    assert tables.summary(run)["updates_per_second"].item() == pytest.approx(250)
    run["training"]["seconds"] = (at * 0.0).where(at == 400)
    assert tables.summary(run)["updates_per_second"].isna().all()


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
