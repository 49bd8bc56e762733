"""A list has a line for everything there is, by which one tells it from its neighbours; settings are shown of what is named."""

import dataclasses

import pytest

import methods
from bench.errors import UserError
from bench.question import catalogue, config
from bench.question.listing import listing
from bench.text import WIDTH

pytest_plugins = ["runner_doubles"]

PLUGINS = [(kind, name) for kind in catalogue.PACKAGES for name in catalogue.plugins(kind).names()]


@pytest.mark.parametrize("kind", catalogue.PACKAGES)
def test_everything_has_one_line_and_no_two_have_the_same(kind):
    # of this project: other tests may have added plug-ins of a user's, which may say what they like
    lines = {name: catalogue.summary(kind, name) for of, name in PLUGINS if of == kind}
    assert all(line and line == line.strip() and "\n" not in line for line in lines.values())
    assert len(set(lines.values())) == len(lines)
    shown = listing(f"{kind}s").splitlines()
    for name, line in lines.items():
        (own,) = [each for each in shown if each.startswith(f"{name} ")]
        assert own.endswith(line) and len(own) <= WIDTH


@pytest.mark.parametrize(("kind", "name"), PLUGINS)
def test_what_is_named_shows_its_settings_and_the_list_does_not(kind, name):
    shown = listing(kind, [name])
    assert shown.splitlines()[0] == name and catalogue.summary(kind, name) in " ".join(shown.split())
    assert listing(f"{kind}s", [name]) == shown and max(map(len, shown.splitlines())) <= WIDTH
    for key in catalogue.settings(kind, name) if kind != "metric" else ():
        assert f"{key}=" in shown or f"{key}" in shown.split()
    if kind == "method":
        assert "tolerance=" not in listing("methods")


@pytest.mark.parametrize("name", catalogue.plugins("recurrence").names())
def test_recurrences_are_found_among_systems(name):
    assert catalogue.found_as("system", name) == "recurrence" and not catalogue.why_unavailable("system", name)
    assert catalogue.settings("system", name) == catalogue.settings("recurrence", name)
    assert catalogue.configured("system", name) == catalogue.configured("recurrence", name)
    assert catalogue.owner("system", name) is catalogue.owner("recurrence", name)
    assert catalogue.summary("system", name) == catalogue.summary("recurrence", name)


def test_no_recurrence_has_the_name_of_a_system(tmp_path, plug_in):
    assert not set(catalogue.plugins("recurrence").names()) & set(catalogue.plugins("system").names())
    path = tmp_path / "mine.py"
    path.write_text("RECURRENCES = {'lorenz63': dict(step=lambda z, u: z, start=(0.0,), summary='not that one')}")
    plug_in(path)
    with pytest.raises(ValueError, match='"lorenz63" is both a system and a recurrence. Give the one of your own another name.'):
        catalogue.found_as("system", "lorenz63")


def test_a_summary_is_no_part_of_what_a_method_is():
    method = methods.get("gtf-deer")
    other = dataclasses.replace(method, summary="another line", source=())
    assert other == method and hash(other) == hash(method) and other.parameters == method.parameters
    assert not {"summary", "source"} & method.parameters.keys()


def test_a_name_that_does_not_exist_is_an_error_with_a_suggestion():
    with pytest.raises(UserError, match='"dear": no such method. Did you mean "deer"?'):
        listing("methods", ["dear"])
    with pytest.raises(UserError, match='"quickstrat": no such experiment. Did you mean "quickstart"?'):
        listing("experiments", ["quickstrat"])
    assert listing("experiment", ["quickstart"]).startswith("quickstart\n") and config.find("quickstart")


def test_what_says_nothing_of_itself_is_shown_by_its_docstring_and_not_by_what_it_is_derived_from(tmp_path, plug_in):
    path = tmp_path / "mine.py"
    path.write_text(
        "from systems.lorenz63 import Lorenz63\n\n"
        "class Mine(Lorenz63):\n    '''A Lorenz of my own.\n\n    More.\n    '''\n\n"
        "class Silent(Lorenz63):\n    __doc__ = None\n\n"
        "SYSTEMS = {'mine': Mine, 'silent': Silent}\n"
    )
    plug_in(path)
    assert catalogue.summary("system", "mine") == "A Lorenz of my own." and catalogue.summary("system", "silent") == ""
    assert "silent" in listing("systems") and "from: Lorenz 1963" in listing("systems", ["mine"])
