"""An answer belongs to the data and the plug-ins that it was made from, and files are found where the experiment says."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from bench import cli
from bench.clock import now
from bench.measure import environment
from bench.measure.outcome import Outcome
from bench.question import catalogue, config, digests, matrix
from bench.question.cell import Cell
from bench.running import provenance, runner
from bench.storage import store
from bench.storage.rows import Context, rows

pytest_plugins = ["runner_doubles"]

TOML = """
title = "{title}"
measure = "misbehave"
[fixed]
method = "sequential"
system = "file"
path = "{path}"
T = 8
batch = 1
"""
SERIES = np.random.default_rng(0).standard_normal((100, 2)).cumsum(axis=0)


def recording(folder, rows=SERIES, *, path="series.npy", title="A"):
    """An experiment in a folder of its own, and its one cell; the file is written unless `rows` is None."""
    folder.mkdir(parents=True, exist_ok=True)
    toml = folder / "recording.toml"
    toml.write_text(TOML.format(path=path, title=title), encoding="utf-8")
    if rows is not None:
        np.save(folder / path, rows)
    return toml


def cell(toml, *settings):
    (found,) = matrix.cells(config.load(str(toml)).with_settings(list(settings)))
    return found


def row(one):
    context = Context("recording", "shared")
    (found,) = rows(dataclasses.replace(one), Outcome("ok"), context, started=None, wall_s=0.0)["cells"]
    return found


def test_the_contents_of_a_file_are_recorded_and_leave_the_id_alone(tmp_path, misbehaving):
    before = cell(recording(tmp_path))
    kept = row(before)
    assert kept["data_path"] == str(tmp_path / "series.npy") and len(kept["data_digest"]) == 16
    np.save(tmp_path / "series.npy", SERIES + 1)
    after = cell(tmp_path / "recording.toml")
    assert after.id == before.id and row(after)["data_digest"] != kept["data_digest"]
    assert provenance.outdated([after], {after.id: kept}) == {after.id: f"What is in {tmp_path / 'series.npy'}"}
    assert not provenance.outdated([after], {after.id: row(after)})
    assert not provenance.outdated([after], {after.id: dict.fromkeys(digests.COLUMNS)})  # of an earlier version


def test_the_same_contents_elsewhere_are_the_same_data(tmp_path, misbehaving):
    here, there = (cell(recording(tmp_path / name)) for name in "ab")
    assert here.files != there.files and not provenance.outdated([there], {there.id: row(here)})


def test_both_files_of_a_recording_count(tmp_path, misbehaving):
    toml = recording(tmp_path)
    np.save(tmp_path / "test.npy", SERIES)
    kept = row(cell(toml, f"test_path={tmp_path / 'test.npy'}"))
    np.save(tmp_path / "test.npy", SERIES + 1)
    now = cell(toml, f"test_path={tmp_path / 'test.npy'}")
    assert provenance.outdated([now], {now.id: kept})


def test_what_a_worker_writes_down_is_what_it_read_and_not_what_has_come_since(tmp_path, misbehaving):
    one = cell(recording(tmp_path))
    made_from = one.made_from
    np.save(tmp_path / "series.npy", SERIES + 1)
    (kept,) = rows(one, Outcome("ok"), Context("recording", "shared"), started=None, wall_s=0.0)["cells"]
    assert kept["data_digest"] == made_from["data_digest"] != digests.of(one)["data_digest"]


def test_a_plug_in_is_recorded_and_a_changed_one_is_told(tmp_path, plug_in):
    text = (Path(__file__).parent / "misbehaving.py").read_text(encoding="utf-8")
    (tmp_path / "mine.py").write_text(text, encoding="utf-8")
    (tmp_path / "other.py").write_text(text.replace('"misbehave"', '"other"').replace("interleaved", "i").replace("silent", "s"))
    plug_in(tmp_path / "mine.py")
    plug_in(tmp_path / "other.py")
    before, another = (row(Cell(measure, "sequential", "lorenz63", T=8, batch=1)) for measure in ("misbehave", "other"))
    assert before["plugin_path"] == str(tmp_path / "mine.py") and before["data_digest"] is None
    assert before["plugin_digest"] != another["plugin_digest"]
    one = Cell("misbehave", "sequential", "lorenz63", T=8, batch=1)
    assert not provenance.outdated([one], {one.id: before})
    changed = before | {"plugin_digest": another["plugin_digest"]}
    assert provenance.outdated([one], {one.id: changed}) == {one.id: f"The plug-in {tmp_path / 'mine.py'}"}


def test_a_changed_metric_is_told_and_a_new_one_asks_for_nothing(tmp_path, plug_in):
    metric = "from metrics import Metric\nMETRICS = {'NAME': Metric(lambda truth, generated: 1.0, '1', False)}\n"
    (tmp_path / "mine.py").write_text(metric.replace("NAME", "mine"), encoding="utf-8")
    plug_in(tmp_path / "mine.py")
    one = Cell("reconstruction", "sequential", "lorenz63", T=8, batch=1)
    before = row(one)
    (tmp_path / "new.py").write_text(metric.replace("NAME", "new"), encoding="utf-8")
    plug_in(tmp_path / "new.py")
    assert json.loads(before["metric_digests"]).keys() == {"mine"} and not provenance.outdated([one], {one.id: before})
    changed = before | {"metric_digests": json.dumps({"mine": "another"})}
    assert provenance.outdated([one], {one.id: changed}) == {one.id: "The metric mine"}
    assert row(Cell("runtime", "sequential", "lorenz63", T=8, batch=1))["metric_digests"] is None


def test_what_the_project_brings_is_no_plug_in_of_ones_own():
    one = Cell("runtime", "sequential", "lorenz63", T=8, batch=1)
    assert not any(digests.of(one).values())
    for room in map(catalogue.plugins, catalogue.PACKAGES):
        own = [source.path for name in room.names() if (source := room.source(name))]
        assert not [path for path in own if Path(path).is_relative_to(environment.ROOT)]


def test_a_relative_path_belongs_to_the_folder_of_the_experiment(tmp_path, misbehaving, monkeypatch):
    a, b = (recording(tmp_path / name, SERIES * size) for name, size in (("A", 1), ("B", 2)))
    monkeypatch.chdir(tmp_path / "A")
    for toml, size in ((a, 1), (b, 2)):
        found = cell(toml)
        assert found.system_parameters == {"path": "series.npy"}
        restored = Cell.from_json(json.loads(json.dumps(dataclasses.asdict(found))))
        for each in (found, restored):
            mean = each.build_system().sample().standardisation.mean
            np.testing.assert_allclose(mean, size * SERIES[:80].mean(axis=0))


def test_a_file_in_the_working_directory_alone_is_taken_and_told(tmp_path, misbehaving, monkeypatch, capsys):
    toml = recording(tmp_path / "A", rows=None)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    np.save("series.npy", SERIES)
    with pytest.warns(
        UserWarning, match=f"fixed.path = series.npy: not beside this file; {Path.cwd()}/series.npy in the working"
    ):
        assert cell(toml).files == {"path": str(tmp_path / "here" / "series.npy")}


def test_a_path_on_the_command_line_is_meant_from_where_one_is(tmp_path, misbehaving, monkeypatch):
    toml = recording(tmp_path / "A")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    np.save("series.npy", SERIES)
    assert cell(toml, "path=series.npy").files == {"path": str(tmp_path / "here" / "series.npy")}


def test_where_a_file_is_missing_the_folder_of_the_experiment_is_named(tmp_path, misbehaving):
    with pytest.raises(ValueError, match=f"no such file .looked in {tmp_path / 'A'}."):
        cell(recording(tmp_path / "A", rows=None))


def verb(monkeypatch, capsys, *words):
    """Exit status and output of a command."""
    monkeypatch.setattr("sys.argv", ["pitbench", *map(str, words)])
    with pytest.raises(SystemExit) as end:
        cli.main()
    return end.value.code, capsys.readouterr()


def test_an_answer_to_other_data_counts_as_missing(tmp_path, misbehaving, monkeypatch, capsys):
    toml, out, mine = recording(tmp_path), tmp_path / "out", Path(__file__).with_name("misbehaving.py")
    one = cell(toml)
    store.write(out, one.id, rows(one, Outcome("ok"), Context("recording", "shared"), started=now(), wall_s=1.0))
    _, shown = verb(monkeypatch, capsys, "plan", toml, "--out", out, "--plugin", mine)
    assert "1 done, 0 failed, 0 missing" in shown.out and not shown.err
    np.save(tmp_path / "series.npy", SERIES + 1)
    _, shown = verb(monkeypatch, capsys, "plan", toml, "--out", out, "--plugin", mine)
    assert "0 done, 0 failed, 1 missing" in shown.out
    assert f"What is in {tmp_path / 'series.npy'} has changed. Answers in {out} that count as missing: 1." in shown.err


@pytest.mark.parametrize("words", [["plan"], ["run", "--budget", "0s"]])
def test_two_experiments_of_one_name_do_not_share_a_folder(tmp_path, misbehaving, monkeypatch, capsys, words):
    a, b = (recording(tmp_path / name) for name in "AB")
    out, mine = tmp_path / "out", Path(__file__).with_name("misbehaving.py")
    monkeypatch.setattr(runner, "default_out", lambda experiment: out)
    verb(monkeypatch, capsys, "run", a, "--budget", "0s", "--plugin", mine)
    before = (out / "experiment.json").read_text(encoding="utf-8")
    code, shown = verb(monkeypatch, capsys, words[0], b, *words[1:], "--plugin", mine)
    assert code == 2 and f"holds the experiment of {a}, not of {b}. Choose another folder with --out" in shown.err
    assert (out / "experiment.json").read_text(encoding="utf-8") == before
    a.unlink()  # its file was moved: it is the same experiment
    assert verb(monkeypatch, capsys, words[0], b, *words[1:], "--plugin", mine)[0] in (0, 3)
