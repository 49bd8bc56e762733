"""A run says what it is at, since when and how long is left, on a terminal and elsewhere, and is never silent for long."""

import dataclasses
import io
import math

import pytest

from bench.question import config, matrix
from bench.running import prices, progress
from bench.running.protocol import Finished
from bench.running.remaining import Remaining

pytest_plugins = ["runner_doubles"]


@pytest.fixture
def cell(tmp_path, misbehaving):
    path = tmp_path / "test.toml"
    path.write_text('title = "A test"\nmeasure = "misbehave"\n[fixed]\nmethod = "deer"\nsystem = "lorenz63"\nT = 8\nbatch = 1\n')
    return matrix.cells(config.load(str(path)))[0]


@pytest.fixture
def clock(monkeypatch):
    """A clock that a test sets."""

    class Clock:
        now = 1000.0

    monkeypatch.setattr(progress.time, "monotonic", lambda: Clock.now)
    return Clock


def remaining(cell):
    unit = prices.Unit((cell.id,), "misbehave", "deer", {"T": 8, "latent_dim": 3}, 8.0)
    return Remaining([(unit, dataclasses.replace(unit, seconds=300.0, compile_s=math.nan))])


def test_off_a_terminal_a_line_comes_at_most_and_at_least_every_ten_seconds(cell, clock, capsys):
    lines = []
    with progress.Progress(3, remaining(cell)) as shown:
        for second in range(100):
            clock.now = 1000.0 + second
            shown.doing("starting a worker" if second < 5 else cell)
            lines += [(second, line) for line in capsys.readouterr().err.splitlines()]
    seconds = [second for second, _ in lines]
    assert seconds == [2, *range(12, 100, 10)]
    assert lines[0][1].startswith("[0/3] starting a worker, since ")
    assert "[0/3] running deer lorenz63 T=8 batch=1 float32 seed=0, since " in lines[1][1]
    assert "(7 seconds); about 5 minutes left" in lines[1][1] and "(87 seconds); about 4 minutes left" in lines[-1][1]


def test_a_failure_says_why_at_once(cell, clock, capsys):
    with progress.Progress(1, remaining(cell)) as shown:
        shown.finished(Finished(cell, "error", 2.0, reason="ValueError: no\nand more"))
    assert capsys.readouterr().err == "[1/1] error deer lorenz63 T=8 batch=1 float32 seed=0 2.0 s: ValueError: no …\n"


def test_a_terminal_shows_the_same_in_its_bar(cell, clock, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    screen = Terminal()
    monkeypatch.setattr(progress.sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "250")
    with progress.Progress(2, remaining(cell)) as shown:
        clock.now += 30
        shown.doing(cell)
        clock.now += 30
        shown.doing(cell)
        shown._bar.refresh()
    assert "running deer lorenz63" in screen.getvalue() and "(30 seconds); about 4 minutes left" in screen.getvalue()
