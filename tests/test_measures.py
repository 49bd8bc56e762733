"""A method that fails leaves a row that says how, is never timed, and does not disturb the others.

The measures run in this process on a chaotic model that is put in place of a trained one.
"""

import dataclasses
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import methods
import systems
from bench.measure import accuracy, checkpoints, convergence, runtime
from bench.measure.trained import rows, windows
from bench.measure.training_log import TrainingLog
from bench.question.cell import Cell
from methods.models import ShallowPLRNN
from methods.training.checkpoint import Checkpoint
from methods.training.updates import Log

pytest_plugins = ["runner_doubles"]

TOYS = """
import dataclasses

import jax.numpy as jnp

from methods.method import Method
from methods.solvers.base import Iterative
from methods.solvers.newton import Newton


@dataclasses.dataclass(frozen=True)
class Breaks(Iterative):
    def update(self, problem, at):
        return at.image * jnp.nan


@dataclasses.dataclass(frozen=True)
class Shifts(Newton):
    def solve(self, problem, guess):
        solution = super().solve(problem, guess)
        return solution._replace(states=problem.previous(solution.states))


METHODS = {"breaks": Method(solver=Breaks()), "shifts": Method(solver=Shifts())}
"""
T = 150


def chaotic(trainer, system, *, dtype, **_):
    """A clipped shPLRNN that runs free with a Lyapunov exponent of 0.4 a step: more than Newton solves in a hundred updates."""
    rng = np.random.default_rng(7)
    M, L = trainer.model.latent_dim, trainer.model.hidden_dim
    return ShallowPLRNN.from_arrays(
        A=jnp.full(M, 0.9, dtype),
        W1=jnp.asarray(1.5 * rng.standard_normal((M, L)), dtype),
        W2=jnp.asarray(rng.standard_normal((L, M)), dtype),
        h1=jnp.zeros(M, dtype),
        h2=jnp.asarray(rng.standard_normal(L), dtype),
        B=jnp.eye(3, M, dtype=dtype),
        clipped=True,
    )


@pytest.fixture(autouse=True)
def untrained(monkeypatch, plug_in, tmp_path):
    (tmp_path / "toys.py").write_text(TOYS)
    plug_in(tmp_path / "toys.py")
    for measure in (runtime, convergence):
        monkeypatch.setattr(measure, "trained", chaotic)


def cell(measure, method, T=T, dtype="float32", **parameters):
    parameters = {"latent_dim": 3, "hidden_dim": 10, "clipped": True, "alpha": 0.9} | parameters
    settings = {"repeats": 3} if measure == "runtime" else {}
    return Cell(measure, method, "lorenz63", T=T, batch=2, dtype=dtype, method_parameters=parameters, measure_parameters=settings)


def run(cells):
    """Outcome of each cell by method and alpha, and the order in which cells were worked on."""
    order = []
    outcomes = dict(cells[0].build_measure().run(cells, lambda cell: order.append(cells.index(cell)) or math.inf))
    assert set(outcomes) == set(cells)
    return [outcomes[cell] for cell in cells], order


FAILURES = {
    "breaks": ("breaks", {}, {"diverged"}),
    "capped": ("gtf-deer", {"max_iterations": 1}, {"not_converged"}),
    "unforced": ("gtf-deer", {"alpha": 0.0}, {"not_converged", "diverged"}),
    "shifted": ("shifts", {}, {"wrong_answer"}),
}


def test_runtime_times_right_answers_in_turn_and_names_the_others():
    failing = [cell("runtime", method, **parameters) for method, parameters, _ in FAILURES.values()]
    cells = [cell("runtime", "sequential"), *failing, cell("runtime", "gtf-deer")]
    outcomes, order = run(cells)
    first, last = 0, len(cells) - 1
    for outcome, (_, _, statuses) in zip(outcomes[1:last], FAILURES.values(), strict=True):
        assert outcome.status in statuses and not outcome.tables["runtime"]
    assert outcomes[1 + list(FAILURES).index("shifted")].columns["value_error"] > 0.01
    for outcome in (outcomes[first], outcomes[last]):
        assert outcome.status == "ok"
        assert outcome.columns["value_error"] < 1e-5 and outcome.columns["gradient_error"] < 1e-4
        repetitions = [(row["repetition"], row["phase"]) for row in outcome.tables["runtime"]]
        assert repetitions == [(i, phase) for i in range(3) for phase in ("forward", "gradient")]
        assert all(row["seconds"] > 0 for row in outcome.tables["runtime"])
    turns = order[-8:]  # once the last one is ready, the two take turns, and then give their answers
    assert turns == [first, last] * 4 and set(order[:-8]) == set(range(len(cells)))


def test_a_run_that_must_end_gives_what_it_has():
    """Three repetitions, which are worth a time, and no more."""
    cells = [cell("runtime", "sequential")]
    measure = dataclasses.replace(cells[0].build_measure(), repeats=9)
    (outcome,) = [outcome for _, outcome in measure.run(cells, lambda cell: 0.0)]
    assert outcome.status == "ok" and len(outcome.tables["runtime"]) == 2 * 3


def test_what_is_done_is_handed_over_while_others_go_on():
    """What ends the run later cannot take it away."""
    cells = [cell("runtime", method) for method in ("sequential", "gtf-deer", "gtf-schwarz")]
    measure = dataclasses.replace(cells[0].build_measure(), repeats=6)
    turns, answers = [], measure.run(cells, lambda cell: turns.append(cell.method) or (0.0 if cell == cells[1] else math.inf))
    first, outcome = next(answers)
    assert first == cells[1] and outcome.status == "ok" and len(outcome.tables["runtime"]) == 2 * 3
    then = len(turns)
    rest = dict(answers)
    assert set(rest) == {cells[0], cells[2]} and all(len(each.tables["runtime"]) == 2 * 6 for each in rest.values())
    assert turns[then:].count("gtf-schwarz") >= 3 and "gtf-deer" not in turns[then:]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_single_step_is_measured_in_either_precision(dtype):
    for measure in ("runtime", "convergence"):
        outcomes, _ = run([cell(measure, "gtf-deer", T=1, dtype=dtype)])
        assert outcomes[0].status == "ok"
        assert outcomes[0].columns["value_error"] <= accuracy.VALUE_TOLERANCE[dtype]


def test_convergence_counts_what_the_solver_counts():
    asked = cell("convergence", "gtf-deer", dtype="float64")
    (outcome,), _ = run([asked])
    method, system = asked.build_method(), asked.build_system()
    params = chaotic(method, system, dtype="float64")
    solution = jax.jit(method.solve)(params, windows(system, T=T, batch=2, dtype="float64", seed=0))
    counts = np.asarray(solution.iterations)
    assert outcome.status == "ok" and (counts > 1).all() and outcome.columns["iterations"] == counts.mean()
    rows = outcome.tables["newton"]
    assert [(row["sequence"], row["update"]) for row in rows] == [(s, i) for s in range(2) for i in range(counts[s] + 1)]
    for s in range(2):
        residuals = [row["residual"] for row in rows if row["sequence"] == s]
        np.testing.assert_allclose(residuals[-1], solution.residual[s], rtol=1e-6)
        assert residuals[0] > residuals[-1]
    assert [row["step"] is None for row in rows] == [row["update"] == 0 for row in rows]


def test_convergence_goes_on_after_failures():
    failing = [cell("convergence", method, **parameters) for method, parameters, _ in FAILURES.values()]
    outcomes, _ = run([*failing, cell("convergence", "gtf-deer")])
    for outcome, (_, _, statuses) in zip(outcomes, FAILURES.values(), strict=False):
        assert outcome.status in statuses
    unforced, last = outcomes[list(FAILURES).index("unforced")], outcomes[-1]
    assert last.status == "ok"
    exponents = [outcome.tables["metrics"][0]["value"] for outcome in (unforced, last)]
    assert exponents[0] > 0 > exponents[1]  # free it is chaotic, forced it is not: that is what Newton lives on


def test_a_solver_that_fails_in_training_is_not_converged_and_not_timed():
    outcome = reconstructed("gtf-deer", max_iterations=1)
    assert outcome.status == "not_converged" and not outcome.tables["runtime"]
    assert outcome.columns["error_message"] == "100% of the updates were skipped: the solver did not converge"
    assert len(outcome.tables["training"]) == 3


def test_a_model_that_blows_up_is_diverged_and_scores_infinity():
    outcome = reconstructed("sequential", learning_rate=1e3)
    assert outcome.status == "diverged"
    assert outcome.columns["error_message"].startswith(("the free run blew up", "the last loss is not finite"))
    scores = {row["metric"]: row["value"] for row in outcome.tables["metrics"]}
    assert scores["dstsp_gmm"] == scores["dstsp_bins"] == scores["power_spectrum_hellinger"] == scores["n_step_rmse"] == np.inf


def test_scores_stand_between_their_floor_and_that_of_white_noise_beside_an_example():
    outcome = reconstructed("sequential")
    ranked = [row for row in outcome.tables["metrics"] if row.get("noise") is not None]
    assert {row["metric"] for row in ranked} == {"dstsp_gmm", "dstsp_bins", "power_spectrum_hellinger", "n_step_rmse"}
    assert all(row["floor"] is None or row["floor"] < row["noise"] for row in ranked)
    orbits = outcome.tables["orbits"]
    assert [(row["variable"], row["step"]) for row in orbits] == [(n, t) for n in range(3) for t in range(20)]


def test_a_decomposed_training_records_its_own_loss_and_that_of_the_whole_sequence():
    sizes = {"windows": 3, "overlap": 2, "latent_dim": 3}
    for name, apart in {"schwarz-shared": False, "schwarz-local": True}.items():
        outcome = reconstructed(name, T=20, batch=1, local_steps=1, updates=4, **sizes)
        notes = {row["metric"]: row["value"] for row in outcome.tables["metrics"]}
        assert notes["local_loss"] == outcome.tables["training"][-1]["loss"] and notes["sequence_loss"] > 0
        assert notes["interface_jump"] > 0 and (notes["parameter_spread"] > 0) == apart
    assert "local_loss" not in {row["metric"] for row in reconstructed("sequential").tables["metrics"]}


def test_a_killed_training_goes_on_where_it_was_kept_to_the_same_end(tmp_path, monkeypatch):
    class Killed(BaseException):
        pass

    def clock(self, done, log):
        seen.append(done)
        if done == killed_at:
            raise Killed
        self.blocks.append((done, float(done)))

    monkeypatch.setattr(TrainingLog, "__call__", clock)
    monkeypatch.setattr(
        checkpoints.Checkpoints, "of", lambda cells, folder, left_s: checkpoints.Checkpoints(folder / "job.npz", every_s=0)
    )
    asked, seen, killed_at = training("sequential", updates=250), [], None
    measure = asked.build_measure()
    ((_, whole),) = measure.run([asked], print)
    killed_at = 200
    with pytest.raises(Killed):
        list(measure.run([asked], print, tmp_path))
    assert seen == [100, 200, 250, 100, 200] and (tmp_path / "job.npz").exists()
    killed_at = None
    ((_, resumed),) = measure.run([asked], print, tmp_path)
    assert seen[5:] == [200, 250] and not (tmp_path / "job.npz").exists()
    for one, other in zip(whole.tables["training"], resumed.tables["training"], strict=True):
        assert {key: one[key] for key in ("update", "loss", "alpha")} == {key: other[key] for key in ("update", "loss", "alpha")}
    assert [row["value"] for row in whole.tables["metrics"]] == [row["value"] for row in resumed.tables["metrics"]]


def test_a_checkpoint_that_is_torn_or_of_another_question_is_none_and_is_said(tmp_path, capsys):
    kept = checkpoints.Checkpoints(tmp_path / "job.npz", every_s=0)
    assert kept.load("this") is None and not capsys.readouterr().err
    log = Log(*np.zeros((len(Log._fields), 1, 2)))
    kept.keep(Checkpoint([np.arange(3.0)], log, "this"))
    found = kept.load("this")
    assert found.question == "this" and found.log.loss.shape == (1, 2)
    assert kept.load("that") is None and "is of another question" in capsys.readouterr().err
    whole = kept.path.read_bytes()
    for length in (0, 5, 100, len(whole) // 2, len(whole) - 1):
        kept.path.write_bytes(whole[:length])
        assert kept.load("this") is None and "cannot be read" in capsys.readouterr().err
    np.savez(kept.path, state000=np.arange(3.0), **log._asdict())  # as it was kept before questions were
    assert kept.load("this") is None and "cannot be read" in capsys.readouterr().err


@pytest.mark.parametrize(("left_s", "kept"), [(math.inf, False), (0.0, True)])
def test_the_last_checkpoint_before_a_run_ends_is_kept(tmp_path, left_s, kept):
    own = checkpoints.Checkpoints.of([training("sequential")], tmp_path, lambda: left_s)
    own.keep(Checkpoint([np.arange(3.0)], Log(*np.zeros((len(Log._fields), 1, 2))), "this"))
    assert own.path.exists() == kept


def training(method, T=20, batch=2, **parameters):
    """A cell that asks for a training of three updates."""
    asked = cell("reconstruction", method, T=T, **{"clipped": False, "updates": 3, "alpha": 0.2} | parameters)
    settings = {"train_rows": 2000, "test_rows": 1000, "rmse_steps": 5, "rmse_windows": 3, "orbit_steps": 20, "repeats": 1}
    return dataclasses.replace(asked, batch=batch, measure_parameters=settings)


def reconstructed(method, **parameters):
    """The outcome of a training of three updates."""
    (outcome,), _ = run([training(method, **parameters)])
    return outcome


def test_data_that_cannot_be_scored_are_refused_before_training(monkeypatch):
    monkeypatch.setattr(methods.method.Method, "fit", None)
    asked = cell("reconstruction", "sequential")
    for test_rows, message in (
        (149, "the test split has 149 rows; history = 100 and"),
        (155, "the test split, 155 rows, cannot be"),
    ):
        with pytest.raises(ValueError, match=message):
            run([dataclasses.replace(asked, measure_parameters={"test_rows": test_rows})])


def test_a_short_file_gives_the_rows_it_has(tmp_path):
    np.save(tmp_path / "short.npy", np.random.default_rng(0).standard_normal((100, 2)))
    short = systems.get("file", path=str(tmp_path / "short.npy"))
    assert len(rows(short, 50, seed=0, split="train")) == 50 and len(rows(short, 10**6, seed=0, split="train")) == 80
    x = windows(short, T=14, batch=5, dtype="float32", seed=0)  # 20 rows: the windows overlap
    assert x.shape == (5, 15, 2) and not np.array_equal(x[0], x[-1])
    with pytest.raises(ValueError, match="the test split has 20 rows; T = 20 needs at least T \\+ 1 = 21"):
        windows(short, T=20, batch=1, dtype="float32", seed=0)


def test_what_is_wrong_with_a_system_is_not_hidden_by_asking_again():
    system = dataclasses.replace(systems.get("lorenz63"), sigma=np.nan)
    with pytest.raises(ValueError, match='system "lorenz63": not finite after'):
        rows(system, 10, seed=0, split="train")
