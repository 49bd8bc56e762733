"""LSSM, Mamba-2 and low-rank shPLRNN: their training form is their free form, whatever the length and the chunks."""

import dataclasses
import math

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from time_first import scanned

import methods
from methods.forcing.sampling import ScheduledSampling
from methods.layout import cost
from methods.linear.decay import decay
from methods.models import ShallowPLRNN
from methods.models.mamba2 import ssd

N = 5


def model(name, seed=0, **sizes):
    method = methods.get(name, **sizes)
    return method, method.init(jr.key(seed), N, jnp.float64)


def data(T, *batch):
    return jnp.asarray(np.random.default_rng(T).standard_normal((*batch, T + 1, N)))


def closed_loop(method, params, history, length):
    """A free run by training passes alone: predict, append the prediction to what the model reads, and again."""
    x = history
    for _ in range(length):
        seen = jnp.concatenate([x, jnp.zeros((1, N))])
        x = jnp.concatenate([x, params.readout(method.solve(params, seen).states[-1])[None]])
    return x[len(history) :]


@pytest.mark.parametrize("rows", [1, 2, 9])
@pytest.mark.parametrize("name", ["lssm", "mamba2"])
def test_a_free_run_reads_its_own_predictions(name, rows):
    method, params = model(name)
    history = data(rows - 1)
    np.testing.assert_allclose(method.generate(params, history, 6), closed_loop(method, params, history, 6), atol=1e-12)


def test_an_lssm_running_freely_is_a_shallow_plrnn_of_rank_N():
    """Map its parameters by hand: equal latent orbits, and singular values beyond the N-th that are zero."""
    _, params = model("lssm", latent_dim=9, hidden_dim=30)
    W1, h1 = params.U @ params.W_o, params.h + params.U @ params.b_o
    twin = ShallowPLRNN.from_arrays(A=params.A, W1=W1, W2=params.V, h1=h1, h2=params.b_h, B=jnp.eye(N, 9))
    free, step = params.free(), twin.autonomous()
    z = jnp.linspace(-1, 1, 9)
    mine = other = z
    for _ in range(200):
        mine = params.A * mine + params.U @ params.readout(mine) + params.h
        other = step(other)
        np.testing.assert_allclose(other, mine, atol=1e-12)
    np.testing.assert_allclose(free(z), step(z), atol=1e-14)
    singular = np.linalg.svd(free.W1, compute_uv=False)
    assert singular[N - 1] > 1e-3 and singular[N:].max() < 1e-14


@pytest.mark.parametrize("sizes, rank", [({"extra_rank": 0}, N), ({"extra_rank": 2}, N + 2)])
def test_a_low_rank_model_has_the_rank_and_the_parameters_it_says(sizes, rank):
    _, params = model("low-rank", latent_dim=24, hidden_dim=128, **sizes)
    assert np.linalg.matrix_rank(params.full().W1) == rank
    assert sum(leaf.size for leaf in jax.tree.leaves(params)) == 2 * 24 + 24 * rank + rank * 128 + 128 * 24 + 128 + N * 24


def test_the_budgets_are_those_of_the_comparison():
    """M = 24, L = 128, N = 5: 6440 (full), 4128 (rank N) and 4013 (LSSM); Mamba-2 near 7 and 17 thousand."""
    sizes = {"latent_dim": 24, "hidden_dim": 128}
    count = lambda *of, **kw: sum(leaf.size for leaf in jax.tree.leaves(model(*of, **kw)[1]))  # noqa: E731
    assert (count("gtf-deer", **sizes), count("low-rank", **sizes), count("lssm", **sizes)) == (6440, 4128, 4013)
    assert (count("mamba2"), count("mamba2", latent_dim=32)) == (7409, 16605)
    assert (count("mamba2", head_dim=4), count("mamba2", latent_dim=32, head_dim=4)) == (7485, 16885)


def test_a_rank_that_cannot_be_is_an_error():
    with pytest.raises(ValueError, match="extra_rank = 9: rank 14"):
        model("low-rank", extra_rank=9)


@pytest.mark.parametrize("T", [1, 2, 37, 400])
@pytest.mark.parametrize("scans", [True, False])
def test_the_linear_scan_is_the_recurrence(T, scans, monkeypatch):
    """In windows, and in a tree as on a GPU."""
    monkeypatch.setattr(cost, "CPU", dataclasses.replace(cost.CPU, scans=scans))
    rng = np.random.default_rng(T)
    A, z0, u = (jnp.asarray(rng.uniform(-1, 1, shape)) for shape in ((4,), (3, 4), (T, 3, 4)))
    _, expected = jax.lax.scan(lambda z, u: (A * z + u,) * 2, z0, u)
    np.testing.assert_allclose(decay(A, z0, u), expected, atol=1e-13)


@pytest.mark.parametrize("chunk", [1, 8, 64, 100])
@pytest.mark.parametrize("T", [64, 77])
@pytest.mark.parametrize("heads", ["shared", "head"])
@pytest.mark.parametrize("start", ["zero", "init"])
def test_the_chunked_scan_against_the_reference(reference, start, heads, T, chunk):
    case = np.load(reference / "ssd.npz")
    of = lambda name: jnp.asarray(case[f"T{T}_{name}"])  # noqa: E731
    time_first = lambda name: jnp.moveaxis(of(name), 0, 1)  # noqa: E731
    B, C = (time_first(name if heads == "shared" else f"{name}_head") for name in "BC")
    S = of("h0") if start == "init" else jnp.zeros_like(of("h0"))
    y, end = scanned(time_first("X"), time_first("dt"), of("A"), B, C, S, chunk)
    wanted = time_first(f"y_{heads}_{start}")
    assert jnp.abs(y - wanted).max() <= 1e-11 * jnp.abs(wanted).max()
    np.testing.assert_allclose(end, of(f"hT_{heads}_{start}"), rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("d", [2, 16])  # more, and fewer variables than the block has inputs
@pytest.mark.parametrize("rows", [6.0, 100.0, 1024.0, math.inf])  # of a piece
def test_a_block_goes_on_where_it_stopped(d, rows, monkeypatch):
    """Two runs, the second from the state at the end of the first, are one run; and so is one step after the other."""
    monkeypatch.setattr(cost, "CPU", dataclasses.replace(cost.CPU, ssd_rows=rows))
    _, params = model("mamba2", latent_dim=d, head_dim=4)
    x = data(70, 3).swapaxes(0, 1)
    whole, end = params.run(x, 16)
    first, middle = params.run(x[:33], 16)
    second, same_end = params.run(x[33:], 16, middle)
    np.testing.assert_allclose(jnp.concatenate([first, second]), whole, atol=1e-13)
    jax.tree.map(lambda got, wanted: np.testing.assert_allclose(got, wanted, atol=1e-13), same_end, end)
    state = params.first_state(x[0])
    for row in x:
        state = params.step(state, row)
    jax.tree.map(lambda got, wanted: np.testing.assert_allclose(got, wanted, atol=1e-13), state, end)


@pytest.mark.parametrize("rows, chunks", [(1.0, 1), (48.0, 1), (100.0, 2), (240.0, 5), (math.inf, 5)])
def test_chunks_go_through_together_as_far_as_the_device_holds_them(rows, chunks, monkeypatch):
    monkeypatch.setattr(cost, "CPU", dataclasses.replace(cost.CPU, ssd_rows=rows))
    seen = []

    def function(S, piece):
        seen.append(piece.shape)
        return S, piece

    given = data(5, 3 * 16 * 2).swapaxes(0, 1).reshape(5, 3, 16, -1)
    _, joined = ssd.by_pieces(function, jnp.zeros(()), given)
    assert set(seen) == {(chunks, *given.shape[1:])}
    np.testing.assert_array_equal(joined, given)


def test_long_decay_does_not_underflow():
    """κ falls below −700 within a chunk, where exp(κ_i) / exp(κ_j) would be 0 / 0."""
    T, H = 64, 2
    X, B = jnp.ones((1, T, H, 1)), jnp.ones((1, T, 1))  # one chunk
    y = lambda dt, rate: ssd.scan(X, dt, rate, B, B, jnp.zeros((H, 1, 1)))[0]  # noqa: E731
    long = jnp.full((1, T, H), 50.0)
    np.testing.assert_allclose(y(long, jnp.array([-1.0, -16.0])), 50.0)  # each step forgets all before it
    gradient = jax.grad(lambda dt: y(dt, -jnp.ones(H)).sum())
    assert np.isfinite(gradient(long)).all()


@pytest.mark.parametrize("name", methods.names())
def test_what_goes_step_by_step_is_its_own_stepwise_form(name):
    stepwise = methods.get(name).stepwise
    assert stepwise.stepwise == stepwise


@pytest.mark.parametrize("schedule", ["linear", "exponential", "sigmoid"])
def test_predictions_take_over_as_training_goes_on(schedule):
    sampling = ScheduledSampling(schedule=schedule, sampling_rate=0.05, sampling_max=0.6)
    shares = [float(sampling.probability(jnp.asarray(p))) for p in np.linspace(0, 1, 11)]
    assert shares == sorted(shares) and 0 <= shares[0] < 0.05 and 0.5 < shares[-1] <= 0.6 + 1e-6


def test_scheduled_sampling_without_sampling_is_the_linear_model():
    method, params = model("lssm-scheduled", sampling_max=0.0)
    x = data(40, 2)
    linear = dataclasses.replace(methods.get("lssm"), model=method.model)
    np.testing.assert_allclose(method.solve(params, x).states, linear.solve(params, x).states, atol=1e-12)


def test_scheduled_sampling_with_nothing_else_is_a_free_run_after_one_row():
    method, params = model("lssm-scheduled", sampling_max=1.0, sampling_rate=1.0)
    x = data(20)
    predictions = params.readout(method.solve(params, x).states)
    np.testing.assert_allclose(predictions, method.generate(params, x[:1], 20), atol=1e-12)


@pytest.mark.parametrize(("name", "forcing"), [("lssm", "projected"), ("mamba2", "gtf"), ("gtf-deer", "input")])
def test_a_forcing_that_does_not_fit_the_model_is_named(name, forcing):
    with pytest.raises(ValueError, match=f"\"{name}\": forcing = '{forcing}' does not fit"):
        methods.get(name, forcing=forcing)


def test_the_same_steps_read_their_data_in_either_precision():
    """So that a run in float32 can be compared with its reference in float64."""
    x = data(500, 3)
    single, double = (ScheduledSampling().takes_data(x.astype(dtype), None, None) for dtype in (jnp.float32, jnp.float64))
    np.testing.assert_array_equal(single, double)
    assert 0.3 < single.mean() < 0.7
