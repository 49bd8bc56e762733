"""Numbers that are stored for a machine: they come back as they were, hold for its runs, and no harmed file does harm."""

import dataclasses
import json
import math
import os

import jax
import pytest
from test_runner import experiment, run

import bench
from bench.errors import Notice, UserError
from bench.running import worker
from bench.storage import tuned
from bench.storage.tuned import Device
from bench.tuning import command, measures
from methods.layout import cost

pytest_plugins = ["runner_doubles"]

GPU = Device("gpu", "NVIDIA H100 80GB HBM3")
OTHER = dataclasses.replace(
    cost.CPU, source="measured here 2026-01-02", look=48, ssd_rows=math.inf, scans=True, windowed=(1.5, 300, 2)
)


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A user's folder of its own, in which stored numbers count."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    monkeypatch.setenv(tuned.VARIABLE, "")
    monkeypatch.setattr(worker, "set_flags", lambda device: None)
    yield
    for device in (Device(), GPU):
        cost.use(None, device.kind)
    jax.clear_caches()


@pytest.mark.parametrize("device", [Device(), GPU])
def test_what_is_stored_comes_back(device):
    path = tuned.write(OTHER, device)
    assert tuned.read(device) == OTHER
    assert "Infinity" not in path.read_text(), "which is no JSON to other readers"
    tuned.write(cost.ELSEWHERE, device)
    assert tuned.read(device) == cost.ELSEWHERE
    assert tuned.forget(device) and not tuned.forget(device) and tuned.read(device) is None


def test_each_device_of_a_machine_has_numbers_of_its_own():
    tuned.write(OTHER, Device())
    assert tuned.read(GPU) is None and tuned.place(GPU) != tuned.place(Device("gpu", "NVIDIA A100"))


def changed(path, **more):
    path.write_text(json.dumps(json.loads(path.read_text()) | more))


HARMS = {
    "torn": lambda path: path.write_text(path.read_text()[:100]),
    "empty": lambda path: path.write_text(""),
    "no numbers": lambda path: changed(path, numbers=[1]),
    "a folder": lambda path: (path.unlink(), path.mkdir()),
    "of another machine": lambda path: changed(path, machine={"cpu": "0", "cores": 96, "kind": "cpu", "model": ""}),
    "of an older version": lambda path: changed(path, numbers={"few_lanes": 3}),
    "below zero": lambda path: changed(path, numbers=tuned.numbers(cost.CPU) | {"look": -1}),
    "not a number": lambda path: changed(path, numbers=tuned.numbers(cost.CPU) | {"look": math.nan}),
    "a word": lambda path: changed(path, numbers=tuned.numbers(cost.CPU) | {"look": "long"}),
    "too few": lambda path: changed(path, numbers=tuned.numbers(cost.CPU) | {"windowed": [1]}),
}


@pytest.mark.parametrize("harm", HARMS.values(), ids=HARMS)
def test_a_file_that_is_of_no_use_is_said_and_left_aside(harm):
    path = tuned.write(OTHER, Device())
    harm(path)
    with pytest.warns(Notice, match="default numbers are used.*pitbench tune --forget") as said:
        assert tuned.read(Device()) is None
    assert str(path) in str(said[0].message)
    with pytest.warns(Notice):
        assert tuned.in_force()["cpu"] == {"source": cost.CPU.source, "numbers": tuned.numbers(cost.CPU)}


def test_stored_numbers_hold_unless_they_are_kept_out(monkeypatch):
    tuned.write(OTHER, Device())
    assert tuned.in_force()["cpu"]["source"] == OTHER.source and cost.here() == OTHER
    monkeypatch.setenv(tuned.VARIABLE, "off")
    assert tuned.in_force()["cpu"]["source"] == cost.CPU.source and cost.here() is cost.CPU
    monkeypatch.setenv(tuned.VARIABLE, "no")
    with pytest.raises(UserError, match="PITBENCH_TUNED = no: wanted off"):
        tuned.install()


def test_guesses_say_that_they_are_guesses(monkeypatch):
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    monkeypatch.setattr(Device, "at_hand", classmethod(lambda cls: GPU))
    with pytest.warns(Notice, match="gpu NVIDIA H100.*guesses.*pitbench tune"):
        found = tuned.in_force()
    assert (found["gpu"]["source"], found["cpu"]["source"]) == ("guess", cost.CPU.source)
    tuned.write(OTHER, GPU)
    assert tuned.in_force()["gpu"]["source"] == OTHER.source and cost.here() == OTHER


def test_rows_say_by_which_numbers_they_were_made(tmp_path, misbehaving, pitbench):
    """And of a file that is of no use the user hears, not the log of a worker alone."""
    path = tuned.write(OTHER, Device())
    run(experiment(tmp_path), tmp_path / "out")
    assert stored(tmp_path / "out") == {"cpu": {"source": OTHER.source, "numbers": tuned.numbers(OTHER)}}
    code, shown, _ = pitbench("env")
    assert code == 0 and json.loads(shown)["costs"] == stored(tmp_path / "out")
    HARMS["torn"](path)
    with pytest.warns(Notice, match="default numbers are used"):
        run(experiment(tmp_path), tmp_path / "again")
    assert stored(tmp_path / "again")["cpu"]["source"] == cost.CPU.source


def stored(folder):
    (row,) = bench.load(folder)["environments"].to_dict("records")
    return json.loads(row["json"])["costs"]


def test_the_verb_stores_shows_and_forgets(pitbench, monkeypatch):
    monkeypatch.setattr(measures, "MEASURES", {lambda trial: {"look": 2 * trial.costs.look}: ("look",)})
    code, said, errors = pitbench("tune")
    assert code == 0 and f"Stored in {tuned.place(Device())}" in said and "1 of 1: look" in errors
    line = next(line for line in said.splitlines() if line.startswith("look"))
    assert line.split() == ["look", "32", "64", "changed"]
    assert (tuned.read(Device()).look, tuned.read(Device()).source) == (64, tuned.today())
    code, said, _ = pitbench("tune", "--quick")
    assert code == 0 and "128" in said and "nothing is stored" in said and tuned.read(Device()).look == 64
    assert tuned.today() in pitbench("tune", "--show")[1]
    assert "Removed" in pitbench("tune", "--forget")[1] and "Nothing is stored" in pitbench("tune", "--forget")[1]
    assert cost.CPU.source in pitbench("tune", "--show")[1]
    code, _, errors = pitbench("tune", "--show", "--forget")
    assert code == 2 and "give one of" in errors
    code, _, errors = pitbench("tune", "--device", "gpu", "--show")
    assert code == 2 and "jax finds cpu" in errors


def test_a_measurement_that_is_ended_loses_nothing(monkeypatch):
    path = tuned.write(OTHER, Device())
    before = path.read_text()

    def ended(trial):
        raise KeyboardInterrupt

    monkeypatch.setattr(measures, "MEASURES", {lambda trial: {"look": 1}: ("look",), ended: ("small",)})
    with pytest.raises(KeyboardInterrupt):
        command.tune(quick=False)
    assert path.read_text() == before and os.listdir(path.parent) == [path.name]
