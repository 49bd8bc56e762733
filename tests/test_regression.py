"""What asv runs: every solver is tracked, the benchmarks run, and the gate tells worse from better."""

import datetime
import math
import pickle
import shutil
import subprocess

import jax.numpy as jnp
import numpy as np
import pytest

import methods
from bench.regression import gate, models, problems, solvers
from bench.regression.problems import LINEAR, SIZES, TIMED, TIMED_EVERYWHERE, TRACKED, Size
from bench.showing.vocabulary.order import BASELINES
from methods.problem import Map

KNOWN = [name for name in TRACKED if name in methods.names()]


def _solver(name):
    method = methods.get(name)
    return method.solver, method.adjoint


def test_every_solver_is_tracked():
    tracked = {_solver(name) for name in KNOWN}
    ours = [name for name in methods.names() if type(methods.REGISTRY[name].solver).__module__.startswith("methods.")]
    ours = [name for name in ours if methods.REGISTRY[name].solver.solves is Map]  # the pinned weights are those of a shPLRNN
    missing = [name for name in ours if _solver(name) not in tracked]  # other tests add plug-ins of their own
    assert not missing, f"add {', '.join(missing)} to TRACKED in bench/regression/problems.py"


@pytest.mark.parametrize("name", LINEAR)
def test_linear_models_run_and_take_memory(monkeypatch, name):
    monkeypatch.setattr(models, "WIDE", Size(M=4, N=2, L=8, T=40, batch=2))
    models._program.cache_clear()
    benchmark = models.Linear()
    benchmark.setup(name)
    benchmark.time_gradient(name)
    assert benchmark.track_temp_bytes(name) > 0


def test_what_is_timed_is_tracked_too():
    assert set(TIMED_EVERYWHERE) <= set(TIMED) <= set(TRACKED)


@pytest.mark.parametrize("size", SIZES)
def test_the_model_contracts_and_repeats_itself(size):
    params, x = problems.model_and_data(SIZES[size])
    bound = jnp.abs(params.A).max() + np.linalg.norm(params.W1, 2) * np.linalg.norm(params.W2, 2)
    assert bound < 1
    assert params.B.dtype == x.dtype == jnp.float32
    np.testing.assert_array_equal(x, problems.model_and_data(SIZES[size])[1])


@pytest.mark.parametrize("name", KNOWN)
def test_an_answer_is_right_and_counted(monkeypatch, name):
    monkeypatch.setattr(problems, "SHORT", Size(M=4, N=2, L=8, T=40, batch=2))
    answer = solvers._answer(name)
    assert answer["value_error"] < 1e-4 and answer["gradient_error"] < 3e-3, answer
    assert answer["temp_bytes"] > 0
    one_pass = name in (*BASELINES, "sequential-parallel-adjoint", "auto")  # at this size
    assert answer["iterations"] == 0 if one_pass else answer["iterations"] > 0


def _setup(name):
    """What asv does with a method; it passes over a NotImplementedError, other errors are failures."""
    solvers.Answer().setup(pickle.loads(pickle.dumps({name: solvers._answer(name)})), name)


def test_what_is_not_there_is_passed_over():
    with pytest.raises(NotImplementedError, match='no method "dear"'):
        _setup("dear")
    with pytest.raises(NotImplementedError, match='no method "dear"'):
        solvers.Forward().setup("dear")


def test_what_has_not_converged_gives_neither_numbers_nor_times(monkeypatch):
    stopped = methods.get("gtf-deer", max_iterations=1)
    monkeypatch.setattr(problems, "method", lambda name: stopped)
    size = Size(M=4, N=2, L=8, T=41, batch=2)
    monkeypatch.setattr(problems, "SHORT", size)
    with pytest.raises(NotImplementedError, match="not_converged after 1 updates"):
        _setup("gtf-deer")
    for phase in ("forward", "gradient"):
        with pytest.raises(NotImplementedError, match="not_converged after 1 updates"):
            solvers._program(size, "gtf-deer", phase)


def test_what_raises_is_a_failure(monkeypatch):
    monkeypatch.setattr(problems, "method", lambda name: 1 / 0)
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        _setup("gtf-deer")


def test_a_sample_compiles_nothing():
    """asv runs `setup` before every sample; only the first may compile."""
    solvers._program.cache_clear()
    size = Size(M=3, N=1, L=4, T=5, batch=1)
    for _ in range(3):
        solvers._time(size, "gtf-deer", "forward")
        solvers._time(size, "gtf-deer", "gradient")
    assert solvers._program.cache_info().misses == 2


def _after(value):
    return {"solvers.Answer.track_iterations('gtf-deer')": ("1", value)}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [(3, 3, ""), (3, 2, ""), (3, 4, "3 -> 4"), (0, 1, "0 -> 1"), (3, None, "3 -> failed"), (3, math.nan, "3 -> no answer")],
)
def test_more_updates_are_worse(old, new, expected):
    lines = gate.worse(_after(old), _after(new))
    assert len(lines) == bool(expected) and all(line.endswith(expected) for line in lines)


@pytest.mark.parametrize("benchmark", gate.ALLOWED)
def test_each_number_has_its_own_allowance(benchmark):
    assert hasattr(solvers.Answer, benchmark)
    name, factor = f"solvers.Answer.{benchmark}('gtf-deer')", gate.ALLOWED[benchmark]
    assert not gate.worse({name: ("1", 100)}, {name: ("1", 100 * factor)})
    assert gate.worse({name: ("1", 100)}, {name: ("1", 101 * factor)})


def test_times_and_changed_benchmarks_do_not_gate():
    time = "solvers.Forward.time_forward('gtf-deer')"
    assert not gate.worse({time: ("1", 0.1)}, {time: ("1", 10.0)})
    assert not gate.worse(_after(3), {name: ("2", 30) for name in _after(3)})


def test_what_was_not_measured_again_is_worse():
    assert gate.worse(_after(3), {}) == ["solvers.Answer.track_iterations('gtf-deer'): 3 -> no answer"]


def test_every_tracked_number_has_an_allowance():
    assert set(gate.ALLOWED) == {name for name in dir(solvers.Answer) if name.startswith("track_")}


def test_results_that_asv_has_stored_are_read(tmp_path):
    results = pytest.importorskip("asv.results", reason="asv is in the extra `regression`")
    runner = pytest.importorskip("asv.runner")
    machine = tmp_path / "here"
    machine.mkdir()
    (machine / "machine.json").write_text('{"machine": "here", "version": 1}')
    commit = "a" * 40
    stored = results.Results({"machine": "here", "python": "3.11"}, {}, commit, 0, "3.11", "environment", {})
    benchmark = {"name": "solvers.Answer.track_iterations", "params": [["'gtf-deer'", "'new'"]], "version": "1", "type": "track"}
    now = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    answer = runner.BenchmarkResult([3.0, None], [None] * 2, [None] * 2, 0, "", None)
    stored.add_result(benchmark, answer, now, 1.0, record_samples=False)
    stored.save(str(tmp_path))
    read = gate.load(str(tmp_path), commit)[("here", "environment")]
    assert read == {
        "solvers.Answer.track_iterations('gtf-deer')": ("1", 3.0),
        "solvers.Answer.track_iterations('new')": ("1", None),
    }
    assert gate.load(str(tmp_path), "b" * 40) == {}


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A repository with two commits of which asv has measured none, that the gate takes for its own."""
    pytest.importorskip("asv", reason="asv is in the extra `regression`")
    root = tmp_path / "checkout"
    root.mkdir()
    (root / "asv.conf.json").write_text((gate.ROOT / "asv.conf.json").read_text())
    git = ["git", "-C", str(root), "-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run([*git, "init", "-q"], check=True)
    for message in ("one", "two"):
        subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", message], check=True)
    monkeypatch.setattr(gate, "ROOT", root)
    monkeypatch.chdir(tmp_path)
    return root


def _cut_off(root):
    head = subprocess.run(["git", "-C", root, "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout
    (root / ".git" / "shallow").write_text(head)


def _result_torn(root):
    machine = root / "results" / "asv" / "here"
    machine.mkdir(parents=True)
    (machine / "machine.json").write_text('{"machine": "here", "version": 1}')
    commit = subprocess.run(["git", "-C", root, "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout
    (machine / f"{commit[:8]}-environment.json").write_text("{")


@pytest.mark.parametrize(
    ("harm", "commits", "said"),
    [
        (None, ["HEAD~1", "HEAD"], "nowhere are both HEAD~1 and HEAD measured"),
        (None, ["HEAD", "haed"], '"haed": no such commit in '),
        (None, ["HEAD~7", "HEAD"], '"HEAD~7": no such commit in '),
        (None, ["HEAD"], "usage: "),
        (_cut_off, ["HEAD~1", "HEAD"], "a clone that is cut off (git fetch --unshallow gets the rest)"),
        (_result_torn, ["HEAD~1", "HEAD"], ""),
        (lambda root: (root / "asv.conf.json").unlink(), ["HEAD~1", "HEAD"], "asv.conf.json"),
        (lambda root: (root / "asv.conf.json").write_text("{"), ["HEAD~1", "HEAD"], ""),
        (lambda root: shutil.rmtree(root / ".git"), ["HEAD~1", "HEAD"], ""),
    ],
)
def test_where_there_is_no_telling_one_line_says_why_and_the_status_is_2(checkout, capsys, harm, commits, said):
    if harm:
        harm(checkout)
    assert gate.main(commits) == 2
    shown, errors = capsys.readouterr()
    assert not shown and len(errors.splitlines()) == 1 and said in errors


@pytest.mark.parametrize(("new", "status"), [(3.0, 0), (4.0, 1)])
def test_the_status_is_the_verdict(checkout, monkeypatch, new, status):
    numbers = iter([{("here", "environment"): _after(3.0)}, {("here", "environment"): _after(new)}])
    monkeypatch.setattr(gate, "load", lambda *_: next(numbers))
    assert gate.main(["HEAD~1", "HEAD"]) == status
