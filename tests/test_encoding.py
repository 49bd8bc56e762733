"""Text is UTF-8, whatever the locale and with or without a byte-order mark."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench.errors import UserError
from bench.question import config

ROOT = Path(__file__).resolve().parent.parent
SOURCES = [
    path
    for room in ("bench", "methods", "metrics", "references", "systems", "tests")
    for path in sorted((ROOT / room).rglob("*.py"))
]
TOML = 'title = "Wärme, λ = 0.9 µV"\nmeasure = "runtime"\n'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_an_experiment_is_read_with_and_without_a_byte_order_mark(tmp_path, encoding, newline):
    (tmp_path / "e.toml").write_text(TOML, encoding=encoding, newline=newline)
    assert config.load(str(tmp_path / "e.toml")).title == "Wärme, λ = 0.9 µV"


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16"])
def test_another_encoding_is_named(tmp_path, encoding):
    (tmp_path / "e.toml").write_text(TOML.replace("λ", "l"), encoding=encoding)
    with pytest.raises(UserError, match="not text in UTF-8.*Save it as UTF-8"):
        config.load(str(tmp_path / "e.toml"))


def _without_encoding(path: Path) -> list[str]:
    """Where a file is opened as text, or a process spoken to in text, in whatever encoding the locale has."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        given = {keyword.arg: keyword.value for keyword in node.keywords}
        texts = [each.value for each in [*node.args, *given.values()] if isinstance(each, ast.Constant)]
        binary = any(isinstance(text, str) and set(text) <= set("rwab+") and "b" in text for text in texts)
        method_of_path = called in ("read_text", "write_text") and isinstance(node.func, ast.Attribute)
        opens = called in ("open", "fdopen") and not binary and "os.open" not in ast.unparse(node.func)
        if (method_of_path or opens or "text" in given) and "encoding" not in given:
            found.append(f"{path.relative_to(ROOT)}:{node.lineno}: {ast.unparse(node)}")
    return found


def test_no_text_depends_on_the_locale():
    assert not [place for path in SOURCES if path.parent.name != "tests" for place in _without_encoding(path)]


def test_listings_are_utf_8_in_any_locale(tmp_path):
    mine = tmp_path / "mine.py"
    mine.write_text(
        "import dataclasses\n@dataclasses.dataclass\nclass S:\n    'λ'\n    sample = 1\nSYSTEMS = {'s': S}\n", encoding="utf-8"
    )
    command = [sys.executable, "-P", "-c", "from bench.cli import main; main()", "list", "systems", "--plugin", str(mine)]
    environment = os.environ | {"PYTHONIOENCODING": "ascii", "PYTHONPATH": str(ROOT)}
    shown = subprocess.run(command, capture_output=True, env=environment, check=True).stdout
    assert "λ" in shown.decode("utf-8")
