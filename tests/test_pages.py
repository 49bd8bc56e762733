"""What a command can write on the pages is what it would write today, and the rest of a page is left alone."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

import bench.cli
from bench import files
from bench.errors import UserError
from bench.question import catalogue as question
from bench.showing import pages
from bench.showing.pages import asked, catalogue, front, markdown, markers, results

ROOT = Path(__file__).resolve().parent.parent


def test_no_page_is_stale():
    stale = [str(page.relative_to(ROOT)) for page in pages.stale(ROOT)]
    assert not stale, f"`pitbench pages` writes anew: {', '.join(stale)}"


def test_a_part_is_made_anew_and_all_else_is_left_as_it_is():
    text = "# Title\n\n<!-- generated: one -->\nold\n<!-- end -->\n\nwords\n<!-- generated: two -->\n<!-- end -->\n"
    filled = markers.filled(text, "page", lambda name: f"\nnew {name}\n")
    assert (
        filled
        == "# Title\n\n<!-- generated: one -->\nnew one\n<!-- end -->\n\nwords\n<!-- generated: two -->\nnew two\n<!-- end -->\n"
    )
    assert markers.filled(filled, "page", lambda name: f"new {name}") == filled


@pytest.mark.parametrize(
    "text",
    [
        "<!-- generated: one -->\n",
        "<!-- generated: one -->\n<!-- generated: two -->\n<!-- end -->\n",
        "<!-- end -->\n",
        "<!-- generated: one --> text\n<!-- end -->\n",
    ],
)
def test_a_part_without_an_end_is_refused(text):
    with pytest.raises(UserError, match="page: .*<!-- end -->"):
        markers.filled(text, "page", str)


def test_an_unknown_part_names_the_nearest():
    with pytest.raises(UserError, match='Did you mean "methods"'):
        pages.made(ROOT, "method")


def test_what_may_be_unavailable_here_is_introduced_as_it_introduces_itself():
    """Here it may not even be imported."""
    for name, (line, _) in catalogue.ELSEWHERE.items():
        source = ROOT / "methods" / "solvers" / f"{name.replace('-', '_')}.py"
        assert f'"{line}"' in source.read_text()


@pytest.mark.parametrize("kind", ["methods", "models", "systems", "metrics", "measures"])
def test_every_plug_in_has_a_line_on_its_page(kind):
    made = pages.made(ROOT, kind)
    for name in question.plugins(kind.removesuffix("s")).names():
        assert f"| `{name}` | " in made
    assert "|  |" not in made.replace("\n|  | `", "\n")  # a family is named once, all else everywhere


@pytest.mark.parametrize("name", results.stored(ROOT))
def test_the_command_of_a_section_asks_what_was_asked(name):
    """Or the section says that the file has changed since."""
    experiment = files.read_json(ROOT / "results" / name / "experiment.json")
    assert asked.is_present(experiment) or "has changed since" in pages.made(ROOT, f"result {name}")
    assert asked.command(experiment, "there").startswith(f"pitbench run {name.removesuffix('-gpu')} ")
    changed = experiment | {"grids": [grid | {"T": [7, 11]} for grid in experiment["grids"]]}
    assert asked.is_present(changed) and "--set 'T=[7, 11]'" in asked.command(changed, "there")
    first, *rest = experiment["grids"]
    assert not asked.is_present(experiment | {"grids": [first, *rest, first | {"T": [7]}]})


def test_an_experiment_without_a_stored_run_has_a_section_that_says_how_to_get_one(tmp_path):
    (tmp_path / "results").mkdir()
    made = pages.made(tmp_path, "result fig1b")
    assert "pitbench run fig1b --out results/fig1b" in made and "No run of it is stored" in made and "Numbers of" not in made
    with pytest.raises(UserError, match='Did you mean "fig1b"'):
        pages.made(tmp_path, "result fig1bb")


def test_a_result_that_no_section_shows_is_refused(monkeypatch):
    monkeypatch.setattr(results, "stored", lambda root: ["new"])
    monkeypatch.setattr(pages, "PARTS", dict.fromkeys(pages.PARTS, lambda root, *word: ""))
    with pytest.raises(UserError, match="<!-- generated: result new -->"):
        pages.rewritten(ROOT)


def test_check_says_which_pages_are_stale_and_writes_none(monkeypatch):
    monkeypatch.setattr(pages, "stale", lambda root: [root / "README.md"])
    monkeypatch.setattr(pages, "write", None)
    ended = CliRunner().invoke(bench.cli.app, ["pages", "--check"])
    assert ended.exit_code == 1 and ended.output.startswith("README.md is stale")
    monkeypatch.setattr(pages, "stale", lambda root: [])
    assert CliRunner().invoke(bench.cli.app, ["pages", "--check"]).exit_code == 0


def test_sources_are_links_where_they_have_a_number():
    assert markdown.linked("Lim 2024, arXiv:2309.12252") == "Lim 2024, [arXiv:2309.12252](https://arxiv.org/abs/2309.12252)"
    assert markdown.linked("doi 10.1137/130944230, p. 1") == "[doi 10.1137/130944230](https://doi.org/10.1137/130944230), p. 1"
    assert markdown.linked("Gander 2008") == "Gander 2008"


def test_a_run_on_a_gpu_has_a_section_of_its_own_and_leads_the_first_screen(tmp_path):
    """A folder is called as one likes; what was asked stands in it."""
    (tmp_path / "results").mkdir()
    on_gpu = [name for name in results.stored(ROOT) if name.endswith("-gpu")]
    assert "fig1a-gpu" in on_gpu
    for name in set(results.stored(ROOT)) - set(on_gpu):
        (tmp_path / "results" / name).symlink_to(ROOT / "results" / name)
    assert "](results/" not in front.verdict(tmp_path).replace("](results/README.md)", "")
    (tmp_path / "results" / "fig1a-gpu").symlink_to(ROOT / "results" / "fig1a-gpu")
    results.judged.cache_clear()
    assert "](results/fig1a-gpu/figures/fig1a.png)" in front.verdict(tmp_path)
    assert "on gpu" in front.verdict(tmp_path)
    assert "pitbench run fig1a" in results.section(tmp_path, "fig1a-gpu")
    assert "#fig1a)" in catalogue.experiments(tmp_path) and "#fig1a-gpu)" in catalogue.experiments(tmp_path)
