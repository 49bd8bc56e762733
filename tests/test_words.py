"""The word problem: what is drawn of it, and verdicts that turn with the numbers."""

import numpy as np
import pytest
from claims_made_up import outcomes, verdict_on
from drawings import cells_in, crosses, drawn, legend
from synthetic_forced import words

from bench.showing.verdicts import judged
from bench.showing.verdicts.words import growth

ONE, PROPORTIONAL = "one update", "in proportion to T"


@pytest.mark.parametrize("prefixes", [True, False])
def test_words_that_are_as_sequential_as_they_are_said_to_be(prefixes):
    run = words(prefixes=prefixes)
    assert outcomes("words", run) == ["reproduced"] * 2
    assert "over 3 seeds, T = 10 to 1000; at the longest 900 updates" in judged("words", run)[1].evidence


def test_other_counts_refute_them():
    assert verdict_on("words", words(full=2), ONE) == {"not reproduced"}
    assert verdict_on("words", words(power=0.5), PROPORTIONAL) == {"not reproduced"}
    assert verdict_on("words", words(power=0.5), ONE) == {"reproduced"}


def test_too_few_seeds_or_lengths_or_a_lost_solve_decide_nothing():
    assert set(outcomes("words", words(seeds=2))) == {"undecided"}
    assert verdict_on("words", words(T=100), PROPORTIONAL) == {"undecided"}
    lost = words(prefixes=False)
    lost["cells"].loc[lost["cells"]["method"] == "deer", ["status", "iterations"]] = ["timeout", np.nan]
    assert verdict_on("words", lost, ONE) == {"undecided"}


def test_growth_is_read_off_the_lengths_that_were_solved():
    assert verdict_on("words", words(cap=100), PROPORTIONAL) == {"undecided"}
    assert verdict_on("words", words(cap=400), PROPORTIONAL) == {"reproduced"}


def test_growth_of_one_length_is_not_known():
    from bench.showing.frames import predictability

    found = predictability.by_length(words(prefixes=False, T=100, lengths=(100,)))
    assert np.isnan(growth(found[found["method"] == "quasi-deer"]))


def test_every_cell_is_drawn_and_what_was_not_solved_is_a_cross():
    run = words(cap=400)
    figure, points = drawn("words", run)
    assert cells_in(points) == set(run["cells"]["cell"]) and {"deer", "quasi-deer", "one per step"} <= set(legend(figure))
    assert "sequential" not in legend(figure)
    assert crosses(figure) and points.loc[points["failed"] > 0, "method"].eq("quasi-deer").all()
    assert not crosses(drawn("words", words())[0])


def test_a_run_of_nothing_draws():
    assert drawn("words", {name: table.iloc[:0] for name, table in words().items()})[1].empty
