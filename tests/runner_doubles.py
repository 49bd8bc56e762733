"""Fixtures that add plug-ins to the catalogues for one test, and take them away again."""

import sys
from pathlib import Path

import pytest

from bench import cli
from bench.question import catalogue

MISBEHAVING = Path(__file__).with_name("misbehaving.py")


@pytest.fixture
def catalogues(monkeypatch):
    """Forgets the plug-in files that a test adds when it ends."""
    for kind in catalogue.PACKAGES:
        registry = catalogue.plugins(kind)
        monkeypatch.setattr(registry, "_files", list(registry._files))
        monkeypatch.setattr(registry, "_entries", registry._entries)
        monkeypatch.setattr(registry, "_unavailable", registry._unavailable)
        monkeypatch.setattr(registry, "_sources", registry._sources)


@pytest.fixture
def pitbench(monkeypatch, capsys, catalogues):
    """Run a command line in this process: exit status, output, errors."""

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["pitbench", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            cli.main()
        captured = capsys.readouterr()
        return end.value.code, captured.out, captured.err

    return call


@pytest.fixture
def plug_in(catalogues):
    """A function that adds a plug-in file until the test ends."""
    return catalogue.add_plugin


@pytest.fixture
def misbehaving(plug_in):
    """The measures of `misbehaving.py`."""
    plug_in(MISBEHAVING)


@pytest.fixture
def broken(monkeypatch):
    """A module with a method that cannot be imported on this machine."""
    registry = catalogue.plugins("method")
    monkeypatch.setattr(
        registry, "_unavailable", {**registry.unavailable(), "methods.solvers.broken_method": "ImportError: no GPU"}
    )
