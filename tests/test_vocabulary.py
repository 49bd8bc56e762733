"""A method looks the same in every figure, and like no other; what it looks like is said, not counted off a list."""

import itertools

import pytest

import methods
from bench.measure.outcome import PHASES, STATUSES
from bench.showing.vocabulary import appearance, statuses, symbols
from bench.showing.vocabulary.appearance import FAMILIES, look

REGISTERED = sorted({*methods.names(), "mamba2-cuda"})
NAMED = [method for family in FAMILIES for method in family.colors]


def drawn(look: dict) -> tuple:
    return look["color"], look["marker"]


@pytest.mark.parametrize("method", REGISTERED)
def test_every_registered_method_has_a_look_of_its_own(method):
    assert method in NAMED, f'add "{method}" to its family in bench/showing/vocabulary/appearance.py'
    assert sum(drawn(look(method)) == drawn(look(other)) for other in NAMED) == 1


def test_no_method_is_in_two_families_and_no_two_of_one_family_share_a_colour():
    assert len(NAMED) == len(set(NAMED))
    for family in FAMILIES:
        assert len(set(family.colors.values())) == len(family.colors), family.title
    assert len({family.marker for family in FAMILIES}) == len(FAMILIES)


# Figures in which families meet: of methods that stand beside each other no two have one colour.
TOGETHER = {
    "quickstart": ("sequential", "deer", "quasi-deer", "gtf-deer", "gtf-quasi-deer"),
    "fig1a": ("sequential", "auto", "gtf-schwarz", "gtf-deer", "gtf-quasi-deer", "gtf-deer-published"),
    "fig3b": ("gtf-schwarz", "low-rank-schwarz", "lssm", "lssm-scheduled", "mamba2"),
    "long": ("sequential", "auto", "gtf-schwarz", "gtf-mgrit", "gtf-deer"),
    "decomposition": ("sequential", "schwarz-shared", "schwarz-gossip", "schwarz-mean", "schwarz-local"),
}


@pytest.mark.parametrize("figure", TOGETHER)
def test_methods_that_meet_in_a_figure_differ_in_colour(figure):
    colors = [look(method)["color"] for method in TOGETHER[figure]]
    assert len(set(colors)) == len(colors)


def test_variants_keep_the_colour_and_are_told_apart():
    for method in NAMED:
        variants = [look(method, n) for n in range(4)]
        assert len({each["color"] for each in variants}) == 1
        assert all(drawn(a) != drawn(b) for a, b in itertools.combinations(variants, 2))
        others = {drawn(look(other)) for other in NAMED if other != method}
        assert not others & {drawn(each) for each in variants}


def test_a_method_of_somebody_else_has_a_stable_look_that_none_of_ours_has():
    unknown = look("somebody-elses-method")
    assert unknown == look("somebody-elses-method") and unknown != look("another")
    assert drawn(unknown) not in {drawn(look(method)) for method in NAMED}
    assert appearance.family("somebody-elses-method") == appearance.OTHERS


def test_the_look_of_a_method_depends_on_no_other(monkeypatch):
    before = {method: look(method) for method in NAMED}
    reversed_families = tuple(
        type(family)(family.title, family.marker, dict(reversed(family.colors.items())), family.dashed)
        for family in reversed(FAMILIES)
    )
    monkeypatch.setattr(appearance, "FAMILIES", reversed_families)
    assert {method: look(method) for method in NAMED} == before


def test_every_status_and_phase_has_a_sign_of_its_own():
    assert statuses.SIGNS.keys() == set(STATUSES) and symbols.PHASES.keys() == set(PHASES)
    for signs in ([sign.letter for sign in statuses.SIGNS.values()], [sign.color for sign in statuses.SIGNS.values()]):
        assert len(set(signs)) == len(STATUSES)
    assert statuses.letters("3 diverged, 1 not_converged, 2 ok") == "nd"
