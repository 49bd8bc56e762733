"""Parareal and two-level MGRIT: the iteration as defined, exactness after K updates, counts of an independent chunk Jacobi."""

import json
import math
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import methods
from methods import adjoint
from methods.adjoint import Adjoint
from methods.forcing import Forcing
from methods.models import ShallowPLRNN
from methods.problem import FunctionMap, Problem
from methods.problem.coarse import Parts, change_of
from methods.solvers.sequential import Sequential
from methods.solvers.windows.two_level import TwoLevel

COARSE = ["none", "blend", "euler"]
RELAXATIONS = ["F", "FCF"]
M, N = 3, 2


def _tanh(W, z, u):
    return jnp.tanh(W @ z)


def _forced_tanh(weights, z, x):
    W, E, D = weights
    return jnp.tanh(W @ (E @ z + D @ x))


def network(T, *, gain=0.5, alpha=0.1, batch=()):
    """A tanh network of which two read-outs are forced, and what it is made of; chaotic for large gains."""
    rng = np.random.default_rng(3)
    W, B = jnp.asarray(gain * rng.standard_normal((M, M))), jnp.asarray(rng.standard_normal((N, M)))
    x = jnp.asarray(rng.standard_normal((T, *batch, N)))
    forcing = Forcing("projected").operators(B, alpha)
    forced = FunctionMap(_forced_tanh, (W, forcing.E, forcing.D))
    z0 = jnp.asarray(rng.uniform(-1, 1, (*batch, M)))
    problem = Problem(forced, z0, x, Parts(FunctionMap(_tanh, W), forcing.E, forcing.D))
    return problem, jnp.asarray(rng.uniform(-1, 1, (T, *batch, M)))


@partial(jax.jit, static_argnums=0)
def solve(solver, problem, guess):
    return solver.solve(problem, guess)


def by_hand(problem, guess, C, coarse, relaxation, updates):
    """The states after `updates`, window by window as the iteration is defined, coarse maps without their closed forms."""
    T, x, (_, E, D) = len(guess), problem.inputs, problem.step.parameters
    K = -(-T // C)

    def fine(n, z):
        states = []
        for t in range(n * C, min((n + 1) * C, T)):
            z = problem.step(z, x[t])
            states.append(z)
        return states

    def G(n, z):
        if coarse == "none":
            return jnp.zeros(M)
        held = x[(n + 1) * C] if coarse == "blend" else x[n * C]
        for _ in range(C):
            z = E @ z + D @ held
        return z if coarse == "blend" else z + C * (problem.coarse.free(z, None) - z)

    U = [problem.z0, *(guess[n * C - 1] for n in range(1, K))]
    for update in range(updates):
        if update > 0:
            new = [problem.z0]
            for n in range(K - 1):
                new.append(windows[n][-1] + G(n, new[n]) - G(n, U[n]))
            U = new
        windows = [fine(n, U[n]) for n in range(K)]
        if relaxation == "FCF":
            U = [problem.z0, *(window[-1] for window in windows[:-1])]
            windows = [fine(n, U[n]) for n in range(K)]
    return jnp.stack(sum(windows, []))


@pytest.mark.parametrize("updates", [1, 2, 3])
@pytest.mark.parametrize("relaxation", RELAXATIONS)
@pytest.mark.parametrize("coarse", COARSE)
def test_the_iteration_is_the_one_that_is_defined(coarse, relaxation, updates):
    """With 𝒢 = 0 this is chunk Jacobi. The last window is short."""
    problem, guess = network(44, gain=1.5)
    solver = TwoLevel(coarse=coarse, relaxation=relaxation, trust=math.inf, window=5, max_iterations=updates)
    solution = solve(solver, problem, guess)
    assert (solution.status, int(solution.iterations)) == ("not_converged", updates)
    assert int(solution.evaluations) == updates * relaxation.count("F")
    np.testing.assert_allclose(solution.states, by_hand(problem, guess, 5, coarse, relaxation, updates), atol=1e-8)


def test_a_problem_that_does_not_say_what_it_is_made_of_has_no_coarse_map():
    problem, guess = network(44)
    bare = solve(TwoLevel(coarse="euler", window=5), problem._replace(coarse=None), guess)
    np.testing.assert_array_equal(bare.states, solve(TwoLevel(coarse="none", window=5), problem, guess).states)


@pytest.mark.parametrize("relaxation", RELAXATIONS)
@pytest.mark.parametrize("coarse", COARSE)
def test_each_update_makes_one_more_window_exact(coarse, relaxation):
    """One with F-relaxation, two with FCF, although nothing contracts and no coarse map is close."""
    T, C = 44, 5
    problem, guess = network(T, gain=3, alpha=0.01)
    exact = Sequential().solve(problem).states
    for updates in (1, 2, 3):
        states = solve(TwoLevel(coarse=coarse, relaxation=relaxation, window=C, max_iterations=updates), problem, guess).states
        prefix = updates * C * relaxation.count("F")
        np.testing.assert_allclose(states[:prefix], exact[:prefix], atol=1e-10)
        assert jnp.abs(states - exact)[prefix:].max() > 1e-3


@pytest.mark.parametrize("window", [1, 7, 50])
@pytest.mark.parametrize("relaxation", RELAXATIONS)
@pytest.mark.parametrize("coarse", COARSE)
def test_exact_after_K_updates_whatever_the_map_does(coarse, relaxation, window):
    problem, guess = network(101, gain=3, alpha=0.01)
    cap = math.ceil(math.ceil(101 / window) / relaxation.count("F"))
    solver = TwoLevel(coarse=coarse, relaxation=relaxation, window=window, max_iterations=cap)
    solution = solve(solver, problem, guess)
    assert solution.status == "converged" and solution.residual <= 2e-10
    np.testing.assert_allclose(solution.states, Sequential().solve(problem).states, atol=1e-8)


@pytest.mark.parametrize("T", [1, 17, 333])
@pytest.mark.parametrize("relaxation", RELAXATIONS)
@pytest.mark.parametrize("coarse", COARSE)
def test_equal_to_the_sequential_scan(coarse, relaxation, T):
    problem, guess = network(T)
    solution = solve(TwoLevel(coarse=coarse, relaxation=relaxation, window=16), problem, guess)
    assert solution.status == "converged"
    np.testing.assert_allclose(solution.states, Sequential().solve(problem).states, atol=1e-8)


@pytest.mark.parametrize("coarse", ["blend", "euler"])
def test_a_coarse_map_that_is_right_saves_sweeps(coarse):
    """Forcing alone, without a model: here both maps are Φ, and the state is remembered over all windows."""
    E, D = 0.999 * jnp.eye(M), 0.001 * jnp.ones((M, N))
    stay = FunctionMap(lambda _, z, u: z)
    problem, guess = network(200)
    problem = problem._replace(step=FunctionMap(lambda _, z, x: E @ z + D @ x), coarse=Parts(stay, E, D))
    plain, parareal, fcf = (
        solve(TwoLevel(coarse=kind, relaxation=relaxation, window=10), problem, guess)
        for kind, relaxation in (("none", "F"), (coarse, "F"), (coarse, "FCF"))
    )
    assert int(plain.iterations) == 20  # K
    assert (parareal.status, int(parareal.iterations), int(parareal.evaluations)) == ("converged", 2, 2)
    assert (fcf.status, int(fcf.iterations), int(fcf.evaluations)) == ("converged", 2, 3)  # the third sweep meets the rule


@pytest.mark.parametrize("form", ["projected", "gtf", "none"])
def test_steps_of_forcing_compose_to_stronger_forcing(form):
    """I − α_C P and α_C B⁺ with α_C = 1 − (1−α)^C."""
    B, alpha, C = jnp.asarray(np.random.default_rng(0).standard_normal((N, M))), 0.07, 37
    operators = Forcing(form).operators(B, alpha)
    E, D = Parts(None, operators.E, operators.D).forced(C)
    strength = 1 - (1 - alpha) ** C if form != "none" else 0
    P = operators.pinv @ B if form == "projected" else jnp.eye(M)
    np.testing.assert_allclose(E, jnp.eye(M) - strength * P, atol=1e-12)
    assert (D is None) == (form == "none")
    if D is not None:
        np.testing.assert_allclose(D, strength * operators.pinv, atol=1e-12)


def test_a_coarse_map_without_forcing_is_one_long_step():
    free = FunctionMap(_tanh, 0.5 * jnp.eye(M))
    new, old = jnp.array([[0.1], [0.2], [0.3]]), jnp.array([[0.3], [0.1], [0.0]])
    change = change_of("euler", Parts(free, jnp.eye(M), None), 4)(new, old, jnp.zeros((N, 1)))
    np.testing.assert_allclose(change, 4 * (jnp.tanh(new / 2) - jnp.tanh(old / 2)) - 3 * (new - old), atol=1e-14)


@pytest.mark.parametrize("relaxation", RELAXATIONS)
@pytest.mark.parametrize("gain", [0.5, 3])
def test_the_residual_reported_is_that_of_the_states(gain, relaxation):
    """Also in windows of several blocks, where a sweep ends within the window and leaves a jump."""
    problem, guess = network(700, gain=gain, alpha=0.01, batch=(2,))
    for tolerance in (1e-10, 1e-3):
        solution = solve(TwoLevel(coarse="none", relaxation=relaxation, window=128, tolerance=tolerance), problem, guess)
        assert list(solution.status) == ["converged"] * 2
        residual = jnp.abs(problem.evaluate(solution.states).residual).max((0, -1))
        np.testing.assert_allclose(solution.residual, residual, atol=1e-14)
        if gain < 1 and tolerance == 1e-3:
            assert (residual > 1e-14).all()  # else no sweep ended early, and this test would see nothing


def test_what_is_left_where_states_are_met_is_small_beside_these_states():
    """And not only beside the largest ones of the first sweep, which starts from a guess of a million."""
    decay = FunctionMap(lambda _, z, u: 0.9 * z + jnp.sin(u))
    problem = Problem(decay, jnp.zeros(1), jnp.arange(4000.0)[:, None])
    solution = solve(TwoLevel(window=416, coarse="none"), problem, jnp.full((4000, 1), 1e6))
    assert (solution.status, int(solution.iterations)) == ("converged", 2)
    np.testing.assert_allclose(solution.states, Sequential().solve(problem).states, atol=1e-8)


@pytest.mark.parametrize("name", ["gtf-parareal", "gtf-mgrit"])
@pytest.mark.parametrize("which", ["fo", "po"])
def test_equal_to_the_reference_roll_out(reference, which, name):
    case, params, _ = _trained(reference, which)
    method, x = methods.get(name, window=64), jnp.asarray(case["x"])
    for alpha in (0.1, 0.3):
        solution = _solve(method, params, x, alpha)
        expected = case["z"][list(case["alphas"]).index(alpha), 1:]
        assert solution.status == "converged"
        np.testing.assert_allclose(solution.states, expected, atol=1e-8 * np.abs(expected).max())


@pytest.mark.parametrize("which", ["fo", "po"])
def test_counts_of_chunk_jacobi_on_trained_models(reference, which):
    _, params, x = _trained(reference, which)
    cases, T = json.loads((reference / "newton_counts.json").read_text())[which], 1024
    rows = [row for row in cases["rows"] if row["T"] == T and row["guess"] == "pinv" and row["alpha"] >= 0.05]
    assert rows
    for row in rows:
        for C, sweeps in row["chunk_sweeps"].items():
            method = methods.get("gtf-parareal", coarse="none", window=int(C), tolerance=cases["tol"])
            solution = _solve(method, params, x[: T + 1], row["alpha"])
            assert solution.status == "converged" and abs(int(solution.iterations) - sweeps) <= 1, row


def _trained(reference, which):
    case = np.load(reference / f"gtf_rollout_{which}.npz")
    params = ShallowPLRNN.from_arrays(**{name: jnp.asarray(case[name]) for name in ("A", "W1", "W2", "h1", "h2", "B")})
    return case, params, jnp.asarray(np.load(reference / "newton_data.npz")[f"x_{which}"])


@partial(jax.jit, static_argnums=0)
def _solve(method, params, x, alpha):
    return method.solve(params, x, alpha=alpha)


@pytest.mark.parametrize("relaxation", RELAXATIONS)
def test_a_finished_sequence_keeps_its_states_and_count(relaxation):
    """A sequence that starts right is done at the first sweep, one in a batch with it needs all windows, one is lost."""
    problem, guess = network(60, gain=3, alpha=0.01, batch=(3,))
    exact = Sequential().solve(problem).states
    guess = guess.at[:, 0].set(exact[:, 0])
    problem = problem._replace(inputs=problem.inputs.at[30, 2].set(jnp.nan))
    solver = TwoLevel(coarse="euler", relaxation=relaxation, window=6)
    together = solve(solver, problem, guess)
    assert list(together.status) == ["converged", "converged", "diverged"]
    np.testing.assert_array_equal(together.iterations, [1, 10 // relaxation.count("F"), 1])
    np.testing.assert_allclose(together.states[:, :2], exact[:, :2], atol=1e-8)
    for s in range(2):
        alone = solve(solver, problem._replace(z0=problem.z0[s], inputs=problem.inputs[:, s]), guess[:, s])
        assert int(alone.iterations) == int(together.iterations[s])


@pytest.mark.parametrize("relaxation", RELAXATIONS)
def test_a_finished_sequence_does_not_move_where_its_windows_were_met(relaxation):
    """The other one needs every window; run through once more, a jump that was left would grow."""
    problem, guess = network(700, gain=1, batch=(2,))
    problem = problem._replace(inputs=problem.inputs.at[:, 1].set(0), z0=problem.z0.at[1].set(1e-3))
    solver = TwoLevel(coarse="none", relaxation=relaxation, window=64, tolerance=1e-4)
    together = solve(solver, problem, guess)
    assert len(set(np.asarray(together.iterations).tolist())) == 2
    for s in range(2):
        alone = solve(solver, problem._replace(z0=problem.z0[s], inputs=problem.inputs[:, s]), guess[:, s])
        assert (together.status[s], int(together.iterations[s])) == (alone.status, int(alone.iterations))
        np.testing.assert_allclose(together.states[:, s], alone.states, atol=1e-13)


@pytest.mark.parametrize("relaxation", RELAXATIONS)
def test_mapped_over_starts_it_gives_what_each_has_alone(relaxation):
    problem, guess = network(60, gain=1)
    starts = jnp.asarray(np.random.default_rng(8).uniform(-1, 1, (3, M)))
    solver = TwoLevel(coarse="euler", relaxation=relaxation, window=7)
    mapped = jax.jit(jax.vmap(lambda z0: solver.solve(problem._replace(z0=z0), guess)))(starts)
    for s, z0 in enumerate(starts):
        alone = solve(solver, problem._replace(z0=z0), guess)
        assert (mapped.status[s], int(mapped.iterations[s])) == (alone.status, int(alone.iterations))
        np.testing.assert_allclose(mapped.states[s], alone.states, atol=1e-12)


def test_what_lies_behind_the_last_step_does_not_count():
    """The last window is filled up with its last input; that the map explodes there says nothing about the states."""
    problem = Problem(FunctionMap(lambda _, z, u: z * u), jnp.ones(1), jnp.ones((17, 1)).at[-1].set(1e200))
    solution = solve(TwoLevel(window=8), problem, jnp.ones((17, 1)))
    assert solution.status == "converged"
    np.testing.assert_array_equal(solution.states, Sequential().solve(problem).states)


@pytest.mark.parametrize("relaxation", RELAXATIONS)
def test_corrections_that_are_not_numbers_leave_chunk_jacobi(relaxation):
    problem, guess = network(44)
    spoilt = problem._replace(coarse=Parts(problem.coarse.free, jnp.full((M, M), jnp.nan), problem.coarse.D))
    solution, plain = (
        solve(TwoLevel(coarse=coarse, relaxation=relaxation, window=3), problem, guess)
        for coarse, problem in (("blend", spoilt), ("none", problem))
    )
    assert solution.status == "converged"
    np.testing.assert_array_equal(solution.states, plain.states)


def test_a_coarse_map_that_overflows_does_not_spoil_a_map_that_contracts():
    """One long step, 1 − 0.9 C times the state, in 1000 windows: nine to the power of 1000 is out of the range of numbers."""
    free = FunctionMap(lambda _, z, u: 0.1 * z)
    problem = Problem(free, jnp.ones(M), jnp.zeros((11000, N)), Parts(free, jnp.eye(M), None))
    guess = jnp.ones((11000, M))
    textbook, kept = (solve(TwoLevel(coarse="euler", window=11, trust=trust), problem, guess) for trust in (math.inf, 1.0))
    assert textbook.status == "diverged" and jnp.isnan(textbook.residual)
    assert kept.status == "converged" and int(kept.iterations) < 10
    np.testing.assert_allclose(kept.states, Sequential().solve(problem).states, atol=1e-9)


@pytest.mark.parametrize("adjoint_scan", ["sequential", "windows"])
def test_the_coarse_map_has_no_gradient_and_changes_none(adjoint_scan):
    problem, guess = network(44)

    def loss(problem, states):
        return jnp.sum(states(problem) ** 2)

    by_adjoint = partial(adjoint.solve, TwoLevel(coarse="euler", window=5), Adjoint(adjoint_scan=adjoint_scan))
    got = jax.grad(loss)(problem, lambda problem: by_adjoint(problem, guess).states)
    wanted = jax.grad(loss)(problem, lambda problem: Sequential().solve(problem).states)
    for one, other in zip(jax.tree.leaves(got), jax.tree.leaves(wanted), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-8)
    assert all((leaf == 0).all() for leaf in jax.tree.leaves(got.coarse))


def test_only_a_solver_that_asks_is_told_what_the_map_is_made_of():
    method = methods.get("gtf-parareal", latent_dim=4)
    params, x = method.init(jax.random.key(0), 2), jnp.zeros((9, 2))
    assert method.problem(params, x)[0].coarse is not None
    assert method.stepwise.problem(params, x)[0].coarse is None
