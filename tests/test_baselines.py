"""A speed-up is given over the sequential scan as it is usually written, and over the strongest one that was measured."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import synthetic_tables as synthetic
from claims_made_up import verdict_on
from drawings import plot

import methods
from bench.showing import tables, verdicts
from bench.showing.vocabulary.order import BASELINE, BASELINES

PLAIN, UNROLLED, FUSED = BASELINES


def run(strength=(1, 2, 50), failures=None, **values) -> dict:
    """A runtime run in which the sequential scans are so many times as fast as the first."""
    made = synthetic.runtime((*BASELINES, "gtf-schwarz"), failures=failures, **values)
    factor = (
        made["runtime"]["cell"].map(made["cells"].set_index("cell")["method"]).map(dict(zip(BASELINES, strength, strict=True)))
    )
    own = factor.notna()
    T = made["runtime"]["cell"].map(made["cells"].set_index("cell")["T"])
    made["runtime"].loc[own, "seconds"] = 1e-6 * T[own] / factor[own]
    return made


def scans(jaxpr):
    """Every scan in a jaxpr that has no other inside."""
    for equation in jaxpr.eqns:
        held = jax.tree.leaves(equation.params, is_leaf=lambda leaf: hasattr(leaf, "eqns"))
        inner = [getattr(each, "jaxpr", each) for each in held if hasattr(each, "eqns")]
        found = [scan for each in inner for scan in scans(each)]
        yield from found
        if equation.primitive.name == "scan" and not found:
            yield equation


@pytest.mark.parametrize(("method", "unroll"), [(PLAIN, 1), (UNROLLED, 8)])
def test_a_baseline_is_as_strong_backwards_as_forwards(method, unroll):
    method = methods.get(method, latent_dim=3, hidden_dim=4)
    params, x = method.init(jax.random.key(0), 3), jnp.zeros((2, 65, 3))
    found = [scan.params["unroll"] for scan in scans(jax.make_jaxpr(jax.grad(method.loss, has_aux=True))(params, x).jaxpr)]
    assert found == [unroll, unroll]


def test_both_speed_ups_are_over_times_of_the_same_setting():
    frame = tables.summary(run())
    assert set(frame["strongest"]) == {FUSED}
    for _, own in frame.groupby("T"):
        seconds = own.set_index("method")["gradient_s"]
        for column, baseline in (("speedup", PLAIN), ("speedup_strongest", FUSED)):
            medians = seconds[baseline] / seconds
            np.testing.assert_allclose(own.set_index("method")[column], medians, rtol=0.2)
        assert own.set_index("method").loc[FUSED, "speedup_strongest"] == 1


@pytest.mark.parametrize("status", ["unavailable", "wrong_answer", "diverged", "timeout", "out_of_memory"])
def test_a_baseline_without_a_right_answer_is_no_baseline(status):
    frame = tables.summary(run(failures={(FUSED, 3, 512): status})).set_index(["T", "method"])
    assert set(frame.loc[128, "strongest"]) == {FUSED} and set(frame.loc[512, "strongest"]) == {UNROLLED}
    assert frame.loc[512].loc[FUSED, ["speedup", "speedup_strongest"]].isna().all()
    assert "x unrolled" in (text := tables.text_report(run(failures={(FUSED, 3, 512): status}))) and "x fused" in text


def test_the_usual_scan_may_be_the_strongest():
    frame = tables.summary(run(strength=(1, 0.5, 0.2)))
    assert set(frame["strongest"]) == {BASELINE} and (frame["speedup"] == frame["speedup_strongest"]).all()
    assert "strongest:" not in tables.text_report(run(strength=(1, 0.5, 0.2))).split("Time of right")[0]


def test_where_one_scan_alone_was_measured_no_column_is_added():
    text = tables.text_report(synthetic.runtime())
    assert "strongest" not in text.split("Time of right")[0]
    assert len(plot(synthetic.runtime((PLAIN, "gtf-deer"), (3, 10)))[0].get_axes()) == 6


def test_times_are_by_the_time_step():
    frame = tables.summary(run())
    for phase in ("forward", "gradient"):
        np.testing.assert_allclose(frame[f"{phase}_step_s"], frame[f"{phase}_s"] / frame["T"])
    _, points = plot(run())
    np.testing.assert_allclose(points["step_s"], points["seconds"] / points["T"])
    assert "(µs/step)" in tables.text_report(run()) and "step / µs/step" not in tables.render(frame, "markdown")


def test_the_figure_shows_both_speed_ups_with_the_name_of_the_strongest():
    figure, points = plot(run())
    titles = [ax.get_title() for ax in figure.get_axes()]
    assert titles[2:] == [f"speed-up over\n{PLAIN}", f"speed-up over\n{FUSED}"]
    gradient = points[points["phase"] == "gradient"]
    assert (gradient["speedup"] > gradient["speedup_strongest"]).all()


@pytest.mark.parametrize(("fused", "verdict"), [(4, "reproduced"), (1e4, "not reproduced")])
def test_the_fastest_method_is_held_against_the_strongest_scan(fused, verdict):
    claim, lengths = "the fastest method is faster than every sequential scan", tuple(2**n for n in range(15, 21))
    assert verdict_on("fig1a", run((1, 2, fused), lengths=lengths), claim) == {verdict}
    alone = synthetic.runtime((PLAIN, "gtf-schwarz"), (3,), lengths)
    assert not any(claim in each.claim for each in verdicts.judged("fig1a", alone)), "nothing stronger was measured"


@pytest.mark.parametrize("strength", [(1, 2, 50), (1, 0.5, 0.5)])
def test_the_table_fits_a_page(strength):
    lines = tables.text_report(run(strength, dims=(3, 10), lengths=(512, 131072)), 130).split("\n")
    assert max(map(len, lines)) <= 130
    assert sum(line.startswith("--") for line in lines) == 1, "in one block"
