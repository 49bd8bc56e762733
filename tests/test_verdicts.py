"""Verdicts follow the numbers: turn the numbers round and the verdict turns; too few seeds decide nothing."""

import re

import numpy as np
import pandas as pd
import pytest
import synthetic_trainings as trainings
from claims_made_up import fig2, lorenz63, outcomes, verdict_on

from bench.showing import verdicts


def test_a_good_reconstruction_of_lorenz63_reproduces_its_claims():
    assert outcomes("lorenz63", lorenz63(0.2, 0.9)) == ["reproduced"] * 5
    assert outcomes("lorenz63", lorenz63(0.2, 0.9, rate=0.5)) == ["reproduced"] * 4 + ["not reproduced"]


@pytest.mark.parametrize(("divergence", "exponent"), [(0.3, 0.8), (float("inf"), float("nan"))])
def test_a_bad_one_does_not(divergence, exponent):
    assert outcomes("lorenz63", lorenz63(divergence, exponent))[:4] == ["not reproduced"] * 4


def test_a_worse_ablation_reproduces_the_claims_about_it():
    found = verdicts.judged("fig2", fig2(10, status="diverged"))
    assert {each.verdict for each in found} == {"reproduced"}
    assert {each.claim.split(":")[0] for each in found} == {"fully observed", "observed x"} and len(found) == 3 + 4 + 2


def test_an_ablation_that_does_no_harm_refutes_them():
    assert set(outcomes("fig2", fig2(1))) == {"not reproduced"}


def test_a_run_that_tests_no_claim_has_no_verdicts():
    assert verdicts.judged("quickstart", lorenz63(0.2, 0.9)) == []
    assert verdicts.text([]) == ""


def test_the_text_says_the_verdict_the_claim_and_the_numbers():
    text = verdicts.text(verdicts.judged("lorenz63", lorenz63(0.2, 0.9)))
    assert text.startswith("REPRODUCED: GTF reconstructs") and "5 of 5 runs (p = 0.031): 0.2" in text
    assert "arXiv:2306.04406" in text


FALLS, SATURATES, CONTROL = "D_stsp falls", "saturates", "do not lower"


def test_scores_that_fall_with_length_reproduce_fig3a_and_flat_ones_refute_it():
    falling = trainings.fig3a(gain=0.5, control=0.0, spread=0.05)
    for words in (FALLS, SATURATES, CONTROL):
        assert verdict_on("fig3a", falling, words) == {"reproduced"}
    rising = trainings.fig3a(gain=-0.2, control=0.5, later=1.0, spread=0.05)
    for words in (FALLS, SATURATES, CONTROL):
        assert verdict_on("fig3a", rising, words) == {"not reproduced"}


def test_short_sequences_that_diverge_count_as_the_worst():
    lost = trainings.fig3a(gain=0.0, spread=0.02, lengths=(128, 4096), lost=(0, 1, 2))
    evidence = [each.evidence for each in verdicts.judged("fig3a", lost) if FALLS in each.claim]
    assert all("3 diverged" in text and "inf" in text for text in evidence)


@pytest.mark.parametrize("options", [{"seeds": 2}, {"lengths": (128,)}])
def test_few_seeds_or_one_length_leave_fig3a_undecided(options):
    assert set(outcomes("fig3a", trainings.fig3a(**options))) == {"undecided"}


def test_methods_are_judged_apart_over_lengths():
    two = trainings.fig3a(spread=0.05)
    two["cells"]["method"] = np.where(two["cells"]["seed"] < 3, "gtf-schwarz", "sequential")
    claims = [each.claim for each in verdicts.judged("fig3a", two)]
    assert len(claims) == 10 and sum("lorenz63, sequential" in claim for claim in claims) == 1


def test_the_published_order_of_models_reproduces_fig3b():
    assert set(outcomes("fig3b", trainings.fig3b())) == {"reproduced"}
    assert len(outcomes("fig3b", trainings.fig3b())) == 10


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"lssm": 0.3, "lssm_mar": 0.3}, "an LSSM misses"),
        ({"rank_0": 0.3}, "rank N misses the drive"),
        ({"lssm": 0.9}, "is like a shPLRNN of rank N"),
        ({"rank_1": 1.8}, "rank N + 1 repairs"),
        ({"mamba_16": 0.2, "wide": 0.01}, "Mamba-2 (M=16) is worse"),
        ({"mamba_16": 0.2, "wide": 0.01}, "Mamba-2 (M=16) varies more"),
        ({"lssm_mar": 0.6}, "does not help"),
    ],
)
def test_another_order_refutes_the_claim_about_it(changed, words):
    assert verdict_on("fig3b", trainings.fig3b(**changed), words) == {"not reproduced"}


def test_arms_that_were_not_run_have_no_verdicts_and_do_no_harm():
    whole = {each.claim for each in verdicts.judged("fig3b", trainings.fig3b())}
    for arm in trainings.FIG3B:
        some = {each.claim for each in verdicts.judged("fig3b", trainings.fig3b(without=(arm,)))}
        assert some <= whole


def test_windows_that_agree_reproduce_the_claims_on_decomposition():
    assert set(outcomes("decomposition", trainings.decomposition())) == {"reproduced"}


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"jump": 4}, "makes local RNNs agree"),
        ({"gossip": 3}, "nearest neighbours suffices"),
        ({"local": 3}, "schwarz-local ends at a loss"),
        ({"shared": 3}, "schwarz-shared (windows start at data) ends at a loss"),
        ({"flatters": 0.5}, "the local loss of schwarz-mean flatters"),
        ({"lost": ("schwarz-gossip",), "gossip": 3}, "nearest neighbours suffices"),
    ],
)
def test_windows_that_do_not_refute_them(changed, words):
    assert verdict_on("decomposition", trainings.decomposition(**changed), words) == {"not reproduced"}


def test_the_match_of_overlaps_is_judged_where_it_was_varied():
    tables = trainings.decomposition()
    free = trainings.decomposition(jump=4, methods=("schwarz-local",))
    for frame in free.values():
        if "cell" in frame:
            frame["cell"] = "free-" + frame["cell"].astype(str)
    free["cells"]["method_parameters"] = free["cells"]["method_parameters"].str.replace(
        '"match_weight": 1.0', '"match_weight": 0.0'
    )
    both = {name: pd.concat([tables[name], free[name]], ignore_index=True) for name in tables}
    assert verdict_on("decomposition", both, "without the match of the overlaps") == {"reproduced"}
    assert verdict_on("decomposition", both, "makes local RNNs agree") == {"reproduced"}  # of those that match alone


def test_parallel_training_of_a_measured_series_is_as_good_or_is_not():
    alike = trainings.ecg(parallel=0.98, spread=0.05, seeds=5)
    assert set(outcomes("ecg", alike)) == {"reproduced"} and len(outcomes("ecg", alike)) == 7
    assert verdict_on("ecg", trainings.ecg(parallel=3), "as good as sequential training by D_stsp") == {"not reproduced"}
    assert verdict_on("ecg", trainings.ecg(divergence=2.9, seeds=5), "nearer to the truth") == {"not reproduced"}
    assert set(outcomes("ecg", trainings.ecg(seeds=2))) == {"undecided"}
    assert verdict_on("ecg", trainings.ecg(), "nearer to the truth") == {"undecided"}  # three seeds compare arms, and count none
    named = trainings.ecg(measure_parameters={"rmse_steps": 20})
    assert any("20-step error" in each.claim for each in verdicts.judged("ecg", named))


@pytest.mark.parametrize(("bins", "verdict"), [(3.8, "reproduced"), (9.0, "not reproduced")])
def test_a_cardiogram_is_compared_with_the_published_score_in_its_own_estimator(bins, verdict):
    found = [each for each in verdicts.judged("ecg", trainings.ecg(bins=bins, seeds=5)) if "4.3 ± 0.6" in each.claim]
    assert len(found) == 2 and {each.verdict for each in found} == {verdict}
    medians = [float(re.search(r"at or below 4.9: ([\d.]+) \[.*over 5 runs", each.evidence)[1]) for each in found]
    assert medians == pytest.approx([bins] * 2, rel=0.2)


def test_without_a_reference_nothing_is_near_it():
    old = trainings.ecg()
    old["metrics"] = old["metrics"].drop(columns="noise")
    assert verdict_on("ecg", old, "nearer to the truth") == {"undecided"}


def test_a_recipe_survives_where_no_run_diverges():
    assert verdict_on("recipe", trainings.recipe(), "the plain recipe fails") == {"reproduced"}
    assert verdict_on("recipe", trainings.recipe(), "trains there") == {"reproduced"}
    assert verdict_on("recipe", trainings.recipe(lost=()), "the plain recipe fails") == {"not reproduced"}
    assert verdict_on("recipe", trainings.recipe(clipped_lost=(4,)), "trains there") == {"undecided"}
    assert verdict_on("recipe", trainings.recipe(clipped_lost=range(5)), "trains there") == {"not reproduced"}
    assert set(outcomes("recipe", trainings.recipe(seeds=2))) == {"undecided"}
