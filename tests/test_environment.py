"""A commit is recorded only if it is pitbench's own, and `pitbench env` shows what a run stores."""

import json
import os
import subprocess

import pytest
from test_runner import experiment, run

import bench
from bench.measure import environment

pytest_plugins = ["runner_doubles"]

GIT = ["git", "-c", "user.name=a", "-c", "user.email=a@b"]


def repository(root):
    root.mkdir(parents=True, exist_ok=True)
    subprocess.run([*GIT, "-C", root, "init", "-q"], check=True)
    (root / "tracked.txt").write_text("")
    subprocess.run([*GIT, "-C", root, "add", "tracked.txt"], check=True)
    subprocess.run([*GIT, "-C", root, "commit", "-q", "-m", "one"], check=True)
    return subprocess.run(["git", "-C", root, "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def source(tmp_path, monkeypatch):
    """Where pitbench's source lies: a folder in a repository that is not its own."""
    monkeypatch.delenv("PITBENCH_GIT_SHA", raising=False)
    repository(tmp_path / "outer")
    root = tmp_path / "outer" / "pitbench"
    root.mkdir()
    monkeypatch.setattr(environment, "ROOT", root)
    return root


def test_the_commit_of_another_repository_is_not_recorded(source, monkeypatch):
    assert environment.git_state() == {"git_sha": None, "git_dirty": None}
    monkeypatch.setenv("PITBENCH_GIT_SHA", " 0123abc\n")
    assert environment.git_state() == {"git_sha": "0123abc", "git_dirty": None}
    monkeypatch.setenv("PITBENCH_GIT_SHA", "")
    assert environment.git_state()["git_sha"] is None


def test_the_commit_of_the_own_checkout_is_recorded_whatever_stands_in(source, monkeypatch):
    monkeypatch.setenv("PITBENCH_GIT_SHA", "0123abc")
    commit = repository(source)
    assert environment.git_state() == {"git_sha": commit, "git_dirty": False}
    (source / "tracked.txt").write_text("changed")
    assert environment.git_state() == {"git_sha": commit, "git_dirty": True}


def test_a_link_and_a_worktree_are_checkouts_too(source, tmp_path, monkeypatch):
    commit = repository(source)
    (tmp_path / "link").symlink_to(source)
    subprocess.run([*GIT, "-C", source, "worktree", "add", "-q", tmp_path / "tree"], check=True, capture_output=True)
    for root in ("link", "tree"):
        monkeypatch.setattr(environment, "ROOT", tmp_path / root)
        assert environment.git_state()["git_sha"] == commit


@pytest.mark.parametrize("pointer", ["GIT_DIR", "GIT_WORK_TREE"])
def test_where_the_environment_points_git_does_not_matter(source, tmp_path, monkeypatch, pointer):
    """As in a hook of another repository."""
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "outer" / ".git"))
    monkeypatch.setenv(pointer, str(tmp_path / "outer" / (".git" if pointer == "GIT_DIR" else "")))
    assert environment.git_state()["git_sha"] is None
    monkeypatch.delenv("GIT_DIR")
    monkeypatch.delenv("GIT_WORK_TREE", raising=False)
    commit = repository(source)
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "outer" / ".git"))
    assert environment.git_state()["git_sha"] == commit


def test_without_git_there_is_no_commit(source, monkeypatch):
    repository(source)
    monkeypatch.setenv("PATH", "/nowhere")
    assert environment.git_state()["git_sha"] is None


def test_the_verb_env_prints_what_a_run_stores(tmp_path, pitbench, misbehaving):
    before = dict(os.environ)
    run(experiment(tmp_path), tmp_path / "out")
    tables = bench.load(tmp_path / "out")
    code, shown, _ = pitbench("env")
    os.environ.clear()
    os.environ.update(before)
    printed = json.loads(shown)
    (stored,) = tables["environments"].to_dict("records")
    assert code == 0 and printed["environment"] == stored["environment"]
    assert {key: printed[key] for key in json.loads(stored["json"])} == json.loads(stored["json"])
    assert printed["git_sha"] == tables["cells"]["git_sha"][0]
