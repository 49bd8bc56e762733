"""Forced models: where contraction begins, what is drawn of it, and verdicts that turn with the numbers."""

import dataclasses

import jax
import numpy as np
import pytest
from claims_made_up import outcomes, verdict_on
from drawings import cells_in, crosses, drawn, legend, said
from synthetic_forced import ALPHAS, METHODS, gtf_threshold, words

import methods
from bench.measure.contraction import contraction_rows
from bench.question import catalogue
from bench.showing import tables
from bench.showing.frames import contraction
from bench.showing.verdicts import judged

COLLAPSE, BOUNDED, CONVERGES = "collapse", "no forced exponent", "beyond alpha"
CONSERVATIVE, LATENT = "conservative", "some strength"


@pytest.mark.parametrize("name", [name for name in methods.names() if not catalogue.why_unavailable("method", name)])
def test_every_method_has_both_rows_and_a_reason_where_nothing_is_promised(name):
    method = methods.get(name)
    params = method.init(jax.random.key(0), 2)
    rows = {row["metric"]: row for row in contraction_rows(method, params)}
    assert list(rows) == ["contraction", "contraction_onset"] and rows["contraction"]["unit"] == "1/step"
    for row in rows.values():
        assert (row["reason"] is not None) == np.isnan(row["value"])


def test_the_strength_is_promised_where_data_determine_the_state_alone():
    method = methods.get("gtf-deer", latent_dim=3, alpha=0.5)
    full, part = ({row["metric"]: row for row in contraction_rows(method, method.init(jax.random.key(0), N))} for N in (3, 1))
    assert 0 <= full["contraction_onset"]["value"] < 1 and "a part of the state" in part["contraction_onset"]["reason"]
    assert part["contraction"]["value"] > full["contraction"]["value"]
    onset = dataclasses.replace(method.forcing, alpha=full["contraction_onset"]["value"])
    at_onset = contraction_rows(dataclasses.replace(method, forcing=onset), method.init(jax.random.key(0), 3))
    assert at_onset[0]["value"] <= 1e-6


@pytest.mark.parametrize(
    ("exponents", "expected"),
    [
        ([0.1, 0.1, -0.1], 0.15),
        ([0.3, 0.1, -np.inf], 0.2),
        ([-0.1, 0.1, -0.1], 0.0),
        ([0.1, 0.0, 0.1], np.inf),
    ],
)
def test_contraction_begins_where_a_line_between_two_strengths_crosses_zero(exponents, expected):
    assert contraction.begins([0.0, 0.1, 0.2], exponents) == pytest.approx(expected)
    assert np.isnan(contraction.begins([], []))


def test_made_up_models_that_keep_to_the_theory_reproduce_every_claim():
    run = gtf_threshold()
    assert set(outcomes("gtf-threshold", run)) == {"reproduced"} and len(outcomes("gtf-threshold", run)) == 2 * len(METHODS) + 4
    each = {verdict.claim: verdict.evidence for verdict in judged("gtf-threshold", run)}
    assert any("0.0299" in evidence and "alpha* = 0.6" in evidence for evidence in each.values())


def test_updates_that_fall_elsewhere_refute_the_collapse_and_nothing_else():
    run = gtf_threshold(falls=0.5)
    assert "not reproduced" in verdict_on("gtf-threshold", run, "every variable observed: the updates")
    assert verdict_on("gtf-threshold", run, BOUNDED) == verdict_on("gtf-threshold", run, CONSERVATIVE) == {"reproduced"}
    fewer = gtf_threshold(cap=8)  # from 8 updates to 3, which is no collapse
    assert "updates never fall" in next(each.evidence for each in judged("gtf-threshold", fewer))
    never = gtf_threshold(falls=2.0)
    assert verdict_on("gtf-threshold", never, COLLAPSE) == verdict_on("gtf-threshold", never, CONVERGES) == {"not reproduced"}


def test_one_exponent_above_the_bound_refutes_the_proposition():
    run = gtf_threshold()
    rows = run["metrics"]
    rows.loc[(rows["metric"] == "lyapunov").idxmax(), "value"] = 3.0
    assert verdict_on("gtf-threshold", run, BOUNDED) == {"not reproduced"}
    assert verdict_on("gtf-threshold", gtf_threshold(zero=0.6, onset=0.55), BOUNDED) == {"not reproduced"}


def test_a_promised_strength_below_the_crossing_is_not_conservative():
    assert verdict_on("gtf-threshold", gtf_threshold(zero=0.6, onset=0.55), CONSERVATIVE) == {"not reproduced"}


def test_a_model_that_no_strength_makes_contract_is_said_so():
    run = gtf_threshold(latent=np.inf)
    assert verdict_on("gtf-threshold", run, LATENT) == {"not reproduced"}
    assert verdict_on("gtf-threshold", run, "x observed: the updates") == {"undecided"}


def test_few_seeds_or_lost_solves_decide_nothing():
    assert set(outcomes("gtf-threshold", gtf_threshold(seeds=2))) == {"undecided"}
    run = gtf_threshold()
    run["cells"].loc[run["cells"]["alpha"] == 0.9, ["status", "iterations"]] = ["timeout", np.nan]
    assert set(outcomes("gtf-threshold", run)) - {"undecided"} == {"reproduced"}  # of models, whose exponents are there
    assert verdict_on("gtf-threshold", run, CONVERGES) == verdict_on("gtf-threshold", run, COLLAPSE) == {"undecided"}


def test_every_cell_is_drawn_failures_are_crosses_and_both_marks_are_named():
    run = gtf_threshold()
    figure, points = drawn("gtf_threshold", run)
    assert cells_in(points) == set(run["cells"]["cell"]) and len(points) == 2 * len(METHODS) * len(ALPHAS)
    assert crosses(figure) and {*METHODS, "contraction begins", "it must, by Proposition 1"} <= set(legend(figure))
    full, part = (points[points["observed"] == observed] for observed in ("", "x"))
    assert full["begins"].median() == pytest.approx(0.03, rel=0.02) and full["onset"].eq(0.6).all() and part["onset"].isna().all()
    assert any("promises" in text for text in said(figure))


def test_the_table_has_what_is_promised_beside_the_exponent():
    text = tables.text_report(gtf_threshold(alphas=(0.0, 0.5), methods=("gtf-deer",)), None)
    assert "log rho" in text and "alpha*" in text and "0.60" in text and "both by Proposition 1" in text
    recurrences = tables.text_report(words(), None)
    assert "log rho" not in recurrences and "Proposition" not in recurrences


def test_a_run_of_nothing_and_one_that_crashed_still_draw():
    run = gtf_threshold()
    assert drawn("gtf_threshold", {name: table.iloc[:0] for name, table in run.items()})[1].empty
    lost = run | {"metrics": run["metrics"].iloc[:0], "cells": run["cells"].assign(status="crashed", iterations=np.nan)}
    figure, points = drawn("gtf_threshold", lost)
    assert cells_in(points) == set(run["cells"]["cell"]) and crosses(figure)
    assert set(outcomes("gtf-threshold", lost)) <= {"undecided"}
