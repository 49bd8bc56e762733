"""Claims about speed rest on repetitions that were timed in turn, on every setting, and on the device that they were timed on."""

from pathlib import Path

import numpy as np
import pytest
from claims_made_up import verdict_on

from bench.storage import folder

RESULTS = Path(__file__).resolve().parent.parent / "results"
FASTER = "gtf-deer is faster than training step by step"


@pytest.fixture(scope="module")
def stored():
    """As they were run, of fig1a and solvers only what the claims are about: it is read again and again."""
    found = {name: folder.read(RESULTS / name).tables for name in ("fig1a", "fig1b", "long", "solvers")}
    for name, largest in {"fig1a": 10, "solvers": 16}.items():
        cells = found[name]["cells"]
        asked = cells["method"].isin(["sequential", "auto", "gtf-schwarz", "gtf-deer"]) & (cells["latent_dim"] <= largest)
        found[name] = found[name] | {"cells": cells[asked]}
    return found


def timed(tables, factor, method="gtf-deer", where=None):
    """The tables with the times of a method, in some of its cells or in all, multiplied by a factor."""
    cells = tables["cells"]
    chosen = cells.loc[(cells["method"] == method) & (True if where is None else where(cells)), "cell"]
    runtime = tables["runtime"].copy()
    runtime.loc[runtime["cell"].isin(chosen), "seconds"] *= factor
    return tables | {"runtime": runtime}


def ended(tables, status, where):
    """The tables with the status of some cells of gtf-deer changed."""
    cells = tables["cells"].copy()
    cells.loc[(cells["method"] == "gtf-deer") & where(cells), "status"] = status
    return tables | {"cells": cells}


def longest(cells):
    return cells["T"] == cells["T"].max()


def test_faster_means_in_every_setting(stored):
    fast = timed(stored["fig1a"], 1e-3)
    assert verdict_on("fig1a", fast, FASTER) == {"reproduced"}
    assert verdict_on("fig1a", timed(fast, 1e6, where=longest), FASTER) == {"not reproduced"}
    assert verdict_on("fig1a", timed(stored["fig1a"], 1e3), FASTER) == {"not reproduced"}


@pytest.mark.parametrize(
    ("status", "verdict"), {"diverged": "not reproduced", "wrong_answer": "not reproduced", "timeout": "undecided"}.items()
)
def test_a_wrong_answer_is_never_fast_and_a_missing_one_decides_nothing(stored, status, verdict):
    assert verdict_on("fig1a", ended(timed(stored["fig1a"], 1e-3), status, longest), FASTER) == {verdict}


def test_times_of_different_jobs_decide_nothing(stored):
    for factor in (1e-3, 1e3):
        tables = timed(stored["fig1a"], factor)
        cells = tables["cells"].assign(job=tables["cells"]["cell"])
        assert verdict_on("fig1a", tables | {"cells": cells}, FASTER) == {"undecided"}


def test_the_choice_is_held_against_the_fastest_method_of_each_setting(stored):
    claim = "auto is never more than"
    assert verdict_on("fig1a", timed(stored["fig1a"], 2.0, "auto", longest), claim) == {"not reproduced"}
    assert verdict_on("fig1a", timed(stored["fig1a"], 0.5, "gtf-schwarz"), claim) == {"not reproduced"}
    assert verdict_on("fig1a", timed(stored["fig1a"], 0.5, "auto"), claim) == {"reproduced"}
    assert verdict_on("solvers", timed(stored["solvers"], 2.0, "auto", longest), "auto finds") == {"not reproduced"}


def test_short_sequences_say_nothing_about_long_ones(stored):
    tables = stored["long"]
    short = tables["cells"]["T"] < tables["cells"]["T"].max()
    assert verdict_on("long", tables | {"cells": tables["cells"][short]}, "a gradient of") == {"undecided"}


def test_newton_updates_are_counted_at_the_strongest_forcing(stored):
    tables = stored["fig1b"]
    newton = tables["newton"].assign(update=tables["newton"]["update"] + 1)
    assert verdict_on("fig1b", tables | {"newton": newton}, "strong forcing makes it 2") == {"not reproduced"}
    strong = tables["cells"]["method_parameters"].str.contains('"alpha": 1.0')
    assert strong.any() and not strong.all()
    cells = tables["cells"].assign(status=np.where(strong, "timeout", tables["cells"]["status"]))
    assert verdict_on("fig1b", tables | {"cells": cells}, "Newton needs few updates") == {"undecided"}
