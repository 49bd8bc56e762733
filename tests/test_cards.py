"""A claim card names what exists, is filled by results alone, and keeps a GPU and a CPU apart."""

import functools
import importlib.util
import itertools
from pathlib import Path

import pandas as pd
import pytest
import synthetic_cards as synthetic

import methods
from bench.question import config
from bench.showing.cards import written
from bench.showing.cards.answers import Answers
from bench.showing.cards.card import CARDS, known
from bench.showing.verdicts import VERDICTS
from bench.storage import folder
from bench.storage.folder import Run

pytest_plugins = ["runner_doubles"]

ROOT = Path(__file__).resolve().parent.parent
ALL = [card for paper in known() for card in paper.card]
by_claim = pytest.mark.parametrize("card", ALL, ids=lambda card: f"{card.figure}: {card.claim[:40]}")


def made_up(tables, experiment: str, profile="gpu") -> Run:
    return Run(ROOT / "results" / "made-up", {"name": experiment, "profile": profile}, tables, 0)


def answers(*given, **options) -> Answers:
    return Answers([made_up(*given, **options)])


@functools.cache
def runs(experiment: str, device: str) -> list[Answers]:
    """Every made-up run of an experiment on this kind of device."""
    return [answers(synthetic.on(device, tables), experiment) for tables in synthetic.RUNS[experiment]]


def outcomes(card, device: str, on: str) -> set[str]:
    """What becomes of a card, asked of one kind of device, by all made-up runs of its experiment on another kind."""
    return {written.verdict(card, each, device) for each in runs(card.experiment, on)}


@by_claim
def test_a_card_names_an_experiment_a_profile_methods_and_a_verdict_that_exist(card):
    asked = {name for grid in config.load(card.experiment, card.profile).asked for name in grid["method"]}
    assert set(card.methods) <= asked, f"profile {card.profile} of {card.experiment} has no {set(card.methods) - asked}"
    assert set(card.methods) <= set(methods.names())
    assert importlib.util.find_spec(f"bench.showing.verdicts.{card.experiment.replace('-', '_')}")
    assert card.claim.endswith(".") and card.known_from and card.ours.count("=") >= 2


@by_claim
def test_results_fill_a_card_one_way_the_other_way_and_not_at_all(card):
    assert outcomes(card, "gpu", on="gpu") >= set(VERDICTS)


@by_claim
def test_rows_of_a_cpu_say_nothing_about_a_gpu(card):
    assert outcomes(card, "gpu", on="cpu") == {written.NOT_YET}
    elsewhere = outcomes(card, "cpu", on="cpu")
    assert elsewhere == {written.NOT_YET} if card.gpu_only else elsewhere >= set(VERDICTS)


@by_claim
def test_a_card_without_results_gives_the_command_that_measures_it(card):
    (line,) = written.outcome(card, Answers([]), "gpu", ROOT)
    assert line == f"not measured yet: `{card.command}` measures it"
    assert card.command.startswith(f"pitbench run {card.experiment} --profile ")


def test_the_cards_of_a_paper_are_told_apart_by_the_words_of_their_verdicts():
    for paper in known():
        for one, other in itertools.permutations(paper.card, 2):
            assert one.experiment != other.experiment or one.verdict not in other.verdict


def test_the_figures_that_are_asked_for_have_cards():
    figures = {paper.paper.partition("arXiv:")[2]: {card.figure for card in paper.card} for paper in known()}
    assert figures["2605.12683"] == {"Fig. 1A", "Fig. 1B", "Fig. 2", "Fig. 3A", "Fig. 3B", "Proposition 1"}
    assert set(figures) == {"2605.12683", "2309.12252", "2407.19115", "2508.16817"} and all(figures.values())
    assert {path.stem[:-4] for path in CARDS.glob("*.toml")} == {"hess", "lim", "gonzalez"}


def test_numbers_come_from_the_rows_of_one_device_where_a_run_has_both():
    card = next(card for card in ALL if card.claim.startswith("GTF-DEER is faster"))
    fast, slow = (
        synthetic.on(device, tables) for device, tables in zip(("gpu", "cpu"), synthetic.RUNS["fig1a"][:2], strict=True)
    )
    slow = {name: frame.assign(cell="cpu-" + frame["cell"]) if "cell" in frame else frame for name, frame in slow.items()}
    slow["cells"]["environment"], slow["environments"]["environment"] = "there", "there"
    both = {name: pd.concat([fast[name], slow[name]], ignore_index=True) for name in fast}
    found = answers(both, "fig1a")
    assert written.verdict(card, found, "gpu") == "reproduced" and written.verdict(card, found, "cpu") == "not reproduced"
    (line,) = written.outcome(card, found, "gpu", ROOT)
    assert "on gpu faster in 6 of 6 settings" in line and line.endswith("(NVIDIA H100, results/made-up)")
    assert written.outcome(card, found, "cpu", ROOT)[0].endswith("(16 cores of AMD EPYC, results/made-up)")


def test_a_trial_and_another_experiment_answer_nothing():
    tables = synthetic.on("gpu", synthetic.RUNS["fig1a"][0])
    for found in (answers(tables, "fig1a", profile="quick"), answers(tables, "mine")):
        assert {written.verdict(card, found, "gpu") for card in ALL} == {written.NOT_YET}


def test_rows_that_a_verdict_cannot_use_yet_are_said_to_be_there():
    card = next(card for card in ALL if card.claim.startswith("The time of GTF-DEER"))
    tables = synthetic.on("gpu", synthetic.timed({"sequential": synthetic.flat}, (512,)))
    (line,) = written.outcome(card, answers(tables, "fig1a"), "gpu", ROOT)
    assert line.startswith("measured in part") and card.command in line


def test_what_lies_in_results_fills_the_cards_that_ask_for_it():
    """Or a verdict has been reworded, and its card has not."""
    runs = {path.parent.name: path.parent for path in (ROOT / "results").glob("*/experiment.json")}
    found = Answers([folder.read(runs[name]) for name in {card.experiment for card in ALL} & runs.keys()])
    for card in ALL:
        filled = [answer for device in ("gpu", "cpu") for answer in found.on(card, device)]
        assert card.gpu_only or not filled or any(answer.verdicts for answer in filled), card.verdict


@pytest.mark.parametrize("format", ["text", "markdown"])
def test_both_formats_tell_every_claim_with_what_became_of_it(format):
    found = [made_up(synthetic.on("gpu", synthetic.RUNS[name][0]), name) for name in synthetic.RUNS]
    told = {"text": written.text, "markdown": written.markdown}[format](Answers(found), ROOT)
    flowing = " ".join(told.split())
    for card in ALL:
        assert card.claim in flowing and card.known_from in flowing
    assert told.startswith(f"{len(ALL)} claims: on a GPU {len(ALL)} reproduced; on a CPU {len(ALL)} not measured yet.")
    assert format == "markdown" or max(map(len, told.splitlines())) <= 120


def test_the_verb_says_what_is_wrong(pitbench, tmp_path):
    assert pitbench("cards", tmp_path)[2].startswith(f"pitbench: {tmp_path}: no run is stored here.")
    assert 'Did you mean "markdown"?' in pitbench("cards", "--format", "markdwon")[2]
