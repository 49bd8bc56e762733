"""Laws of the figures: what was run is drawn or crossed, the csv holds every point, and equal tables give equal files."""

import importlib

import matplotlib
import numpy as np
import pandas as pd
import pytest
import synthetic_tables as synthetic
from drawings import RUNS, cells_in, crosses, experiment, legend, plot

from bench.showing import figures
from bench.showing.drawing import style
from bench.showing.vocabulary import appearance
from registry import UnknownName


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
    assert len(others) == 5 and all(ax.get_xlim() == first.get_xlim() for ax in others)
    assert all(ax.get_ylim() == first.get_ylim() for ax in others[:3]), "times"
    assert others[3].get_ylim() == others[4].get_ylim(), "speed-ups"


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
    assert bars == {appearance.look(method)["color"] for method in synthetic.SIX} - {appearance.look("deer")["color"]}


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
        figure, _ = importlib.import_module("bench.showing.figures.fig1b").plot(run, {"title": "A title of many words " * 4})
        figure.savefig(tmp_path / "figure.png")
        title = figure._suptitle.get_window_extent()
    assert 0 <= title.x0 and title.x1 <= figure.bbox.width


def test_an_unknown_figure_is_an_error_that_names_the_nearest(tmp_path):
    with pytest.raises(UnknownName, match='Did you mean "reconstruction"'):
        figures.draw(RUNS["runtime"], {"figure": "reconstructoin"}, tmp_path)
    with pytest.raises(UnknownName, match='measure "mine" has no figure'):
        figures.draw(RUNS["runtime"], {"measure": "mine"}, tmp_path)
