"""Verdicts on recurrences follow the numbers: turn these round and the verdict turns; counter-cases are counted and said."""

import numpy as np
import pytest
import synthetic_predictability as synthetic
from claims_made_up import outcomes, verdict_on

from bench.showing import verdicts
from bench.showing.frames.published import OBSERVER, observers
from bench.showing.verdicts import predictable
from systems import recurrences

THRESHOLD, SQUARE, WRONG, EARLIER = (
    "rise sharply above",
    "no faster than (log T)",
    "a merit that meets",
    "deteriorates at a smaller",
)
FAST, SLOW = "or more", "orders of magnitude"
GOOD = {
    "threshold": synthetic.threshold(),
    "langevin": synthetic.langevin(),
    "observers": synthetic.observers(),
    "walltime": synthetic.walltime(),
}
COUNTS = {"threshold": 4, "langevin": 3, "observers": 5, "walltime": 4}


def evidence(experiment: str, tables, words: str) -> str:
    return " ".join(each.evidence for each in verdicts.judged(experiment, tables) if words in each.claim)


@pytest.mark.parametrize("experiment", GOOD)
def test_what_the_paper_found_reproduces_every_claim(experiment):
    assert outcomes(experiment, GOOD[experiment]) == ["reproduced"] * COUNTS[experiment]


@pytest.mark.parametrize(
    ("experiment", "run", "words"),
    [
        ("threshold", synthetic.threshold(sharp=0.0), THRESHOLD),
        ("threshold", synthetic.threshold(power=0.5), SQUARE),
        ("threshold", synthetic.threshold(growth=0.0), WRONG),
        ("langevin", synthetic.langevin(power=1.2, most=300), "less than linearly"),
        ("langevin", synthetic.langevin(power=1.2, most=300), "at most about 35"),
        ("langevin", synthetic.langevin(own=0.01), "exponent is negative"),
        ("observers", synthetic.observers(watching=40), "every observer in few"),
        ("observers", synthetic.observers(watching=40), "within 3 of"),
        ("observers", synthetic.observers(flow=50), "as many times"),
        ("observers", synthetic.observers(flow=50), "at least 10 times"),
        ("observers", synthetic.observers(off=0.2), "exponents are the published"),
        ("walltime", synthetic.walltime(speed=2.0), FAST),
        ("walltime", synthetic.walltime(slow=0.5), SLOW),
        ("walltime", synthetic.walltime(earlier=False), EARLIER),
    ],
)
def test_other_numbers_refute_it(experiment, run, words):
    assert verdict_on(experiment, run, words) == {"not reproduced"}


@pytest.mark.parametrize(
    ("experiment", "run", "words"),
    [
        ("threshold", synthetic.threshold(gains=(0.5, 0.7), seeds=3), THRESHOLD),
        ("threshold", synthetic.threshold(gains=(0.5, 2.0), seeds=1), EARLIER),
        ("langevin", synthetic.langevin(T=1000), "at most about 35"),
        ("langevin", synthetic.langevin(seeds=2), "less than linearly"),
        ("observers", synthetic.observers(T=3000, cap=100), "as many times"),
        ("walltime", synthetic.walltime(gains=(0.5, 2.0)), FAST),
    ],
)
def test_too_little_decides_nothing(experiment, run, words):
    assert verdict_on(experiment, run, words) == {"undecided"}


def test_solves_that_are_slow_in_spite_of_a_negative_exponent_are_counted_and_named():
    said = evidence("threshold", synthetic.threshold(slow={(1.0, 2), (0.9, 0)}), THRESHOLD)
    assert "slow in spite of a negative exponent 2 of" in said and "up to 200 updates" in said and "seed = " in said
    assert "no solve below 0 takes more than 10 times" in evidence("threshold", GOOD["threshold"], THRESHOLD)


def test_a_small_merit_with_a_wrong_trajectory_is_counted():
    said = evidence("threshold", GOOD["threshold"], WRONG)
    count, of = (int(word) for word in said.split("wrong in ")[1].split(" solves")[0].split(" of "))
    assert 0 < count < of


def test_a_solve_that_was_stopped_counts_as_infinitely_many_updates():
    capped = synthetic.threshold(cap=20)
    assert verdict_on("threshold", capped, THRESHOLD) == {"reproduced"} and "inf" in evidence("threshold", capped, THRESHOLD)
    slow = synthetic.walltime(slow=20.0, cap=30)
    assert "stopped at the cap in" in evidence("walltime", slow, SLOW)
    many = synthetic.observers(cap=12_000)
    assert verdict_on("observers", many, "as many times") == {"reproduced"}, "at least so many times: the cap is near enough"
    assert verdict_on("observers", synthetic.observers(cap=600), "as many times") == {"undecided"}


def test_observers_are_judged_whether_or_not_their_flows_were_solved():
    alone = synthetic.observers()
    alone["cells"] = alone["cells"][alone["cells"]["system"].str.endswith(OBSERVER)]
    for words in ("every observer in few", "within 3 of"):
        assert verdict_on("observers", alone, words) == {"reproduced"}
    for words in ("at least 10 times", "as many times", "exponents are the published"):
        assert verdict_on("observers", alone, words) == {"undecided"}


def test_times_name_the_device_and_the_strongest_scan():
    run = synthetic.walltime(device="gpu")
    assert evidence("walltime", run, FAST).startswith("on gpu faster in")
    assert all(
        f"speed-up over sequential {times}" in evidence("walltime", run, words)
        for words, times in ((FAST, "12x"), (SLOW, "0.050x"))
    )


def test_calls_that_were_not_timed_in_turn_decide_nothing_about_speed():
    run = synthetic.walltime()
    run["cells"]["job"] = run["cells"]["cell"]
    assert verdict_on("walltime", run, FAST) == verdict_on("walltime", run, SLOW) == {"undecided"}


@pytest.mark.parametrize("experiment", GOOD)
def test_cells_without_an_answer_do_no_harm(experiment):
    run = GOOD[experiment]
    lost = run["cells"]["status"].mask(run["cells"].index % 3 == 0, "timeout")
    tables = {name: table for name, table in run.items()} | {"cells": run["cells"].assign(status=lost)}
    assert len(verdicts.judged(experiment, tables)) <= COUNTS[experiment]
    tables["cells"]["status"] = "crashed"
    tables = {name: table if name == "cells" else table.iloc[:0] for name, table in tables.items()}
    assert {each.verdict for each in verdicts.judged(experiment, tables)} <= {"undecided"}


def test_the_published_table_is_about_recurrences_that_exist():
    names = set(recurrences.names())
    for system in observers().rows.index:
        assert {system, f"{system}{OBSERVER}"} <= names
    assert len(observers().rows) == 9 and (observers().rows["updates"] > observers().rows["observer_updates"]).all()


def test_an_onset_is_the_first_value_with_ten_times_the_updates_or_none():
    found = synthetic.solved(synthetic.threshold())
    first = predictable.onsets(found, "deer", "gain")
    assert (first > 1.2).all() and len(first) == 3
    assert np.isinf(predictable.onsets(synthetic.solved(synthetic.threshold(sharp=0.0)), "deer", "gain")).all()
