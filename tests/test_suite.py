"""`pitbench run all`: the main claim of every experiment before the rest of any, in time, and again from where it ended.

The runner is the real one. Its executor is a double that answers at once, on a clock of which every cell takes ten seconds.
"""

import types

import pytest
from test_runner import HEAD, MISBEHAVING

import bench
from bench.clock import now
from bench.measure.outcome import Outcome
from bench.question import config, worth
from bench.running import executors, gpu, runner, suite
from bench.running.protocol import Finished
from bench.storage import store
from bench.storage.rows import Context, rows

pytest_plugins = ["runner_doubles"]

CELL_S = 10
FILES = {
    "plain": "worth = 5",
    "claims": "worth = 7.5\nclaim = {seed = 3, T = [99, 16]}",
    "unasked": "",
}
GRID = "\n[[grid]]\nT = [8, 16]\nseed = [2, 3]\n"
PLAIN = [("plain", 8, 2), ("plain", 8, 3), ("plain", 16, 2), ("plain", 16, 3)]
# Seeds are measured together: with the cell of the claim comes the other one of its job.
ORDER = [("claims", 16, 2), ("claims", 16, 3), *PLAIN, ("claims", 8, 2), ("claims", 8, 3)]


class Double:
    """Answers every cell it is given, in time; `seen` are experiment, T and seed of each."""

    def __init__(self):
        self.now, self.seen = 0.0, []

    def monotonic(self):
        return self.now

    def run(self, jobs, plan):
        for job in jobs:
            if plan.left_s() <= 0:
                return
            for cell in job.cells:
                self.now += CELL_S
                self.seen.append((plan.orders.context["experiment"], cell.T, cell.seed))
                context = Context(**plan.orders.context)
                store.write(plan.out, cell.id, rows(cell, Outcome("ok"), context, started=now(), wall_s=CELL_S))
                yield Finished(cell, "ok", CELL_S)


@pytest.fixture
def double(monkeypatch):
    made = Double()
    monkeypatch.setattr(executors, "get", lambda name: made)
    for module in (runner, suite):
        monkeypatch.setattr(module, "time", types.SimpleNamespace(monotonic=made.monotonic))
    return made


@pytest.fixture
def files(tmp_path, monkeypatch):
    """Experiment files of which two state a worth; the folder that takes the place of the project's."""
    folder = tmp_path / "experiments"
    folder.mkdir()
    for name, top in FILES.items():
        (folder / f"{name}.toml").write_text(HEAD.replace("T = 8\n", "").replace("[fixed]", f"{top}\n[fixed]") + GRID)
    monkeypatch.setattr(config, "EXPERIMENTS", folder)
    return folder


@pytest.fixture
def run_all(pitbench, tmp_path, double, files):
    return lambda *arguments, verb="run": pitbench(verb, "all", "--plugin", MISBEHAVING, "--out", tmp_path / "out", *arguments)


def test_claims_come_first_and_again_goes_on(run_all, double, tmp_path):
    code, shown, said = run_all("--budget", "25s")
    assert code == 3 and double.seen == ORDER[:4]  # a job that has begun is not cut by the double: seeds are together
    assert "claims, main claim: 2 cells" in said and "Cells left: claims 2, plain 2." in shown
    code, _, _ = run_all("--budget", "15s")
    assert code == 3 and double.seen == ORDER[:6]
    code, shown, _ = run_all("--budget", "1h")
    assert code == 0 and double.seen == ORDER and "Cells left" not in shown
    code, shown, said = run_all()
    assert code == 0 and double.seen == ORDER and "plain: nothing new, 4 of 4 cells have a row." in shown and not said
    for name in ("plain", "claims"):
        assert set(bench.load(tmp_path / "out" / name)["cells"]["experiment"]) == {name}
    assert not (tmp_path / "out" / "unasked").exists()


def test_a_spent_budget_begins_nothing_and_still_counts(run_all, double, tmp_path):
    code, shown, said = run_all("--budget", "0")
    assert code == 3 and not double.seen and "Cells left: claims 4, plain 4." in shown
    assert "main claim" not in said


def test_plan_and_status_say_what_is_left(run_all, double, pitbench, tmp_path):
    run_all("--budget", "15s")
    code, shown, _ = run_all(verb="plan")
    assert code == 0 and shown.index("claims: A test") < shown.index("plain: A test")
    assert "4 cells: 2 done, 0 failed, 2 missing." in shown and "All together: 2 done, 0 failed, 6 missing" in shown
    code, shown, _ = pitbench("status", tmp_path / "out")
    assert code == 0 and "claims\n" in shown and "plain\n" in shown
    assert "2 ok" in shown and "2 missing" in shown and "4 missing" in shown
    assert pitbench("status", tmp_path / "out" / "claims")[0] == 0


def test_an_interruption_ends_all(run_all, double, monkeypatch):
    before = double.run

    def run(jobs, plan):
        yield next(before(jobs, plan))
        raise KeyboardInterrupt

    monkeypatch.setattr(double, "run", run)
    code, shown, _ = run_all()
    assert code == 130 and double.seen == ORDER[:1]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--profile", "quik"], 'claims.toml: profile "quik": no such profile.'),
        (["-m", "dear"], '--method "dear": matches no method of the chosen cells.'),
        (["-w", "sed==2"], '--where "sed==2": no such setting "sed". Did you mean "seed"?'),
        (["--set", "seconds=soon"], "--set.seconds"),
        (["--budget", "soon"], "--budget soon: want a time such as 90s, 8m or 1h30m."),
        (["--rerun", "some"], '--rerun "some": want one of failed'),
    ],
)
def test_mistakes_are_told_as_for_one_experiment(run_all, double, tmp_path, words, message):
    code, shown, said = run_all(*words)
    assert (code, shown) == (2, "") and message in said and "Traceback" not in said
    assert not double.seen and not (tmp_path / "out").exists()


def test_filters_leave_out_experiments_without_such_cells(run_all, double, files):
    path = files / "plain.toml"
    path.write_text(path.read_text().replace("T = [8, 16]", "T = [32]"))
    assert run_all("-w", "T>16")[0] == 0
    assert {name for name, *_ in double.seen} == {"plain"}


def test_a_setting_of_the_claim_that_no_cell_has_is_an_error(run_all, files):
    path = files / "claims.toml"
    path.write_text(path.read_text().replace("seed = 3", "sed = 3"))
    code, _, said = run_all()
    assert code == 2 and 'claims.toml: claim.sed = [3]: no such setting. Did you mean "seed"?' in said


def test_the_order_of_worth_is_that_of_the_files():
    first = ["every", "fig1a", "scans", "solvers", "long", "fig1b", "fig2", "threshold", "walltime", "fig3a"]
    assert worth.suite()[: len(first)] == first and "ecg" not in worth.suite()


@pytest.mark.parametrize("done", [False, True])
def test_without_a_gpu_a_run_for_one_is_refused_before_anything_is_written(run_all, double, files, tmp_path, monkeypatch, done):
    if done:
        assert run_all()[0] == 0
    for path in files.glob("*.toml"):
        path.write_text(path.read_text() + '[run]\ndevice = "gpu"\n')
    monkeypatch.setattr(gpu, "absent", lambda: True)
    code, shown, said = run_all()
    if done:
        assert code == 0 and "nothing new" in shown
    else:
        assert (code, shown) == (2, "") and said.startswith('pitbench: device = "gpu", but this machine has no NVIDIA GPU')
        assert said.count("pitbench:") == 1 and not (tmp_path / "out").exists() and not double.seen


@pytest.mark.parametrize(
    ("platform", "known", "absent"), [("linux", [], True), ("linux", ["H100"], False), ("darwin", [], False)]
)
def test_a_gpu_is_absent_only_where_that_is_certain(tmp_path, monkeypatch, platform, known, absent):
    monkeypatch.setattr(gpu.sys, "platform", platform)
    monkeypatch.setattr(gpu.environment, "gpus", lambda: known)
    monkeypatch.setattr(gpu, "NODES", (f"{tmp_path}/nvidia*",))
    assert gpu.absent() == absent
    (tmp_path / "nvidia0").touch()
    assert not gpu.absent()
    gpu.check("cpu"), gpu.check(None), gpu.check("gpu")
