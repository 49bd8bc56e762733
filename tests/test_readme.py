"""What the README and the other pages say is true: their plug-ins, files, commands, examples and links."""

import ast
import contextlib
import functools
import io
import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

import bench.cli
import methods
import metrics
import systems
from bench import conformance
from bench.question import config, matrix
from bench.showing.pages import PAGES

pytest_plugins = ["runner_doubles"]

ROOT = Path(__file__).resolve().parent.parent
TEXTS = {page: (ROOT / page).read_text() for page in PAGES}
ALL = "\n".join(TEXTS.values())


def blocks(language: str, text: str = ALL) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def commands(text: str = ALL) -> list[str]:
    """Bare commands, without their comments."""
    lines = [line for block in blocks("sh", text) for line in block.splitlines() if line.startswith("pitbench ")]
    return list(dict.fromkeys(line.split(" #")[0].strip() for line in lines))


CHECKED = [(words[2], words[4]) for words in map(str.split, commands()) if words[1] == "check"]


@pytest.mark.parametrize(("name", "file"), CHECKED)
def test_the_plug_ins_they_show_keep_every_law(name, file, tmp_path, plug_in):
    (source,) = (block for block in blocks("python") if block.startswith(f"# {file}"))
    path = tmp_path / file
    path.write_text(source)
    plug_in(path)
    results = list(conformance.check(name))
    assert results and {result.outcome for result in results} <= {"ok", "passed over"}, results


def test_a_solver_a_system_a_recurrence_and_a_metric_are_shown():
    kinds = {re.search(r"^(METHODS|SYSTEMS|RECURRENCES|METRICS) = ", block, re.MULTILINE) for block in blocks("python")} - {None}
    assert {found[1] for found in kinds} == {"METHODS", "SYSTEMS", "RECURRENCES", "METRICS"} and len(CHECKED) == len(kinds)


@pytest.fixture
def recording(tmp_path, monkeypatch):
    """A folder with the recording that a page makes and the experiment file that asks for it."""
    monkeypatch.chdir(tmp_path)
    (source,) = (block for block in blocks("python") if "recording.csv" in block)
    exec(source, {})
    (tmp_path / "recording.toml").write_text(*(block for block in blocks("toml") if block.startswith("# recording.toml")))
    return tmp_path


def test_the_experiment_file_they_show_is_valid_for_the_recording_they_make(recording):
    assert len(matrix.cells(config.load("./recording.toml"))) == 6
    series = systems.get("file", path="recording.csv", columns="voltage, current").sample(200, seed=0)
    assert series.values.shape[1] == 2


def test_the_experiment_file_they_show_for_a_recurrence_is_valid_beside_its_plug_in(tmp_path, plug_in):
    for language, file in (("python", "sine_map.py"), ("toml", "sine_map.toml")):
        (source,) = (block for block in blocks(language) if block.startswith(f"# {file}"))
        (tmp_path / file).write_text(source)
    plug_in(tmp_path / "sine_map.py")
    cells = matrix.cells(config.load(str(tmp_path / "sine_map.toml")))
    assert len(cells) == 12 and not any(cell.misfit for cell in cells)


def test_bare_commands_come_after_the_environment_is_activated():
    """In the README, which says it for all pages."""
    activated = False
    for block in blocks("sh", TEXTS["README.md"]):
        for line in block.splitlines():
            assert activated or not line.startswith(("pitbench ", "python ")), line
            activated = activated or line.startswith("source .venv/bin/activate")
    assert activated


def test_files_that_commands_name_are_made_by_other_blocks():
    files = ["recording.toml", "sine_map.toml", *(file for _, file in CHECKED)]
    made = {"data": "mkdir -p data"} | {file: f"# {file}" for file in files}
    for command in commands():
        for path in re.findall(r"[\w./-]+\.(?:toml|npy|npz|csv|py)\b", command):
            assert made[path.partition("/")[0]] in ALL, f"{path} in `{command}`"


@pytest.mark.parametrize("source", blocks("python"))
def test_examples_import_what_they_use_and_show_something(source):
    tree = ast.parse(source)
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {alias.asname or alias.name for node in imports for alias in node.names}
    assert names <= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    plug_in = any(source.startswith(f"# {file}") for _, file in CHECKED)
    assert "print(" in source or plug_in or "tables = " in source


def test_the_example_of_the_readme_runs_and_has_twelve_lines():
    """Less of it: fewer updates and shorter series."""
    (source,) = blocks("python", TEXTS["README.md"])
    assert source.count("\n") == 12
    for number, less in {"20_000": "400", "updates=500": "updates=2", "10_000": "200", "10_100": "300", "T=200": "T=20"}.items():
        assert number in source
        source = source.replace(number, less)
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(source, {})
    assert re.fullmatch(r"loss \S+ D_stsp \S+\n", said.getvalue())


@functools.cache
def help_of(verb: str) -> str:
    return CliRunner().invoke(bench.cli.app, [verb, "--help"], env={"COLUMNS": "200"}).output


@pytest.mark.parametrize("command", commands())
def test_the_options_they_name_exist(command):
    _, verb, *rest = shlex.split(command)
    for option in (word for word in rest if word.startswith("-")):
        assert re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", help_of(verb)), f"`pitbench {verb}` has no {option}"


def test_the_verbs_and_options_that_their_sentences_name_exist():
    verbs = {command.name or command.callback.__name__ for command in bench.cli.app.registered_commands}
    assert set(re.findall(r"`pitbench (\w+)", ALL)) <= verbs
    helps = " ".join(map(help_of, sorted(verbs)))
    for option in re.findall(r"`(--[a-z][\w-]*)", ALL):
        assert option in helps, option


@pytest.mark.parametrize("page", PAGES)
def test_the_pictures_files_and_headings_they_link_to_exist(page):
    for target in re.findall(r"\]\((?!https?:)([^)]+)\)", TEXTS[page]):
        name, _, heading = target.partition("#")
        path = ((ROOT / page).parent / name).resolve() if name else ROOT / page
        assert path.exists(), target
        if heading:
            assert heading in headings(path.read_text()), target


def headings(text: str) -> list[str]:
    """As GitHub makes addresses of them."""
    text = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return [re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles]


def test_the_readme_leads_to_every_page_and_is_short():
    readme = TEXTS["README.md"]
    assert all(f"]({page}" in readme for page in PAGES if page not in ("README.md", "metrics/README.md"))
    assert readme.count("\n") <= 100


def test_the_readme_has_the_lines_that_continuous_integration_runs():
    for extra in ('".[test]"', '".[regression]"'):
        first = next(line for line in TEXTS["README.md"].splitlines() if extra in line)
        assert any(first in block.splitlines() for block in blocks("sh", TEXTS["README.md"]))
        assert ".venv/bin/pip install" in first


def test_exit_statuses_are_those_of_the_command():
    page = TEXTS["bench/README.md"]
    for status, meaning in re.findall(r"^ +(\d+) (.+)$", bench.cli.run.__doc__, re.MULTILINE):
        assert f"| {status} | {meaning} |" in page


@pytest.mark.parametrize("module", [bench, methods, systems, metrics], ids=lambda module: module.__name__)
def test_the_import_names_are_ours(module):
    assert Path(module.__file__).resolve().is_relative_to(ROOT)
