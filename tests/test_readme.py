"""What the README says is true: its plug-in, its experiment file and its commands."""

import ast
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
from bench.question import catalogue, config, matrix
from bench.showing import tables
from bench.storage import folder

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


def test_the_solver_it_shows_keeps_every_law(tmp_path):
    (source,) = (block for block in blocks("python") if block.startswith("# toy.py"))
    path = tmp_path / "toy.py"
    path.write_text(source)
    catalogue.add_plugin(path)
    results = list(conformance.check("toy"))
    assert results and {result.outcome for result in results} <= {"ok", "passed over"}, results


@pytest.fixture
def recording(tmp_path, monkeypatch):
    """A folder with the recording that it makes and the experiment file that asks for it."""
    monkeypatch.chdir(tmp_path)
    (source,) = (block for block in blocks("python") if "recording.csv" in block)
    exec(source, {})
    (tmp_path / "recording.toml").write_text(*blocks("toml"))
    return tmp_path


def test_the_experiment_file_it_shows_is_valid_for_the_recording_it_makes(recording):
    assert len(matrix.cells(config.load("./recording.toml"))) == 6
    series = systems.get("file", path="recording.csv", columns="voltage, current").sample(200, seed=0)
    assert series.values.shape[1] == 2


def test_bare_commands_come_after_the_environment_is_activated():
    activated = False
    for block in blocks("sh"):
        for line in block.splitlines():
            assert activated or not line.startswith(("pitbench ", "python ")), line
            activated = activated or line.startswith("source .venv/bin/activate")


def test_files_that_commands_name_are_made_by_other_blocks():
    made = {"data": "mkdir -p data", "toy.py": "# toy.py", "recording.toml": "# recording.toml"}
    for command in COMMANDS:
        for path in re.findall(r"[\w./-]+\.(?:toml|npy|npz|csv|py)\b", command):
            assert made[path.partition("/")[0]] in TEXT, f"{path} in `{command}`"


@pytest.mark.parametrize("source", blocks("python"))
def test_examples_import_what_they_use_and_show_something(source):
    tree = ast.parse(source)
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {alias.asname or alias.name for node in imports for alias in node.names}
    assert names <= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert "print(" in source or source.startswith("# toy.py") or "tables = " in source


COMMANDS = [line.split("#")[0] for block in blocks("sh") for line in block.splitlines() if line.startswith("pitbench ")]


@pytest.mark.parametrize("command", COMMANDS)
def test_the_options_it_names_exist(command):
    _, verb, *rest = shlex.split(command)
    help_text = CliRunner().invoke(bench.cli.app, [verb, "--help"], env={"COLUMNS": "200"}).output
    for option in (word for word in rest if word.startswith("-")):
        assert option in help_text, f"`pitbench {verb}` has no {option}"


def test_the_table_it_shows_is_that_of_the_committed_run():
    """As a terminal of 120 letters shows it; off a terminal its blocks stand beside each other."""
    block = next(block for block in TEXT.split("```") if block.startswith("\nreconstruction: lorenz63"))
    report = tables.text_report(folder.read(ROOT / "results" / "quickstart").tables, width=120)
    assert block.strip() == report.split("\n\nTime of")[0]


def test_the_pictures_and_files_it_names_exist():
    for target in re.findall(r"\]\((?!https?:)([^)]+)\)", TEXT):
        assert (ROOT / target).exists(), target


@pytest.mark.parametrize("module", [bench, methods, systems, metrics], ids=lambda module: module.__name__)
def test_the_import_names_are_ours(module):
    assert Path(module.__file__).resolve().is_relative_to(ROOT)
