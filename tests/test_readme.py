"""What the README says is true: its plug-in, its experiment file and its commands."""

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

import bench.cli
import methods
import metrics
import systems
from bench import catalogue, config, conformance, matrix

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


def test_the_experiment_file_it_shows_is_valid(tmp_path):
    (text,) = blocks("toml")
    path = tmp_path / "recording.toml"
    path.write_text(text)
    assert len(matrix.cells(config.load(str(path)))) == 6


COMMANDS = [line.split("#")[0] for block in blocks("sh") for line in block.splitlines() if line.startswith("pitbench ")]


@pytest.mark.parametrize("command", COMMANDS)
def test_the_options_it_names_exist(command):
    _, verb, *rest = shlex.split(command)
    help_text = CliRunner().invoke(bench.cli.app, [verb, "--help"], env={"COLUMNS": "200"}).output
    for option in (word for word in rest if word.startswith("-")):
        assert option in help_text, f"`pitbench {verb}` has no {option}"


def test_the_pictures_and_files_it_names_exist():
    for target in re.findall(r"\]\((?!https?:)([^)]+)\)", TEXT):
        assert (ROOT / target).exists(), target


@pytest.mark.parametrize("module", [bench, methods, systems, metrics], ids=lambda module: module.__name__)
def test_the_import_names_are_ours(module):
    assert Path(module.__file__).resolve().is_relative_to(ROOT)
