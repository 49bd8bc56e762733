"""Figures and tables of solves of recurrences: every cell is there, failures are, and published numbers beside ours."""

import functools
import importlib

import numpy as np
import pandas as pd
import pytest
import synthetic_predictability as synthetic
import synthetic_tables
from drawings import cells_in, crosses, legend
from matplotlib.collections import PolyCollection

from bench.showing import figures, tables
from bench.showing.drawing import style
from bench.showing.frames import predictability
from bench.showing.frames.observers import of_systems
from bench.showing.frames.published import observers

DRAWN = {
    "updates_map": synthetic.threshold(cap=300, seeds=2),
    "updates_against_exponent": synthetic.threshold(cap=300, seeds=2),
    "updates_against_length": synthetic.langevin(cap=100, seeds=2),
    "observers": synthetic.observers(cap=20_000),
    "time_against_setting": synthetic.walltime(cap=200, seeds=2),
}
by_figure = pytest.mark.parametrize("figure", DRAWN)


def draw(figure: str, run):
    with style.context():
        return importlib.import_module(f"bench.showing.figures.{figure}").plot(
            run, {"title": "A law", "measure": "predictability"}
        )


@functools.cache
def drawn(figure: str):
    return draw(figure, DRAWN[figure])


def failing(run, status: str):
    """The run without any answer."""
    empty = {name: table.iloc[:0] for name, table in run.items()}
    return empty | {"cells": run["cells"].assign(status=status, iterations=np.nan)}


@by_figure
def test_every_cell_is_among_the_points(figure):
    assert cells_in(drawn(figure)[1]) == set(DRAWN[figure]["cells"]["cell"])


@by_figure
def test_what_was_stopped_or_lost_is_marked_inside_the_panels_and_named(figure):
    made, points = drawn(figure)
    hatched = [each for ax in made.get_axes() for each in ax.collections if isinstance(each, PolyCollection) and each.get_hatch()]
    assert bool(hatched) == (figure == "updates_map")
    marks = crosses(made)
    assert marks or hatched
    assert any("failed" in label or "not met" in label for label in legend(made))
    for line in marks:
        assert all(line.axes.bbox.padded(1).contains(*point) for point in line.get_transform().transform(line.get_xydata()))


@by_figure
@pytest.mark.parametrize("status", ["crashed", "timeout"])
def test_a_run_without_an_answer_is_drawn_all_the_same(figure, status):
    made, points = draw(figure, failing(DRAWN[figure], status))
    assert cells_in(points) == set(DRAWN[figure]["cells"]["cell"]) and points.filter(regex="^updates$").isna().all(axis=None)
    assert figures.made(figure, synthetic_tables.Tables().frames(), {"measure": "predictability"})


@by_figure
def test_the_figure_says_when_solves_stop_and_how_many_seeds_there_are(figure):
    stated = drawn(figure)[0].subfigs[0].get_suptitle()
    assert "stops at a merit per step of 1e-10" in stated and ("2 seeds" in stated or figure == "observers")


@by_figure
def test_labels_of_ticks_do_not_overlap(figure):
    made, _ = drawn(figure)
    made.draw_without_rendering()
    for ax in made.get_axes():
        boxes = [text.get_window_extent() for text in ax.get_xticklabels() if text.get_text()]
        inside = [box for box in boxes if ax.bbox.x0 - 1 <= (box.x0 + box.x1) / 2 <= ax.bbox.x1 + 1]
        inside.sort(key=lambda box: box.x0)
        assert all(left.x1 <= right.x0 for left, right in zip(inside, inside[1:], strict=False))


def test_the_map_has_the_updates_of_every_prefix_and_a_line_at_exponent_zero():
    made, points = drawn("updates_map")
    own = points[(points["label"] == "deer") & (points["gain"] == 0.5)].set_index("length")["updates"]
    assert len(own) > 20 and own.is_monotonic_increasing
    (zero,) = predictability.crossings(predictability.solves(DRAWN["updates_map"]), "gain")
    assert 1.1 < zero < 1.3
    panels = [ax for ax in made.get_axes() if ax.get_title() in ("deer", "quasi-deer", "picard")]
    assert len(panels) == 3
    for ax in panels:
        assert any(np.allclose(line.get_ydata(), zero) for line in ax.get_lines())


def test_prefixes_are_read_from_their_runs():
    made = synthetic_tables.Tables()
    prefixes = {1: 0, 4: 2, 50: 7, 90: 99}
    synthetic_tables.recurrence(made, "deer", 99, cap=50, prefixes=prefixes, T=100)
    found = predictability.by_length(made.frames(), points=200).set_index("length")["updates"]
    assert set(found.loc[:49]) == {2} and set(found.loc[50:89]) == {7} and np.isinf(found.loc[90:]).all()
    assert found.index[-1] == 100


def test_a_solver_without_prefixes_has_its_own_lengths_alone():
    found = predictability.by_length(DRAWN["time_against_setting"])
    assert set(found["length"]) == {1000} and not found["prefix"].any()


def test_a_cell_that_failed_has_the_exponent_of_its_problem():
    run = synthetic_tables.RUNS["predictability"]
    lost = predictability.solves(run).set_index("status").loc["timeout"]
    assert np.isfinite(lost["lyapunov"]) and np.isnan(lost["updates"]) and np.isnan(lost["trajectory_error"])


def test_open_marks_are_the_published_numbers():
    _, points = drawn("observers")
    known = points.set_index("system")
    for system, row in observers().rows.iterrows():
        assert known.loc[system, "updates_published"] == row["updates"]
        assert known.loc[f"{system}-observer", "lyapunov_per_time_published"] == row["observer_exponent"]


def test_exponents_may_be_of_longer_orbits_than_updates():
    run = synthetic.observers(T=5000, cap=5000)
    cells = run["cells"]
    stepwise = synthetic.observers(T=30_000)
    stepwise = {name: table.assign(cell="step by step " + table["cell"]) for name, table in stepwise.items() if "cell" in table}
    stepwise["cells"] = stepwise["cells"].assign(method="sequential", method_parameters="{}", iterations=0)
    stepwise["metrics"]["value"] = stepwise["metrics"]["value"].mask(stepwise["metrics"]["metric"] == "lyapunov_per_time", 7.0)
    both = {name: pd.concat([table, stepwise[name]], ignore_index=True) for name, table in run.items() if name in stepwise}
    rows = of_systems(predictability.solves(both)).set_index("system")
    assert (rows["lyapunov_per_time"] == 7.0).all() and (rows["exponent_T"] == 30_000).all() and (rows["T"] == 5000).all()
    assert rows.loc["chua", "updates"] == 696 and np.isinf(rows.loc["lorenz", "updates"]) and len(rows) == len(cells)


def test_a_flow_that_was_not_asked_for_is_no_failure():
    run = synthetic.observers()
    made, _ = draw("observers", run | {"cells": run["cells"][run["cells"]["system"].ne("lorenz")]})
    assert not crosses(made) and "lorenz" in {text.get_text() for text in made.get_axes()[0].get_yticklabels()}


def test_the_table_has_a_row_per_method_and_setting_and_published_numbers_beside_ours():
    frame = tables.summary(DRAWN["time_against_setting"])
    assert len(frame) == 4 * len(synthetic.GAINS) and frame["gain"].notna().all()
    own = frame[frame["method"] == "deer"].set_index("gain")
    assert np.isclose(own.loc[0.5, "speedup"], 12, rtol=0.1) and own.loc[0.5, "speedup_low"] > 1
    assert (frame.loc[frame["method"] == "sequential", "speedup"] == 1).all()
    shown = tables.text_report(DRAWN["observers"], 120)
    assert all(words in shown for words in ("lambda per time", "1.02 [1.02]", "inf [29999]", "arXiv:2508.16817, Table 1"))
    assert "lambda per time" not in tables.text_report(DRAWN["time_against_setting"], 120)


def test_a_setting_that_follows_from_another_needs_no_place_in_a_label():
    run = synthetic.walltime(gains=(0.5, 1.0), seeds=1)
    chosen, weak = run["cells"]["method"] == "merit-descent", run["cells"]["system_parameters"].str.contains('"gain": 0.5')
    steps = weak.map({True: '{"max_iterations": 1000, "step": 0.6}', False: '{"max_iterations": 1000, "step": 0.25}'})
    run["cells"]["method_parameters"] = run["cells"]["method_parameters"].mask(chosen, steps)
    assert set(predictability.solves(run)["label"]) == {"sequential", "deer", "quasi-deer", "merit-descent"}
    assert set(tables.summary(run)["method"]) == {"sequential", "deer", "quasi-deer", "merit-descent"}
