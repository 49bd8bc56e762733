"""Laws of the ranking of solvers: every attempt counts once, a wrong answer never wins, and each loss is said in words."""

import functools
import importlib

import numpy as np
import pytest
import synthetic_tables as synthetic

from bench.measure import runtime
from bench.question import config, matrix
from bench.question.cell import Cell
from bench.running.jobs import jobs as jobs_of
from bench.showing import figures, tables
from bench.showing.drawing import style
from bench.showing.frames import attempts
from bench.showing.tables import work_precision
from bench.showing.tables.where import where
from bench.showing.vocabulary import appearance
from methods.solvers.base import default_tolerance

METHODS = ("sequential", "gtf-deer", "gtf-schwarz", "jacobi")
LENGTHS, ALPHAS, TOLERANCES = (128, 512, 2048), (0.05, 0.5), (1e-2, 1e-4, None)


def run(failing=(), methods=METHODS, alphas=ALPHAS, observed=("", "x")) -> dict:
    """A made-up run: parallel methods win at the longest T, 1e-2 is too loose, `failing` (method, T) never converge."""
    made = synthetic.Tables()
    problems = [(seen, alpha, T) for seen in observed for alpha in alphas for T in LENGTHS]
    for seen, alpha, T in problems:
        for order, method in enumerate(methods):
            for tolerance in TOLERANCES if order else [None]:
                status = "not_converged" if (method, T) in failing else "wrong_answer" if tolerance == 1e-2 else "ok"
                error = np.nan if status == "not_converged" else (tolerance or 1e-6)
                cell = made.cell(
                    *("work_precision", method, status),
                    **{"T": T, "alpha": alpha, "value_error": error, "gradient_error": 3 * error, "iterations": order},
                    **{"temp_bytes": 64.0 * T, "system_parameters": {"observed": seen}},
                    method_parameters={"tolerance": tolerance, "max_iterations": 100} if order else {"unroll": 1},
                )
                if status != "not_converged":
                    typical = 1e-3 * T / 1024 if not order else 1e-3 * order * (1 if tolerance is None else 0.8)
                    for phase, factor in (("forward", 0.5), ("gradient", 1.0)):
                        seconds = factor * typical * made.noise(0.02, 5)
                        made.add("runtime", cell, phase=phase, repetition=np.arange(5), seconds=seconds, iterations=order)
    return made.frames()


FAILING = [("jacobi", 512), ("jacobi", 2048), ("gtf-schwarz", 128)]
RUNS = {
    "all": run(FAILING),
    "one case": run(methods=("sequential", "gtf-deer"), alphas=(0.5,), observed=("",)),
    "no baseline": run(FAILING, methods=("gtf-deer", "gtf-schwarz", "jacobi")),
    "no failures": run(),
    "all failed": run([(method, T) for method in METHODS for T in LENGTHS]),
}
SOLVERS = tuple(dict.fromkeys(cell.method for cell in matrix.cells(config.load("solvers", "cpu"))))
EVERYTHING = run(methods=SOLVERS, alphas=(0.5,), observed=("",))


def cells_in(frame) -> list[str]:
    return sorted(" ".join(frame["cells"]).split())


def sentence(report: str, method: str) -> str:
    """What the report says about a method, its lines joined."""
    block = next(part for part in report.split("\n\n") if part.startswith("gtf-") or part.startswith("sequential: "))
    lines = block.replace("\n    ", " ").splitlines()
    return next(line for line in lines if line.startswith(f"{method}: ")).partition(": ")[2]


@pytest.mark.parametrize("name", RUNS)
def test_every_cell_is_in_one_row_and_every_method_and_failure_in_the_report(name):
    made = RUNS[name]
    frame, report = tables.summary(made), tables.text_report(made)
    assert cells_in(frame) == sorted(made["cells"]["cell"])
    assert all(method in report for method in made["cells"]["method"])
    assert all(status in report for status in set(made["cells"]["status"]) - {"ok"})
    assert max(map(len, report.splitlines())) <= 120 and "nan" not in report.lower()
    for format in ("text", "markdown", "latex", "csv"):
        assert tables.render(frame, format)


def test_the_fastest_accurate_tolerance_stands_for_the_method():
    attempted = attempts.attempts(RUNS["all"])
    best = attempts.decided(attempted)
    assert len(best) == len(METHODS) * len(LENGTHS) * len(ALPHAS) * 2 and cells_in(best) == cells_in(attempted)
    own = best[best["label"] == "gtf-deer"]
    assert (own["status"] == "ok").all() and (own["tolerance"] == 1e-4).all()  # 1e-2 would be as fast, but is wrong
    assert attempted.loc[attempted["tolerance"] == 1e-2, ["gradient_s", "speedup", "to_best"]].isna().all(axis=None)
    lost = best[(best["label"] == "jacobi") & (best["T"] == 512)]
    assert (lost["status"] == "not_converged").all() and (lost["tolerance"] == 1e-6).all() and lost["to_best"].isna().all()


def test_what_is_observed_is_another_case_with_a_baseline_of_its_own():
    made = run(observed=("", "x"))
    slow = made["cells"]["system_parameters"].str.contains("x") & (made["cells"]["method"] == "sequential")
    made["runtime"].loc[made["runtime"]["cell"].isin(made["cells"].loc[slow, "cell"]), "seconds"] *= 100
    frame = tables.summary(made)
    stepwise = frame.groupby(["observed", "T", "alpha"])["sequential_s"].first()
    assert (stepwise["x"] > 50 * stepwise["all"]).all()
    assert (
        frame.loc[(frame["observed"] == "x") & (frame["speedup"].notna()) & (frame["method"] != "sequential"), "speedup"] > 1
    ).all()


def test_the_best_of_a_case_has_ratio_one_and_nobody_less():
    attempted = attempts.attempts(RUNS["all"])
    ratios = attempted.groupby(["observed", "T", "alpha"])["to_best"].min()
    np.testing.assert_allclose(ratios, 1.0)


def test_a_sentence_says_where_each_method_wins_loses_and_fails():
    report = tables.text_report(RUNS["all"])
    assert sentence(report, "sequential") == "is the baseline everywhere"
    assert sentence(report, "gtf-deer") == "wins for T = 2048; loses for T <= 512"
    assert sentence(report, "gtf-schwarz") == "wins for T = 2048; loses for T = 512; fails for T = 128 (not_converged)"
    assert sentence(report, "jacobi") == "loses for T = 128; fails for T >= 512 (not_converged)"
    assert sentence(tables.text_report(RUNS["all failed"]), "sequential") == "fails everywhere (not_converged)"


def test_losses_and_failures_are_counted_and_a_method_that_mostly_fails_comes_last():
    lines = tables.text_report(RUNS["all"]).splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith("---"))
    rows = [line.split() for line in lines[first + 1 : lines.index("", first)]]
    counts = {row[0]: [int(count) for count in row[1:6]] for row in rows}  # cases, won, even, lost, failed
    assert counts == {
        **{"sequential": [12, 0, 0, 0, 0], "gtf-deer": [12, 4, 0, 8, 0]},
        **{"gtf-schwarz": [12, 4, 0, 4, 4], "jacobi": [12, 0, 0, 4, 8]},
    }
    assert rows[-1][0] == "jacobi"


@pytest.mark.parametrize(("speedup", "word"), [(1.1, "is even"), (0.9, "is even"), (1.2, "wins"), (0.8, "loses")])
def test_a_difference_within_what_noise_makes_is_no_victory(speedup, word):
    assert work_precision._fares({"status": "ok", "method": "gtf-deer", "speedup": speedup}) == word


def test_a_loose_wrong_answer_is_on_the_curve_with_its_time():
    curves = attempts.curves(RUNS["all"])
    wrong = curves[curves["status"] == "wrong_answer"]
    assert len(wrong) and wrong[["seconds", "gradient_error"]].notna().all(axis=None) and wrong["gradient_s"].isna().all()
    assert curves.loc[curves["status"] == "not_converged", "seconds"].isna().all()


@pytest.mark.parametrize("dtype", attempts.DEFAULT_TOLERANCE)
def test_the_default_tolerance_is_that_of_the_solvers(dtype):
    assert attempts.DEFAULT_TOLERANCE[dtype] == default_tolerance(None, np.dtype(dtype))


GRID = [(seen, alpha, T) for seen in ("all", "x") for alpha in (0.05, 0.2, 0.5) for T in (128, 512, 2048)]
AXES = ["observed", "alpha", "T"]
REGIONS = {
    "everywhere": lambda seen, alpha, T: True,
    "for T <= 512": lambda seen, alpha, T: T <= 512,
    "for observed x": lambda seen, alpha, T: seen == "x",
    "for alpha >= 0.2, T = 128": lambda seen, alpha, T: alpha >= 0.2 and T == 128,
    "for alpha = 0.05 or 0.5": lambda seen, alpha, T: alpha != 0.2,
    "for observed all, T >= 512 or observed x, alpha = 0.05": lambda seen, alpha, T: T >= 512 if seen == "all" else alpha == 0.05,
}


@pytest.mark.parametrize("words", REGIONS)
def test_a_region_in_words(words):
    assert where([place for place in GRID if REGIONS[words](*place)], GRID, AXES) == words


@functools.cache
def plots(run: str, only: str = "") -> list:
    """`(name, figure, points)` of the figures of a run, drawn once for all tests."""
    made, given = EVERYTHING if run == "everything" else RUNS[run], {"name": "law", "title": "A law", "measure": "work_precision"}
    with style.context():
        chosen = [only] if only else figures.BY_MEASURE["work_precision"]
        return [(name, *importlib.import_module(f"bench.showing.figures.{name}").plot(made, given)) for name in chosen]


@pytest.mark.parametrize("name", RUNS)
def test_the_figures_have_every_cell_among_their_points_and_no_method_is_dropped(name):
    made = RUNS[name]
    for which, figure, points in plots(name):
        assert cells_in(points) == sorted(made["cells"]["cell"])
        named = figure.get_axes()[0].get_yticklabels() if which == "failures" else figure.legends[0].get_texts()
        assert set(made["cells"]["method"]) <= {text.get_text() for text in named}
        assert all(words in figure.subfigs[0].get_suptitle() for words in ("lorenz63", "float32", "cpu"))


def test_a_run_has_all_its_figures_in_files_of_their_own(tmp_path):
    paths = figures.draw(RUNS["one case"], {"name": "law", "measure": "work_precision"}, tmp_path)
    assert len(set(paths)) == 12 and all(path.stat().st_size for path in paths)
    chosen = figures.draw(RUNS["one case"], {"name": "law", "figure": "performance_profile"}, tmp_path)
    assert [path.name for path in chosen] == ["law.pdf", "law.png", "law.csv"]


def test_lines_of_one_panel_differ_in_colour():
    ((_, figure, _),) = plots("everything", "time_against_length")
    for ax in figure.get_axes():
        colors = [line[0].get_color() for line in ax.containers]
        assert len(colors) == len(set(colors)) <= 8


def test_step_by_step_is_in_every_panel_and_every_method_in_one_family():
    ((_, figure, _),) = plots("everything", "time_against_length")
    black = appearance.look("sequential")["color"]
    assert all(black in [line[0].get_color() for line in ax.containers] for ax in figure.get_axes())
    titles = [ax.get_title() for ax in figure.get_axes() if ax.get_title()]
    assert titles == ["Newton", "quasi-Newton", "Levenberg–Marquardt", "windows", "fixed point"]


def test_the_map_of_failures_has_every_case_of_every_method():
    figure, points = next((figure, points) for name, figure, points in plots("all") if name == "failures")
    (ax,) = figure.get_axes()
    (image,) = ax.get_images()
    assert image.get_array().shape == (len(METHODS), points[["problem", "alpha", "T"]].drop_duplicates().shape[0])
    assert len(ax.texts) >= points["status"].eq("ok").sum()  # a speed-up in every solved case
    assert {"ok (speed-up)", "not converged"} <= {text.get_text() for text in figure.legends[0].get_texts()}


def test_failures_are_crosses_within_the_axes_of_every_figure():
    for name, figure, _ in (each for each in plots("all") if each[0] != "failures"):
        marks = [
            line for ax in figure.get_axes() for line in ax.get_lines() if line.get_marker() == "x" and len(line.get_xdata())
        ]
        assert marks, name
        assert any("failed" in text.get_text() for text in figure.legends[0].get_texts())
        for line in marks:
            inside = line.axes.bbox.padded(1)
            assert all(inside.contains(*point) for point in line.get_transform().transform(line.get_xydata())), name
    for name, figure, _ in plots("no failures"):
        assert not [line for ax in figure.get_axes() for line in ax.get_lines() if line.get_marker() == "x"], name


def test_a_profile_rises_to_the_share_that_a_method_solves():
    figure = next(figure for name, figure, _ in plots("all") if name == "performance_profile")
    for ax, (method, share) in zip(
        figure.get_axes()[-3:], {"gtf-deer": 1, "gtf-schwarz": 8 / 12, "jacobi": 4 / 12}.items(), strict=True
    ):
        stairs = [line for line in ax.get_lines() if line.get_drawstyle() == "steps-post"]
        ends = {line.get_color(): line.get_ydata()[-1] for line in stairs}
        assert ends == pytest.approx({appearance.look("sequential")["color"]: 1, appearance.look(method)["color"]: share})
        for line in stairs:
            assert (np.diff(line.get_ydata()) >= 0).all() and (np.diff(line.get_xdata()) >= 0).all()


def test_the_measure_keeps_the_time_of_a_loose_answer_and_calls_it_wrong(monkeypatch):
    model = {"latent_dim": 3, "hidden_dim": 8, "alpha": 0.2}
    monkeypatch.setattr(runtime, "trained", untrained)
    sizes = {"T": 60, "batch": 2, "measure_parameters": {"repeats": 3}}
    loose, tight = (
        Cell("work_precision", "gtf-quasi-deer", "lorenz63", **sizes, method_parameters=model | {"tolerance": tolerance})
        for tolerance in (0.3, 1e-6)
    )
    outcomes = dict(loose.build_measure().run([loose, tight], lambda cell: None))
    assert (outcomes[loose].status, outcomes[tight].status) == ("wrong_answer", "ok")
    assert len(outcomes[loose].tables["runtime"]) == len(outcomes[tight].tables["runtime"]) == 6
    assert outcomes[loose].columns["gradient_error"] > 1e-2 > outcomes[tight].columns["gradient_error"]
    strict = Cell("runtime", "gtf-quasi-deer", "lorenz63", **sizes, method_parameters=model | {"tolerance": 0.3})
    (outcome,) = dict(strict.build_measure().run([strict], lambda cell: None)).values()
    assert outcome.status == "wrong_answer" and not outcome.tables["runtime"]


@pytest.mark.parametrize("profile", ["quick", "cpu", "gpu"])
@pytest.mark.parametrize("name", ["solvers", "fig1a", "long"])
def test_all_methods_of_a_case_take_turns(name, profile):
    """Their settings differ, but one job has them all: times taken one after the other would compare the machine's moods."""
    cells = matrix.cells(config.load(name, profile))
    for job in jobs_of(cells, "shared"):
        assert {cell.method for cell in job.cells} == {cell.method for cell in cells}
        assert len({(cell.T, cell.settings["alpha"], cell.settings["observed"]) for cell in job.cells}) == 1


def untrained(trainer, system, *, dtype, **_):
    """A model at its first weights."""
    import jax.numpy as jnp
    import jax.random as jr

    return trainer.init(jr.key(0), 3, jnp.dtype(dtype))
