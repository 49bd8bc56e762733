"""Everything that is registered says where it comes from, in BibTeX that can be read."""

import re

import pytest

import methods
import references
from bench.question import catalogue
from methods.solvers.sequential import Sequential
from methods.training.regularisation import SCHMIDT2021
from references import PITBENCH, Reference
from references.papers import HESS2023, MIKHAEIL2022

KINDS = ("method", "model", "system", "recurrence", "metric")
PLUGINS = [(kind, name) for kind in KINDS for name in catalogue.plugins(kind).names()]
KNOWN = references.unique(each for kind, name in PLUGINS for each in references.of(catalogue.plugins(kind)[name]))
ENTRY = re.compile(r"@(\w+)\{(\w+),\n((?:  \w+ = \{.*\},\n)+)\}")
NEEDED = {"article": {"journal"}, "inproceedings": {"booktitle"}, "misc": set()}


@pytest.mark.parametrize(("kind", "name"), PLUGINS)
def test_every_plugin_says_where_it_comes_from(kind, name):
    found = references.of(catalogue.plugins(kind)[name])
    assert found and len(set(found)) == len(found)
    assert all(isinstance(each, Reference) for each in found)


@pytest.mark.parametrize("name", methods.names())
def test_an_algorithm_that_is_more_than_one_step_after_the_other_says_it_of_itself(name):
    solver = methods.get(name).solver
    assert references.of(solver) or isinstance(solver, Sequential)
    combined = methods.get(name).references
    assert set(combined) >= {*references.of(solver), *references.of(methods.get(name).model)}


def test_settings_that_are_from_a_paper_of_their_own_add_it():
    plain = methods.get("gtf-deer")
    for changed in (dict(adjoint="diagonal"), dict(mar_weight=1.0), dict(forcing="sparse"), dict(model="low-rank")):
        assert set(plain.configure(**changed).references) >= set(plain.references) - {HESS2023}
    assert SCHMIDT2021 in plain.configure(mar_weight=1.0).references and SCHMIDT2021 not in plain.references
    assert MIKHAEIL2022 in plain.configure(forcing="sparse").references


@pytest.mark.parametrize("reference", KNOWN, ids=lambda each: each.key)
def test_each_is_an_entry_of_bibtex(reference):
    text = reference.bibtex
    kind, key, body = ENTRY.fullmatch(text).groups()
    fields = dict(re.findall(r"  (\w+) = \{(.*)\},\n", body))
    assert (kind, key) == (reference.kind, reference.key) and kind in references.KINDS
    assert fields.keys() >= {"author", "title", "year", *NEEDED[kind]} and re.fullmatch(r"(19|20)\d\d", fields["year"])
    assert text.isascii() and all(_balanced(value) for value in fields.values())
    assert fields["author"].count(" and ") == len(reference.author) - 1
    assert not reference.eprint or re.fullmatch(r"\d{4}\.\d{4,5}", fields["eprint"])
    assert str(reference.year) in reference.short and (str(reference.year) in key or reference == PITBENCH)


def test_one_key_and_one_number_mean_one_paper():
    for attribute in ("key", "title", "eprint", "doi"):
        values = [value for each in KNOWN if (value := getattr(each, attribute))]
        assert len(set(values)) == len(values), attribute


def test_a_plugin_that_says_nothing_has_none():
    assert references.of(object()) == ()


@pytest.mark.parametrize(
    ("written", "read"),
    [("Götz", r"G{\"o}tz"), ("Ré", r"R{\'e}"), ("Françoise", r"Fran{\c c}oise"), ("A & B_1–2", r"A \& B\_1--2")],
)
def test_letters_are_written_as_every_bibtex_reads_them(written, read):
    reference = Reference("a2000", "misc", ("A B",), written, 2000)
    assert f"title = {{{{{read}}}}}" in reference.bibtex


@pytest.mark.parametrize(
    ("authors", "short"),
    [(("Ada B. Cd",), "Cd 2000"), (("A B", "C D"), "B and D 2000"), (("A B", "C D", "E F"), "B et al. 2000")],
)
def test_a_sentence_names_it_by_its_authors(authors, short):
    assert Reference("a2000", "misc", authors, "T", 2000).short == short


def _balanced(text: str) -> bool:
    depth = 0
    for letter in text:
        depth += (letter == "{") - (letter == "}")
        if depth < 0:
            return False
    return depth == 0
