"""Laws of the figures: what was run is drawn or crossed, the csv holds every point, and equal tables give equal files."""

import functools
import importlib

import matplotlib
import numpy as np
import pandas as pd
import pytest
import synthetic_tables as synthetic
import synthetic_trainings as trainings

from bench import figures
from bench.figures import examples, style, vocabulary
from registry import UnknownName

RUNS = synthetic.RUNS | {
    "one time": synthetic.runtime(("gtf-deer",), (3,), (100,), repeats=1),
    "one solve": synthetic.convergence((3,), (0.1,), ("pinv",), sequences=1),
    "one training": synthetic.reconstruction(("made-up-method",), seeds=1, updates=0),
}


def experiment(tables) -> dict:
    return {"name": "law", "title": "A law", "measure": tables["cells"]["measure"].iloc[0], "timeout_s": 60}


def plot(run):
    """The figure and its points, without files; of a run that is named by its name, drawn once for all tests."""
    return _plotted(run) if isinstance(run, str) else _plot(run)


def _plot(tables):
    given = experiment(tables)
    with style.context():
        return importlib.import_module(f"bench.figures.{figures.BY_MEASURE[given['measure']][0]}").plot(tables, given)


@functools.cache
def _plotted(name: str):
    return _plot(RUNS[name])


def crosses(figure) -> list:
    return [line for ax in figure.get_axes() for line in ax.get_lines() if line.get_marker() == "x"]


def legend(figure) -> list[str]:
    return [text.get_text() for text in figure.legends[0].get_texts()]


def cells_in(points) -> set[str]:
    return {cell for cells in points["cells" if "cells" in points else "cell"] for cell in cells.split()}


@pytest.mark.parametrize("run", ["one time", "one solve", "one training"])
def test_three_files_one_of_them_the_points(run, tmp_path):
    paths = figures.draw(RUNS[run], experiment(RUNS[run]), tmp_path / "new")
    assert [path.name for path in paths] == ["law.pdf", "law.png", "law.csv"]
    assert all(path.stat().st_size > 0 for path in paths)
    assert cells_in(pd.read_csv(paths[2])) == set(RUNS[run]["cells"]["cell"])


@pytest.mark.parametrize("run", RUNS)
def test_every_cell_is_among_the_points(run):
    assert cells_in(plot(run)[1]) == set(RUNS[run]["cells"]["cell"])


@pytest.mark.parametrize("run", ["runtime", "reconstruction", "all failed", "all crashed"])
def test_no_method_is_dropped(run):
    figure, _ = plot(run)
    assert set(synthetic.SIX) <= set(legend(figure))


@pytest.mark.parametrize("run", ["runtime", "convergence", "reconstruction", "all failed", "all crashed"])
def test_failures_are_crosses_inside_the_axes_and_in_the_legend(run):
    figure, _ = plot(run)
    marks = [line for line in crosses(figure) if len(line.get_xdata())]
    assert marks and any("failed" in label for label in legend(figure))
    for line in marks:
        inside = line.axes.bbox.padded(1)
        for point in line.get_transform().transform(line.get_xydata()):
            assert inside.contains(*point)


def test_without_failures_there_are_no_crosses():
    figure, _ = plot(synthetic.runtime())
    assert not crosses(figure)


def test_a_wrong_answer_is_crossed_not_timed():
    _, points = plot("runtime")
    wrong = points[points["status"] == "wrong_answer"]
    assert len(wrong) == 2 and wrong["seconds"].isna().all() and (wrong["failed"] == 1).all()


def test_a_timeout_of_minutes_leaves_the_milliseconds_their_room():
    with_failures, _ = plot("runtime")
    without, _ = plot(synthetic.runtime(synthetic.SIX, (3, 50), (128, 512)))
    crossed, plain = (np.diff(np.log10(figure.get_axes()[0].get_ylim())) for figure in (with_failures, without))
    assert crossed < 1.6 * plain


@pytest.mark.parametrize("run", ["runtime", "convergence"])
def test_no_value_reaches_the_strip_of_the_failures(run):
    figure, _ = plot(run)
    strips = [(ax, patch) for ax in figure.get_axes() for patch in ax.patches]
    assert strips and any(text.get_text() == "failed" for ax in figure.get_axes() for text in ax.texts)
    for ax, strip in strips:
        bottom = strip.get_window_extent().y0
        for line in (line for line in ax.get_lines() if line.get_marker() != "x" and line.get_transform() == ax.transData):
            reached = ax.transData.transform(line.get_xydata())[:, 1]
            assert np.nanmax(reached, initial=-np.inf) < bottom


def test_panels_of_all_dimensions_share_their_axes():
    figure, _ = plot("runtime")
    first, *others = figure.get_axes()
    assert len(others) == 3 and all(ax.get_ylim() == first.get_ylim() and ax.get_xlim() == first.get_xlim() for ax in others)


def test_the_rule_is_a_line_style_residual_solid_increment_dashed():
    figure, points = plot(synthetic.convergence(rules=("residual", "increment")))
    assert {"stops on the residual", "stops on the increment"} <= set(legend(figure))
    handles = {line.get_label(): line.get_linestyle() for line in figure.legends[0].get_lines()}
    assert (handles["stops on the residual"], handles["stops on the increment"]) == ("-", "--")
    assert len(points) == 36 and not points.duplicated(["latent_dim", "guess", "rule", "alpha"]).any()


def test_a_cap_that_nothing_comes_near_takes_no_room():
    figure, points = plot(synthetic.convergence((3,), (1.0,), cap=5000))
    assert figure.get_axes()[0].get_ylim()[1] < 10 * points["updates_max"].max()
    assert not any("cap" in label for label in legend(figure))


def test_a_method_that_does_not_iterate_has_no_iterations_rather_than_missing_ones():
    run = synthetic.reconstruction()
    own = run["training"]["cell"].isin(run["cells"].loc[run["cells"]["method"] == "sequential", "cell"])
    run["training"].loc[own, "iterations"] = 0.0
    _, points = plot(run)
    assert set(points.loc[points["panel"] == "iterations", "method"]) == {"gtf-deer"}


def test_infinite_values_are_among_the_points_and_counted():
    figure, points = plot("reconstruction")
    lost = points[(points["panel"] == "rmse") & np.isinf(points["value"])]
    assert set(lost["method"]) == {"deer", "quasi-deer"}  # one diverged, one scored infinity
    counts = [text.get_text() for ax in figure.get_axes() if ax.get_xlabel() == "RMSE" for text in ax.texts]
    assert counts == ["2", "1"]  # deer: diverged and timed out; quasi-deer: one infinite score


def test_a_method_that_lost_half_of_its_runs_has_no_median():
    figure, _ = plot("reconstruction")
    (ax,) = (ax for ax in figure.get_axes() if ax.get_xlabel() == "RMSE")
    bars = {line.get_color() for line in ax.get_lines() if line.get_linewidth() == 1.8}
    assert bars == {vocabulary.look(method)["color"] for method in synthetic.SIX} - {vocabulary.look("deer")["color"]}


def test_a_run_that_blows_up_does_not_stretch_the_axis_of_the_loss():
    run = synthetic.reconstruction(synthetic.SIX, 3, {("deer", 0): "diverged"})
    training = run["training"]
    lost = training["cell"].isin(run["cells"].loc[run["cells"]["status"] == "diverged", "cell"]) & (training["update"] > 40)
    training.loc[lost & training["loss"].notna(), "loss"] = 1e12
    figure, points = plot(run)
    (ax,) = (ax for ax in figure.get_axes() if ax.get_ylabel() == "training loss")
    assert ax.get_ylim()[1] < 1e3 and any(line.axes is ax for line in crosses(figure))
    assert (points["value"] == 1e12).any()


def test_iterations_on_weights_that_are_not_finite_are_not_drawn():
    run = synthetic.reconstruction(synthetic.SIX, 1, {("deer", 0): "diverged"})
    _, points = plot(run)
    deer = points[points["method"] == "deer"].set_index("x")
    ended = deer.loc[(deer["panel"] == "loss") & deer["value"].isna()].index.min()
    assert deer.loc[(deer["panel"] == "iterations") & (deer.index >= ended), "value"].isna().all()


def test_labels_of_ticks_do_not_overlap():
    for run in ("reconstruction", "runtime", "convergence"):
        figure, _ = plot(run)
        figure.draw_without_rendering()
        for ax in figure.get_axes():
            boxes = [text.get_window_extent() for text in ax.get_xticklabels() if text.get_text()]
            boxes = sorted(
                (box for box in boxes if ax.bbox.x0 - 1 <= (box.x0 + box.x1) / 2 <= ax.bbox.x1 + 1), key=lambda box: box.x0
            )
            assert all(left.x1 <= right.x0 for left, right in zip(boxes, boxes[1:], strict=False))


def test_scores_of_zero_are_drawn():
    run = synthetic.reconstruction()
    run["metrics"].loc[run["metrics"]["metric"] == "rmse", "value"] = 0.0
    figure, _ = plot(run)
    (ax,) = (ax for ax in figure.get_axes() if ax.get_xlabel() == "RMSE")
    assert sum(len(line.get_xdata()) for line in ax.get_lines() if line.get_marker() == ".") == 6


def test_a_method_without_a_dimension_failed_in_every_panel():
    run = synthetic.runtime(synthetic.SIX, (3, 50))
    lost = run["cells"]["method"] == "deer"
    run["cells"].loc[lost, ["latent_dim", "status"]] = [None, "unavailable"]
    figure, _ = plot(run)
    assert "deer" in legend(figure) and {line.axes for line in crosses(figure)} == set(figure.get_axes())


def test_drawing_twice_gives_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        figures.draw(RUNS["one solve"], experiment(RUNS["one solve"]), tmp_path / name)
    for suffix in ("pdf", "png", "csv"):
        assert (tmp_path / "a" / f"law.{suffix}").read_bytes() == (tmp_path / "b" / f"law.{suffix}").read_bytes()


def test_drawing_leaves_the_style_of_the_caller_alone(tmp_path):
    before = dict(matplotlib.rcParams)
    figures.draw(RUNS["one time"], experiment(RUNS["one time"]), tmp_path)
    assert dict(matplotlib.rcParams) == before


@pytest.mark.parametrize("measure", figures.BY_MEASURE)
def test_a_run_of_nothing_still_draws(measure, tmp_path):
    empty = synthetic.Tables().frames()
    assert len(figures.draw(empty, {"name": "nothing", "measure": measure}, tmp_path)) == 3 * len(figures.BY_MEASURE[measure])


def test_what_differs_in_more_than_the_axes_is_a_line_of_its_own():
    tables = synthetic.runtime(("sequential", "gtf-deer", "gtf-deer"))
    tables["cells"]["alpha"] = [0.5, 0.5, 0.1, 0.1, 0.9, 0.9]
    figure, _ = plot(tables)
    assert legend(figure) == ["sequential", "gtf-deer, alpha=0.1", "gtf-deer, alpha=0.9"]


def test_the_figure_states_its_sizes():
    figure, _ = plot("runtime")
    stated = figure.subfigs[0].get_suptitle()
    for words in ("lorenz63", "L = 50", "S = 16", "α = 0.5", "float32", "cpu"):
        assert words in stated


def test_a_setting_without_a_value_is_not_stated():
    run = synthetic.runtime()
    run["cells"]["system_parameters"] = '{"observed": ""}'
    stated = plot(run)[0].subfigs[0].get_suptitle()
    assert "observed" not in stated and ",  ," not in stated
    run["cells"]["system_parameters"] = '{"observed": "x"}'
    assert "observed x" in plot(run)[0].subfigs[0].get_suptitle()


def test_a_long_title_stays_inside_the_figure(tmp_path):
    run = synthetic.convergence((3,), (0.1,), ("pinv",))  # the narrowest figure
    with style.context():
        figure, _ = importlib.import_module("bench.figures.fig1b").plot(run, {"title": "A title of many words " * 4})
        figure.savefig(tmp_path / "figure.png")
        title = figure._suptitle.get_window_extent()
    assert 0 <= title.x0 and title.x1 <= figure.bbox.width


def test_an_unknown_figure_is_an_error_that_names_the_nearest(tmp_path):
    with pytest.raises(UnknownName, match='Did you mean "reconstruction"'):
        figures.draw(RUNS["runtime"], {"figure": "reconstructoin"}, tmp_path)
    with pytest.raises(UnknownName, match='measure "predictability" has no figure'):
        figures.draw(RUNS["runtime"], {"measure": "predictability"}, tmp_path)


QUALITY = {
    "fig2": synthetic.reconstruction(synthetic.SIX, 3, {("deer", 0): "diverged", ("deer", 1): "timeout"}, ("quasi-deer",)),
    "fig3a": trainings.fig3a(lost=(0, 3), seeds=4, lengths=(128, 512, 4096), orbit=40),
    "fig3b": trainings.fig3b(lost=("mamba 16", "lssm"), seeds=3, orbit=40),
    "decomposition": trainings.decomposition(lost=("schwarz-local",), seeds=3, orbit=40),
    "ecg": trainings.ecg(),
}


def drawn(figure: str, run):
    """As `plot`, by any figure; a name is one of `QUALITY`."""
    return _drawn_once(figure, run) if isinstance(run, str) else _draw(figure, run)


def _draw(figure: str, tables):
    with style.context():
        measures = tables["cells"]["measure"]
        given = {"title": "A law", "measure": "reconstruction" if measures.empty else measures.iloc[0]}
        return importlib.import_module(f"bench.figures.{figure}").plot(tables, given)


@functools.cache
def _drawn_once(figure: str, name: str):
    return _draw(figure, QUALITY[name])


@pytest.mark.parametrize("run", QUALITY)
def test_every_run_is_in_the_distributions_and_every_score_a_dot(run):
    figure, points = drawn("distributions", run)
    assert set(points["cell"]) == set(QUALITY[run]["cells"]["cell"])
    assert not points.duplicated(["cell", "panel"]).any()
    dots = sum(len(line.get_xdata()) for ax in figure.get_axes() for line in ax.get_lines() if line.get_marker() == ".")
    assert dots == np.isfinite(points["value"]).sum()


@pytest.mark.parametrize("run", QUALITY)
def test_every_label_has_a_line_or_a_row(run):
    figure, points = drawn("distributions", run)
    rows = {text.get_text() for ax in figure.get_axes() for text in ax.get_yticklabels()}
    assert set(points["label"]) <= rows | set(legend(figure))


def test_lost_runs_of_the_distributions_are_crosses_with_their_number_inside_the_axes():
    for run, count in {"fig3a": "2", "fig3b": "1", "decomposition": "2"}.items():
        figure, _ = drawn("distributions", run)
        assert {text.get_text() for ax in figure.get_axes() for text in ax.texts if text.get_text().isdigit()} == {count}
        assert crosses(figure) and "infinite or failed (count)" in legend(figure)
        for line in crosses(figure):
            inside = line.axes.bbox.padded(1)
            assert all(inside.contains(*point) for point in line.get_transform().transform(line.get_xydata()))


def test_what_the_length_decides_is_no_label_of_its_own():
    _, points = drawn("distributions", "fig3a")  # batch and warm-up go with T, latent units with the system
    assert set(points["label"]) == {"gtf-schwarz"} and points["problem"].nunique() == 3


def test_strengths_that_all_methods_have_are_rows_of_panels():
    run = {name: frame.copy() for name, frame in QUALITY["ecg"].items()}
    run["cells"]["alpha"] = np.where(run["cells"]["seed"] == 0, 0.2, 0.05)
    _, points = drawn("distributions", run)
    assert list(dict.fromkeys(points["problem"])) == ["file, ecg.npy, α = 0.05", "file, ecg.npy, α = 0.2"]
    assert set(points["label"]) == {"sequential", "gtf-schwarz"}


@pytest.mark.parametrize("figure", ["reconstruction", "distributions"])
def test_white_noise_stands_beside_the_floor_where_it_is_known(figure):
    names = ["floor: two true orbits", "white noise"]
    known, points = drawn(figure, "fig3b")
    assert set(names) <= set(legend(known)) and (points["noise"] == 3.04).any()
    old = dict(QUALITY["fig3b"])
    old["metrics"] = old["metrics"].drop(columns="noise")
    assert names[0] in legend(drawn(figure, old)[0]) and names[1] not in legend(drawn(figure, old)[0])


def test_a_page_is_enough():
    for run in QUALITY:
        assert drawn("distributions", run)[0].get_figheight() < 12


def test_examples_show_one_run_of_every_method_over_the_truth():
    figure, points = drawn("examples", "fig3b")
    assert points["label"].nunique() == 9 and (points.groupby("label")["cell"].nunique() == 1).all()
    shown = [ax for ax in figure.get_axes() if ax.axison]
    assert {ax.get_title() for ax in shown} == set(points["label"])
    for ax in shown:  # of the first three variables the truth, and the run in the colour of its method
        colors = [line.get_color() for line in ax.get_lines() if line.get_marker() != "x"]
        method = points.loc[points["label"] == ax.get_title(), "method"].iloc[0]
        assert sorted(colors) == sorted([examples.TRUTH["color"], vocabulary.look(method)["color"]] * 3)


@pytest.mark.parametrize("period", [100, 4])
def test_the_truth_is_seen_under_every_run(period):
    """Over a broad and pale run where there is room, apart from it where there are too many swings."""
    run = trainings.ecg(orbit=400)
    run["orbits"]["truth"] = np.sin(2 * np.pi * run["orbits"]["step"] / period)
    run["orbits"]["generated"] = run["orbits"]["truth"]  # as good as it gets: one line would hide the other
    figure, _ = drawn("examples", run)
    for ax in figure.get_axes():
        truths = [line for line in ax.get_lines() if line.get_color() == examples.TRUTH["color"]]
        runs = [line for line in ax.get_lines() if line.get_color() != examples.TRUTH["color"]]
        assert len(truths) == len(runs) == 3
        for truth, other in zip(truths, runs, strict=True):
            over = truth.get_zorder() > other.get_zorder() and truth.get_linewidth() < 0.5 * other.get_linewidth()
            assert over if period == 100 else np.max(other.get_ydata()) < np.min(truth.get_ydata())


def test_an_example_that_diverges_is_cut_with_a_cross_and_leaves_the_axes_alone():
    figure, points = drawn("examples", "fig3b")
    assert points["generated"].max() > 1e3
    lost = {line.axes.get_title() for line in crosses(figure)}
    assert lost == {"mamba2, M=16", "lssm, mar_weight=0"} and "left the range of the truth" in legend(figure)
    heights = [np.ptp(ax.get_ylim()) for ax in figure.get_axes()]
    assert max(heights) < 1.01 * min(heights)


def test_examples_of_many_lengths_are_the_ends_and_of_many_methods_the_first_nine():
    _, points = drawn("examples", "fig3a")
    assert set(points["label"]) == {"gtf-schwarz, T=128", "gtf-schwarz, T=4096"}
    figure, points = drawn("examples", "decomposition")
    assert points["label"].nunique() == 9 and "1 more" in figure.subfigs[0].get_supxlabel()


def test_a_run_without_orbits_says_so():
    figure, points = drawn("examples", "fig2")
    said = {text.get_text() for ax in figure.get_axes() for text in ax.texts}
    assert "no orbit was kept" in said and "no orbit (1 diverged, 1 ok, 1 timeout)" in said
    assert points["label"].nunique() == 6 and not crosses(figure)


@pytest.mark.parametrize("figure", ["distributions", "examples"])
def test_nothing_and_nothing_but_failures_are_drawn_too(figure):
    """A panel without values says so, and every method is named and crossed or explained."""
    blank, points = drawn(figure, synthetic.Tables().frames())
    assert points.empty and said(blank) == {"no values" if figure == "distributions" else "no orbit was kept"}
    failed, points = drawn(figure, RUNS["all crashed"])
    assert cells_in(points) == set(RUNS["all crashed"]["cells"]["cell"])
    named = {text.get_text() for ax in failed.get_axes() for text in (ax.title, *ax.get_yticklabels())}
    assert set(synthetic.SIX) <= named
    assert said(failed) == ({"no values", "1"} if figure == "distributions" else {"no orbit (crashed)"})
    assert bool(crosses(failed)) == (figure == "distributions")


def said(figure) -> set[str]:
    return {text.get_text() for ax in figure.get_axes() for text in ax.texts if text.get_text()}


@pytest.mark.parametrize("figure", ["distributions", "examples"])
def test_nothing_overlaps_and_nothing_is_cut_off(figure):
    for run in QUALITY:
        with style.context():
            made, _ = drawn(figure, run)
            made.draw_without_rendering()
        page = made.bbox.padded(2)
        for ax in (ax for ax in made.get_axes() if ax.axison):
            shown = [text for text in (*ax.get_xticklabels(), *ax.get_yticklabels()) if text.get_text() and text.get_visible()]
            within, ticks = ax.bbox.padded(1), [text.get_window_extent() for text in shown]
            across = [box for box in ticks if box.y1 < within.y0 and within.containsx((box.x0 + box.x1) / 2)]
            along = [box for box in ticks if box.x1 < within.x0 and within.containsy((box.y0 + box.y1) / 2)]
            words = [text.get_window_extent() for text in (ax.xaxis.label, ax.yaxis.label, ax.title) if text.get_text()]
            assert all(page.containsx(box.x0) and page.containsx(box.x1) for box in (*across, *along, *words))
            ends = sorted((box.x0, box.x1) for box in across)
            assert all(left[1] <= right[0] for left, right in zip(ends, ends[1:], strict=False))
            ends = sorted((box.y0, box.y1) for box in along)
            assert all(below[1] <= above[0] + 1 for below, above in zip(ends, ends[1:], strict=False))
        titles = [ax.title.get_window_extent() for ax in made.get_axes() if ax.title.get_text()]
        assert not any(a.overlaps(b) for i, a in enumerate(titles) for b in titles[i + 1 :])


def test_an_experiment_may_have_several_figures(tmp_path):
    given = {"name": "law", "measure": "reconstruction", "figure": "distributions, examples"}
    paths = figures.draw(QUALITY["ecg"], given, tmp_path)
    assert [path.name for path in paths[::3]] == ["law-distributions.pdf", "law-examples.pdf"] and len(paths) == 6
    with pytest.raises(UnknownName, match='"exmples": no such figure. Did you mean "examples"'):
        figures.draw(QUALITY["ecg"], given | {"figure": "distributions, exmples"}, tmp_path)


def test_time_and_memory_are_drawn_side_by_side():
    run = synthetic.runtime(synthetic.SIX, (16,), (128, 512), {("deer", 16, 512): "timeout"})
    _, points = made = drawn("time_and_memory", run)
    *times, memory = made[0].get_axes()
    assert [ax.get_title() for ax in times] == ["forward", "forward + backward"] and "memory" in memory.get_title()
    assert memory.get_ylabel() in ("KiB", "MiB", "GiB") and len(memory.get_lines()) == len(synthetic.SIX)
    assert cells_in(points) == set(run["cells"]["cell"]) and points["temp_bytes"].notna().all()
    bare = run | {"cells": run["cells"].assign(temp_bytes=None)}  # a method that does not run in jax
    assert "no values" in said(drawn("time_and_memory", bare)[0])
