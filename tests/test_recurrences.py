"""Recurrences are the published ones, to the last bit where a reference has them; a user adds one by a function and a state."""

import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from bench import conformance
from bench.question import catalogue
from methods.problem import posed
from methods.solvers.fixed_point import Jacobi
from methods.solvers.newton import Newton
from methods.solvers.sequential import Sequential
from registry import UnknownName
from systems import recurrences

pytest_plugins = ["runner_doubles"]

FLOWS = [name.removesuffix("-observer") for name in recurrences.names() if name.endswith("-observer")]
MERIT = 1e-10


def drawn(name, T, seed=0, dtype=jnp.float64, **fields):
    """The recurrence in double precision, and the problem it poses."""
    found = recurrences.get(name, **fields).draw(T, seed).astype(dtype)
    return found, posed(found.step, found.z0, found.inputs)


@jax.jit
def by_merit(problem, guess):
    return Newton(rule="merit", tolerance=MERIT, max_iterations=1000).solve(problem, guess)


@jax.jit
def exponent(problem, tangent):
    """Growth of a small error per step, over the T − 1 Jacobians at z_1 … z_{T−1}."""
    states = Sequential().solve(problem).states
    _, pattern = problem.step.linearise(states[:-1], jax.tree.map(lambda leaf: leaf[1:], problem.inputs))

    def grow(v, at):
        v = problem.step.push(at, v)
        size = jnp.linalg.norm(v)
        return v / size, jnp.log(size)

    return jax.lax.scan(grow, tangent, pattern)[1].mean()


def mean_field_rows(reference, **wanted):
    cases = json.loads((reference / "meanfield_rnn.json").read_text())
    return [row for row in cases["rows"] if all(row[key] == value for key, value in wanted.items())]


def test_mean_field_networks_are_those_of_the_reference(reference):
    for case in json.loads((reference / "meanfield_rnn.json").read_text())["digests"]:
        found = recurrences.get("mean-field", dim=case["D"]).draw(case["T"], seed=case["seed"])
        (W,) = found.step.args
        got = (W[0, 1], found.inputs[5, 3], found.z0[0], found.tangent[0], found.guess[0, 0], found.guess[-1, -1])
        names = ("W01_over_g", "u53", "s0_0", "v0_0", "guess_00", "guess_last")
        assert got == tuple(case[name] for name in names) and np.isclose(np.linalg.norm(W), case["W_fro_over_g"], rtol=1e-14)


@pytest.mark.parametrize(("D", "T"), [(32, 256), (100, 1000)])
def test_updates_on_the_mean_field_network(reference, D, T):
    """Exact where the exponent is below -0.05, and elsewhere within 3 % or one update.

    Cases of up to 100 updates: longer ones hang on how sums are rounded, whatever their exponent, and take most of the time.
    """
    rows = [row for row in mean_field_rows(reference, D=D, T=T) if row["steps"] <= 100]
    assert len(rows) > 30
    for row in rows:
        found, problem = drawn("mean-field", T, row["seed"], dim=D, gain=row["g"])
        solution, allowed = by_merit(problem, found.guess), 0 if row["lle"] < -0.05 else max(1, 0.03 * row["steps"])
        updates = int(solution.iterations)
        assert solution.status == "converged" and abs(updates - row["steps"]) <= allowed, (row, updates)
        assert abs(float(exponent(problem, found.tangent)) - row["lle"]) <= 1e-3, row


def test_a_negative_exponent_may_be_slow_and_a_small_merit_may_be_wrong(reference):
    """No count follows from the exponent alone, and no error from the merit alone: both counter-cases of the reference."""
    (slow,) = mean_field_rows(reference, D=32, T=256, g=1.15, seed=2)
    found, problem = drawn("mean-field", 256, 2, dim=32, gain=1.15)
    assert float(exponent(problem, found.tangent)) < -0.1 and int(by_merit(problem, found.guess).iterations) > 25
    assert slow["steps"] > 25
    found, problem = drawn("mean-field", 1000, 0, gain=1.6)
    solution = by_merit(problem, found.guess)
    wrong = np.abs(solution.states - Sequential().solve(problem).states).max()
    assert solution.status == "converged" and float(exponent(problem, found.tangent)) > 0.03 and wrong > 1


def test_two_wells_are_those_of_the_reference(reference):
    cases = json.loads((reference / "systems.json").read_text())["two_well_langevin"]
    for run in cases["runs"]:
        for T in (100, 1000, 10_000):
            found, problem = drawn("two-well", T, run["seed"])
            states = Sequential().solve(problem).states
            for step, state in run["states"].items():
                if int(step) <= T:
                    np.testing.assert_allclose(states[int(step) - 1], state, atol=1e-8)
            updates, allowed = run["newton_updates"][str(T)]["updates"], 1 if T <= 1000 else 3
            assert abs(int(by_merit(problem, found.guess).iterations) - updates) <= allowed
            assert abs(float(exponent(problem, found.tangent)) - run["lle_per_step"][str(T)]) <= 1e-3


# T = 3000, seed 42, without feedback: exponents per unit time, updates, of the flow and of its observer; an independent
# implementation has them, of which one of the observer's exponents is -8/3 by theory.
@pytest.mark.parametrize(
    ("name", "flow", "observed", "updates"),
    [("lorenz", 1.11, -2.69, 2), ("thomas", 0.126, -1.73, 3), ("abc", 0.179, -0.033, 2)],
)
def test_a_flow_and_its_observer(name, flow, observed, updates):
    _, problem = drawn(name, 3000, 42)
    found, followed = drawn(f"{name}-observer", 3000, 42, feedback="none")
    assert abs(float(exponent(problem, found.tangent)) / found.dt - flow) <= max(0.02, 0.02 * flow)
    assert abs(float(exponent(followed, found.tangent)) / found.dt - observed) <= 0.02
    solution = by_merit(followed, found.guess)
    assert solution.status == "converged" and abs(int(solution.iterations) - updates) <= 1
    # an observer ends up where the flow is, unless its exponent is so small that it takes longer
    if observed < -1:
        np.testing.assert_allclose(solution.states[-1], Sequential().solve(problem).states[-1], atol=1e-6)


# arXiv:2508.16817, Table 1: exponents per unit time of the flow and of its observer, updates of the observer by their count,
# which is one higher than ours.
TABLE1 = {
    "abc": (0.16, -0.08, 3),
    "chua": (0.02, -1.37, 14),
    "kawczynski-strizhak": (0.01, -3.08, 2),
    "lorenz": (1.02, -6.28, 3),
    "nose-hoover": (0.02, -0.13, 3),
    "rossler": (0.01, -0.07, 7),
    "sprott-b": (0.20, -0.39, 2),
    "thomas": (0.01, -3.07, 7),
    "vallis-el-nino": (0.58, -2.48, 3),
}
# Orbits of Lorenz's flow that differ by rounding alone at their start give -6.12 to -6.53 over these 300 units of time.
SPREAD = {"lorenz": 0.5}


@pytest.mark.parametrize("name", FLOWS)
def test_flows_and_observers_are_those_of_table_1(name):
    flow, observer, updates = TABLE1[name]
    _, problem = drawn(name, 30_000)
    found, followed = drawn(f"{name}-observer", 30_000)
    assert abs(float(exponent(problem, found.tangent)) / found.dt - flow) <= 0.1
    assert abs(float(exponent(followed, found.tangent)) / found.dt - observer) <= SPREAD.get(name, 0.1)
    counts = []
    for seed in range(3):  # from guess to guess Chua's takes between 9 and 22
        found, followed = drawn(f"{name}-observer", 30_000, seed)
        solution, stays = by_merit(followed, found.guess), np.isfinite(Sequential().solve(followed).states).all()
        assert solution.status == ("converged" if stays else "diverged")  # from some starts Rössler's does not stay finite
        counts += [int(solution.iterations)] * int(stays)
    assert len(counts) > 1 and abs(np.median(counts) - (updates - 1)) <= 3


@pytest.mark.parametrize("name", FLOWS)
def test_an_observer_that_starts_where_its_flow_does_is_the_flow(name):
    """Whatever it is fed, and by whatever feedback, it is then told nothing new."""
    _, problem = drawn(name, 50)
    for feedback in ("published", "drawn", "none"):
        _, followed = drawn(f"{name}-observer", 50, feedback=feedback)
        states = Sequential().solve(followed._replace(z0=problem.z0)).states
        np.testing.assert_allclose(states, Sequential().solve(problem).states, rtol=1e-9, atol=1e-9)


def test_feedback_is_drawn_last_and_changes_nothing_else():
    kinds = {
        (feedback, seed): recurrences.get("chua-observer", feedback=feedback).draw(20, seed)
        for feedback in ("published", "drawn", "none")
        for seed in (0, 1)
    }
    c = {kind: tuple(found.step.args[0]) for kind, found in kinds.items()}
    assert c["published", 0] == c["published", 1] and c["drawn", 0] != c["drawn", 1] and not any(c["none", 0])
    for feedback, seed in kinds:
        for field in ("z0", "inputs", "guess", "tangent"):
            np.testing.assert_array_equal(getattr(kinds[feedback, seed], field), getattr(kinds["none", seed], field))


@pytest.mark.parametrize("T", [1, 60])
def test_words_take_newton_one_update_and_the_diagonal_about_as_many_as_there_are_steps(T):
    found, problem = drawn("s5-words", T)
    full = Newton().solve(problem, found.guess)
    assert (full.status, int(full.iterations)) == ("converged", 1)
    np.testing.assert_array_equal(np.sort(np.round(full.states), axis=-1), np.broadcast_to(np.arange(1.0, 6.0), (T, 5)))
    for solver in (Newton(jacobian="diagonal", max_iterations=T), Jacobi(max_iterations=T)):
        solution = solver.solve(problem, found.guess)
        assert solution.status == "converged" and T / 2 < int(solution.iterations) <= T


@pytest.mark.parametrize("dim", [2, 4, 8])
def test_a_gru_of_any_size_forgets_and_is_solved_in_a_few_updates(dim):
    found, problem = drawn("gru", 500, dim=dim)
    solution = by_merit(problem, found.guess)
    assert float(exponent(problem, found.tangent)) < 0
    assert solution.status == "converged" and int(solution.iterations) <= 10


@pytest.mark.parametrize("name", ["gru", "s5-words", "mean-field", "two-well"])
def test_a_longer_draw_starts_with_the_shorter(name):
    longer, shorter = (recurrences.get(name).draw(T) for T in (40, 15))
    for field in ("z0", "tangent"):
        np.testing.assert_array_equal(getattr(longer, field), getattr(shorter, field))
    for field in ("inputs", "guess"):
        np.testing.assert_array_equal(getattr(longer, field)[:15], getattr(shorter, field))


def test_recurrences_that_differ_in_numbers_share_what_is_compiled():
    """Seeds and gains are arguments of one program, not programs of their own; settings that shape a step are."""
    count = []

    @jax.jit
    def traced(problem):
        count.append(1)
        return Sequential().solve(problem).states

    for seed, gain in ((0, 0.5), (1, 2.0)):
        traced(drawn("mean-field", 5, seed, dim=3, gain=gain)[1])
    assert len(count) == 1
    for seed, sigma in ((0, 10.0), (1, 10.0), (1, 9.0)):
        traced(drawn("lorenz", 5, seed, sigma=sigma)[1])
    assert len(count) == 3


def test_a_long_wide_recurrence_never_holds_its_jacobians():
    """D = 100, T = 10⁴: a Jacobian per step would be 800 MB in double precision."""
    found, problem = drawn("mean-field", 10_000, gain=0.5)
    solve = jax.jit(Newton(rule="merit", tolerance=MERIT).solve).lower(problem, found.guess).compile()
    assert solve.memory_analysis().temp_size_in_bytes < 100 * found.guess.nbytes / 10
    assert int(solve(problem, found.guess).iterations) == 3  # as in the reference


OWN = """
import jax.numpy as jnp
RECURRENCES = {"mine": dict(step=lambda z, u: jnp.sin(3 * z), start=(0.3,), summary="a sine map")%s}
"""


def test_a_function_and_a_first_state_are_a_recurrence(tmp_path, plug_in):
    (tmp_path / "mine.py").write_text(OWN % "", encoding="utf-8")
    plug_in(tmp_path / "mine.py")
    assert {result.outcome for result in conformance.check("mine")} == {"ok"}
    assert catalogue.summary("recurrence", "mine") == "a sine map" and catalogue.settings("recurrence", "mine") == {}
    found, problem = drawn("mine", 20)
    assert abs(float(problem.step(found.z0, found.inputs[0])[0]) - np.sin(0.9)) < 1e-15
    np.testing.assert_array_equal(found.inputs[:, 0], np.arange(20))


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ("dict(start=(1.0,))", 'a recurrence has no "step": want dict(step=..., start=...).'),
        ("dict(step=abs, start=1.0)", "start = 1.0: want the numbers of the first state one by one, such as (0.3,)."),
        ("dict(step=abs, begin=(1.0,))", 'a recurrence has no part "begin".'),
        ("3", 'a int is no recurrence: it has no "__dataclass_fields__".'),
    ],
)
def test_what_is_no_recurrence_is_unavailable_with_the_reason(tmp_path, plug_in, entry, reason):
    path = tmp_path / "mine.py"
    path.write_text(OWN % f', "wrong": {entry}', encoding="utf-8")
    plug_in(path)
    assert reason in catalogue.plugins("recurrence").unavailable()[f"{path}: wrong"]
    assert "mine" in recurrences.names()


def test_an_unknown_name_or_setting_is_an_error_with_a_suggestion():
    with pytest.raises(UnknownName, match='"mean-feild": no such recurrence. Did you mean "mean-field"?'):
        recurrences.get("mean-feild")
    with pytest.raises(UnknownName, match='recurrence "mean-field": no field "gian". Did you mean "gain"?'):
        recurrences.get("mean-field", gian=1.0)
    with pytest.raises(ValueError, match="gain = -1"):
        recurrences.get("mean-field", gain=-1)


TOY = """
import dataclasses
import jax, jax.numpy as jnp
import numpy as np
from systems.recurrences.family import Family

@dataclasses.dataclass(frozen=True, kw_only=True)
class Toy(Family):
    '''A toy.'''

    start = (0.3, -0.2)

    def step(self, z, u):
        return 0.5 * jnp.tanh(z) + 0.1

    def draw(self, T, seed=0):
        drawn = super().draw(T, seed)
        return drawn

RECURRENCES = {"toy": Toy}
"""
WRONG_JVP = """@jax.custom_jvp
def bent(z):
    return jnp.tanh(z)


@bent.defjvp
def _(z, v):
    return bent(*z), 0.1 * v[0]


@dataclasses"""
BROKEN = {
    "says_what_it_is": [("'''A toy.'''", "__doc__ = None"), ("return drawn", "return drawn.z0")],
    "draws_what_it_is_asked_for": [
        ("return drawn", "return dataclasses.replace(drawn, guess=drawn.guess[1:])"),
        ("return drawn", "return dataclasses.replace(drawn, tangent=2 * drawn.tangent)"),
        ("return drawn", "return dataclasses.replace(drawn, inputs=())"),
    ],
    "a_seed_is_one_draw": [
        ("super().draw(T, seed)", "super().draw(T, np.random.randint(1000))"),
        ("super().draw(T, seed)", "super().draw(T, 0)"),
        (
            "return drawn",
            "return dataclasses.replace(drawn, guess=jax.random.normal(jax.random.key(seed), drawn.guess.shape))",
        ),
    ],
    "misuse_is_a_value_error": [("super().draw(T, seed)", "super().draw(max(T, 1), abs(seed))")],
    "goes_on_step_by_step": [("0.5 * jnp.tanh(z)", "3 * z"), ("z, u):", "z, u):\n        z = z.astype(jnp.float64)")],
    "steps_side_by_side_as_alone": [("jnp.tanh(z)", "(z + np.random.rand())")],
    "has_the_derivative_of_its_step": [
        ("jnp.tanh(z)", "jnp.where(z > 9, jnp.sqrt(z - 9), z)"),
        ("@dataclasses", WRONG_JVP),
    ],
}


@pytest.mark.parametrize(("law", "right", "wrong"), [(law, *each) for law, some in BROKEN.items() for each in some])
def test_a_wrong_recurrence_breaks_its_law(tmp_path, plug_in, law, right, wrong):
    text = TOY.replace(right, wrong, 1)
    if wrong == WRONG_JVP:
        text = text.replace("0.5 * jnp.tanh", "0.5 * bent")
    assert text != TOY
    (tmp_path / "toy.py").write_text(text, encoding="utf-8")
    plug_in(tmp_path / "toy.py")
    with pytest.raises((AssertionError, ValueError, TypeError)):
        conformance.laws("recurrence")[law]("toy")
