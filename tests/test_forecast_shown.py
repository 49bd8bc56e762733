"""Forecasts beside counts: what is held, what is drawn, and which verdict follows."""

import numpy as np
import pytest
import synthetic_tables as synthetic
from claims_made_up import verdict_on
from drawings import cells_in

from bench.showing import figures
from bench.showing.figures import forecast_against_count
from bench.showing.frames.foresight import choices, forecasts

HELD, CHOSEN = "interval of a forecast", "faster than going step by step"


def run(off=1.0, cap=1000, counts=(3, 8, 40, 200), problems=20, costs=1e-3):
    """Counts that are forecast `off` times too high, beside scans that take as long as 50 updates."""
    made = synthetic.Tables()
    for seed, count in ((seed, count) for seed in range(problems // len(counts)) for count in counts):
        sizes = {"seed": seed, "T": 1000, "latent_dim": 3, "dtype": "float64", "system_parameters": {"gain": float(count)}}
        synthetic.recurrence(made, "sequential", None, seconds=50 * costs, **sizes)
        for method in ("deer", "jacobi"):
            told = {"forecast": off * count, "forecast_low": 0.5 * off * count, "forecast_high": 2 * off * count}
            synthetic.recurrence(made, method, count, seconds=costs * (count + 1), cap=cap, **sizes, **told)
    return made.frames()


def test_an_interval_is_held_where_the_count_lies_in_it():
    assert forecasts(run())["held"].all() and not forecasts(run(off=5.0))["held"].any()
    assert len(forecasts(run())) == 40, "scans make no updates"


def test_a_solve_that_was_stopped_is_held_by_an_interval_that_reaches_beyond_its_cap():
    held = forecasts(run(cap=100))
    stopped = held["status"].eq("not_converged")
    assert stopped.any() and held["held"].all() and (held.loc[stopped, "count"] == 100).all()
    held = forecasts(run(cap=100, off=0.2))
    assert not held.loc[stopped, "held"].any()


def test_a_row_without_a_forecast_is_neither_held_nor_lost():
    tables = run()
    tables["cells"].loc[tables["cells"]["method"] == "jacobi", ["forecast", "forecast_low", "forecast_high"]] = np.nan
    found = forecasts(tables)
    assert set(found.loc[~found["told"], "method"]) == {"jacobi"} and found.loc[found["told"], "held"].all()


def test_a_choice_follows_from_the_forecast_and_what_an_update_costs():
    found = choices(run())
    assert found["right"].all() and (found["parallel"] == (found["count"] < 49)).all()
    wrong = choices(run(off=5.0))
    assert set(wrong.loc[~wrong["right"], "count"]) == {40}


@pytest.mark.parametrize("off", [1.0, 5.0])
def test_the_verdicts_follow(off):
    tables = run(off)
    assert verdict_on("forecast", tables, HELD) == {"reproduced" if off == 1 else "not reproduced"}
    assert verdict_on("forecast", tables, CHOSEN) == {"reproduced" if off == 1 else "not reproduced"}
    assert verdict_on("forecast", run(problems=4), HELD) == {"undecided"}


def test_every_solve_is_drawn_and_those_that_were_stopped_are_crosses():
    asked = {"name": "forecast", "measure": "predictability", "figure": "forecast_against_count"}
    tables = run(cap=100)
    made, points = forecast_against_count.plot(tables, asked)
    solvers = tables["cells"]["method"] != "sequential"
    assert cells_in(points) == set(tables["cells"].loc[solvers, "cell"])
    marked = [line for line in made.get_axes()[0].get_lines() if line.get_marker() == "x"]
    assert sum(len(line.get_xdata()) for line in marked) == points["failed"].sum() > 0
    assert figures.made("forecast_against_count", synthetic.Tables().frames(), asked)
