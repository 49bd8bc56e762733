"""A solver is measured on any recurrence, and on a trained model: what it took, how far off it ended, and what explains it."""

import math

import numpy as np
import pytest

import methods
from bench.errors import UserError
from bench.measure.predictability import encoded
from bench.question import config, matrix
from bench.question.cell import Cell
from bench.storage import schema
from bench.storage.rows import Context, rows
from systems import recurrences

EXPONENTS = {"lyapunov", "lyapunov_per_time", "lyapunov_error", "log_a", "log_b", "log_mu_bound"}


def cell(method="deer", system="mean-field", T=30, seed=0, dtype="float64", of_measure=None, of_system=None, **of_method):
    of_system = {"dim": 10} | (of_system or {}) if system == "mean-field" else of_system or {}
    iterative = "rule" in methods.get(method).parameters
    of_method = ({"rule": "merit", "tolerance": 1e-10} if iterative else {}) | of_method
    given = dict(method_parameters=of_method, system_parameters=of_system, measure_parameters=of_measure or {})
    return Cell("predictability", method, system, T=T, batch=1, dtype=dtype, seed=seed, **given)


def run(*cells):
    """Outcomes in the order of the cells, with the scores of each by metric."""
    outcomes = dict(cells[0].build_measure().run(list(cells), lambda cell: math.inf))
    return [(outcomes[each], _scores(outcomes[each])) for each in cells]


def _scores(outcome) -> dict:
    return {row["metric"]: row["value"] for row in outcome.tables["metrics"]}


def test_methods_of_one_recurrence_are_told_alike_and_timed_in_turn():
    cells = [cell(method) for method in ("sequential", "deer", "quasi-deer", "gtf-schwarz", "auto")]
    for each, (outcome, scores) in zip(cells, found := run(*cells), strict=True):
        assert outcome.status == "ok" and outcome.columns["value_error"] < 1e-4 and outcome.columns["latent_dim"] == 10
        assert [row["repetition"] for row in outcome.tables["runtime"]] == [0] and outcome.columns["compile_s"] > 0
        assert ("prefixes" in outcome.tables) == each.build_method().solver.counts_prefixes
        assert {name: scores[name] for name in EXPONENTS} == {name: found[0][1][name] for name in EXPONENTS}
        stored = rows(each, outcome, Context("test", "shared"), started=None, wall_s=1.0)
        for name, some in stored.items():
            schema.table(name, some)
        assert (stored["cells"][0]["latent_dim"], stored["cells"][0]["alpha"]) == (10, None)
    assert found[0][0].columns["iterations"] == found[0][0].columns["value_error"] == 0
    assert found[1][0].tables["prefixes"][-1]["updates"] == found[1][0].columns["iterations"]


@pytest.mark.parametrize("name", recurrences.names())
def test_every_recurrence_can_be_asked(name):
    ((outcome, scores),) = run(cell(system=name, T=12, of_measure={"repeats": 0}, max_iterations=12))
    assert outcome.status in ("ok", "diverged") and not outcome.tables["runtime"]
    assert {*EXPONENTS, "merit", "trajectory_error"} <= scores.keys()
    if outcome.status == "ok":
        assert all(map(math.isfinite, scores.values())) and scores["merit"] <= 1e-10


def test_the_exponent_starts_from_the_tangent_of_the_recurrence():
    drawn = recurrences.get("mean-field", dim=10).draw(30)
    ((_, scores),) = run(cell(of_measure={"repeats": 0}))
    z, v, W, logs = drawn.z0, drawn.tangent, drawn.step.args[0], []
    for t in range(29):
        z = W @ np.tanh(z) + drawn.inputs[t]
        v = W @ ((1 - np.tanh(z) ** 2) * v)
        logs.append(np.log(np.linalg.norm(v)))
        v /= np.linalg.norm(v)
    assert scores["lyapunov"] == pytest.approx(np.mean(logs), abs=1e-12)


def test_a_small_merit_may_go_with_states_that_are_wrong():
    """The counter-case of the paper's rule: it is met, and the trajectory is off by the size of the attractor."""
    ((outcome, scores),) = run(cell(T=400, of_system={"dim": 40, "gain": 2.0}, of_measure={"repeats": 0}, max_iterations=400))
    assert outcome.status == "ok" and scores["merit"] <= 1e-10 and scores["lyapunov"] > 0.05
    assert scores["trajectory_error"] > 1e-3


def test_caps_and_divergence_are_rows_with_a_reason():
    (capped,) = run(cell(max_iterations=1, of_measure={"repeats": 0}))
    (blown,) = run(cell("picard", T=900, dtype="float32", of_measure={"repeats": 0}, max_iterations=400))
    assert capped[0].status == "not_converged" and capped[0].tables["prefixes"][-1]["updates"] is None
    assert blown[0].status == "diverged" and math.isnan(blown[1]["trajectory_error"])
    (reason,) = {row["reason"] for row in blown[0].tables["metrics"] if row["metric"] == "trajectory_error"}
    assert reason == "the states that the solver ended with are not finite"


def test_one_step_has_no_exponent_and_says_so():
    ((outcome, scores),) = run(cell(T=1))
    assert outcome.status == "ok" and math.isnan(scores["lyapunov"])
    assert all("reason" in row for row in outcome.tables["metrics"] if math.isnan(row["value"]))


def test_exponents_of_a_spectrum_and_the_constant_are_asked_for():
    ((_, scores),) = run(cell(of_measure={"spectrum": 3, "pl_turns": 100, "repeats": 0}, of_system={"gain": 0.6}))
    assert scores["lyapunov"] >= scores["lyapunov_2"] >= scores["lyapunov_3"]
    assert scores["log_mu"] <= 0 and scores["log_mu_error"] >= 0


def test_what_is_stored_of_prefixes_says_each_of_them():
    counts = np.random.default_rng(0).integers(-1, 3, (50, 2))
    found = encoded(counts)
    for sequence in range(2):
        rows = [row for row in found if row["sequence"] == sequence]
        starts = np.array([row["length"] for row in rows])
        at = np.searchsorted(starts, np.arange(1, 51), side="right") - 1
        again = [rows[i]["updates"] for i in at]
        assert again == [None if count < 0 else count for count in counts[:, sequence]]
        assert all(a["updates"] != b["updates"] for a, b in zip(rows, rows[1:], strict=False)) and starts[0] == 1


def test_a_trained_model_takes_the_updates_that_convergence_counts(monkeypatch):
    given = dict(T=40, batch=2, dtype="float64", method_parameters={"latent_dim": 3, "hidden_dim": 8, "alpha": 0.3})
    asked = {"trained_updates": 3}
    mine, theirs = (
        Cell(name, "gtf-deer", "lorenz63", measure_parameters=asked, **given) for name in ("predictability", "convergence")
    )
    ((outcome, scores),) = run(mine)
    (other,) = (found for _, found in theirs.build_measure().run([theirs], lambda cell: math.inf))
    assert outcome.status == other.status == "ok" and outcome.columns["iterations"] == other.columns["iterations"]
    assert scores["lyapunov"] == pytest.approx(_scores(other)["forced_lyapunov"], abs=1e-6)
    assert scores["lyapunov_per_time"] == pytest.approx(scores["lyapunov"] / mine.build_system().dt)
    assert {row["sequence"] for row in outcome.tables["prefixes"]} == {0, 1} and "latent_dim" not in outcome.columns
    assert scores["contraction"] >= scores["lyapunov"] and 0 <= scores["contraction_onset"] < 1


def test_a_single_sequence_of_a_model_is_solved_as_in_a_batch():
    given = dict(T=40, dtype="float64", method_parameters={"latent_dim": 3, "hidden_dim": 8, "alpha": 0.3})
    one = Cell("predictability", "gtf-deer", "lorenz63", batch=1, measure_parameters={"trained_updates": 3}, **given)
    ((outcome, _),) = run(one)
    assert outcome.status == "ok" and {row["sequence"] for row in outcome.tables["prefixes"]} == {0}


HEAD = """
title = "A test"
measure = "predictability"
[fixed]
system = "mean-field"
T = 10
batch = {batch}
[[grid]]
method = {methods}
"""


def test_methods_whose_solver_takes_no_step_are_skipped_with_a_reason(tmp_path):
    path = tmp_path / "some.toml"
    path.write_text(HEAD.format(batch=1, methods='["deer", "lssm", "mamba2"]'))
    cells = {each.method: each for each in matrix.cells(config.load(str(path)))}
    assert not cells["deer"].misfit
    for name in ("lssm", "mamba2"):
        assert f'method "{name}" on recurrence "mean-field": its solver takes a' in cells[name].misfit


def test_a_recurrence_is_one_sequence(tmp_path):
    path = tmp_path / "some.toml"
    path.write_text(HEAD.format(batch=2, methods='"deer"'))
    with pytest.raises(UserError, match='batch = 2: a recurrence such as "mean-field" is one sequence. Set batch = 1.'):
        matrix.cells(config.load(str(path)))
