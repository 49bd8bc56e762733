"""Laws of the figures of trainings: every score is a dot, every lost run a cross, and the truth is seen beside each free run."""

import numpy as np
import pytest
import synthetic_tables as synthetic
import synthetic_trainings as trainings
from drawings import QUALITY, RUNS, cells_in, crosses, drawn, legend, said

from bench.showing import figures
from bench.showing.drawing import style
from bench.showing.figures import examples
from bench.showing.vocabulary import appearance
from registry import UnknownName


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
        assert sorted(colors) == sorted([examples.TRUTH["color"], appearance.look(method)["color"]] * 3)


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
