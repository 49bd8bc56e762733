"""Kernels compute what XLA's programs compute, by jax's interpreter, and lower for a GPU without one."""

import contextlib
import dataclasses
import functools
import warnings

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import methods
from methods.kernels import why_not
from methods.kernels.lanes import share_backwards, share_forwards
from methods.layout import cost
from methods.layout.windows import Windows

SIZES = {  # T, S, M, L, N
    "one step": (1, 2, 16, 16, 2),
    "odd": (75, 3, 10, 20, 3),
    "one sequence": (64, 1, 3, 7, 1),
    "many sequences": (40, 150, 3, 5, 3),
    "a unit of each": (33, 2, 1, 1, 1),
}
FUSED = {
    "sequential-fused": {},
    "auto": {},
    "gtf-schwarz": {"window": 7, "adjoint_window": 16},
    "low-rank-schwarz": {"window": 16},
}
CASES = [(name, size) for name in ("sequential-fused", "gtf-schwarz") for size in SIZES] + [
    (name, "odd") for name in ("auto", "low-rank-schwarz")
]
EXTREMES = {
    "gtf-schwarz": [(131072, 16, 3, 50, 3), (4096, 2, 64, 128, 64), (2**20, 16, 64, 128, 3)],
    "sequential-fused": [(131072, 1, 16, 64, 1), (2**20, 16, 64, 128, 3)],
    "auto": [(8191, 16, 25, 50, 3)],
    "low-rank-schwarz": [(8191, 16, 25, 50, 3)],
}


@functools.cache
def posed(name, T, S, M, L, N, **fields):
    """A method, parameters at which its forced map contracts, and data."""
    rng = np.random.default_rng(T)
    method = methods.get(name, latent_dim=M, hidden_dim=L, alpha=0.5, forcing="gtf", **fields)
    params = method.init(jax.random.key(1), N)
    moved = jax.tree.map(lambda leaf: leaf + 0.05 * jnp.asarray(rng.standard_normal(leaf.shape), leaf.dtype), params)
    return method, moved, jnp.asarray(rng.standard_normal((S, T + 1, N)), jnp.float32)


def error(found, wanted):
    """The largest difference of any leaf, by the size of that leaf."""
    sizes = jax.tree.map(lambda a, b: jnp.abs(a - b).max() / jnp.maximum(jnp.abs(b).max(), 1e-20), found, wanted)
    return max(float(size) for size in jax.tree.leaves(sizes))


@pytest.mark.parametrize(("name", "size"), CASES)
def test_value_and_gradient_are_those_of_the_scan(name, size):
    method, params, x = posed(name, *SIZES[size], kernels="interpret", **FUSED[name])
    baseline = method.stepwise
    solution = method.solve(params, x)
    assert (solution.status == "converged").all()
    assert error(solution.states, baseline.solve(params, x).states) < 1e-5
    gradient, wanted = (jax.grad(each.loss, has_aux=True)(params, x)[0] for each in (method, baseline))
    assert error(gradient, wanted) < 1e-5


@pytest.mark.parametrize("share", [share_forwards, share_backwards])
def test_programs_have_all_lanes_between_them(share):
    """In powers of two, and no fewer each where there are more."""
    counts = (1, 3, 132, 529, 1056, 8448, 10**6)
    dealt = [Windows(n * 8, 8, n, ()) for n in counts]
    lanes = [share(windows).lanes for windows in dealt]
    assert lanes == sorted(lanes) and all(n.bit_count() == 1 for n in lanes)
    for n, windows, each in zip(counts, dealt, lanes, strict=True):
        assert (share(windows).programs(windows) - 1) * each < n <= share(windows).programs(windows) * each


@pytest.mark.parametrize(("programs", "S"), [(0, 5), (jnp.inf, 1)], ids=["shared", "alone"])
def test_windows_share_a_program_or_have_one_each(programs, S, monkeypatch):
    jax.clear_caches()
    monkeypatch.setattr(cost, "CPU", dataclasses.replace(cost.CPU, kernel_programs=float(programs)))
    method, params, x = posed("gtf-schwarz", 300, S, 3, 5, 3, window=32, adjoint_window=32, kernels="interpret")
    assert error(method.solve(params, x).states, method.stepwise.solve(params, x).states) < 1e-5
    gradient, wanted = (jax.grad(each.loss, has_aux=True)(params, x)[0] for each in (method, method.stepwise))
    assert error(gradient, wanted) < 1e-5
    jax.clear_caches()


@pytest.mark.parametrize("fields", [{"clipped": True}, {"forcing": "none"}, {"forcing": "projected"}], ids=str)
def test_every_kind_of_step(fields):
    method, params, x = posed("sequential-fused", 50, 2, 5, 6, 3)
    method = method.configure(kernels="interpret", **fields)
    params = dataclasses.replace(params, clipped=fields.get("clipped", False))
    assert error(method.solve(params, x).states, method.stepwise.solve(params, x).states) < 1e-5
    gradient, wanted = (jax.grad(each.loss, has_aux=True)(params, x)[0] for each in (method, method.stepwise))
    assert error(gradient, wanted) < 1e-5


@pytest.mark.parametrize("S", [1, 3])
def test_the_report_is_that_of_xla(S):
    """Sweeps, residual and status: the same iteration stopped by the same rule, where every look sees all windows."""
    fields = {"window": 32, "kernels": "interpret"}
    method, params, x = posed("gtf-schwarz", 500, S, 3, 5, 3, **fields)
    fused, xla = method.solve(params, x), method.configure(kernels="off").solve(params, x)
    assert (fused.iterations == xla.iterations).all() and (fused.iterations > 1).all()
    assert (fused.status == xla.status).all()
    np.testing.assert_allclose(fused.residual, xla.residual, atol=1e-6)
    np.testing.assert_allclose(fused.states, xla.states, atol=1e-5)


@pytest.mark.parametrize("max_iterations", [1, 2])
def test_what_is_not_solved_says_so(max_iterations):
    method, params, x = posed("gtf-schwarz", 200, 2, 3, 5, 3, window=8, max_iterations=max_iterations, kernels="interpret")
    method = method.configure(alpha=0.02)
    assert (method.solve(params, x).status == "not_converged").all()
    assert (method.solve(params, x).residual > 0).all()


def test_one_bad_sequence_does_not_harm_another():
    method, params, x = posed("gtf-schwarz", 100, 2, 3, 5, 3, window=16, kernels="interpret")
    broken = x.at[1, 50].set(jnp.inf)
    solution, alone = method.solve(params, broken), method.solve(params, x)
    assert list(solution.status) == ["converged", "diverged"]
    np.testing.assert_allclose(solution.states[0], alone.states[0], atol=1e-5)
    assert not np.isfinite(solution.states[1]).all() and np.isnan(solution.residual[1])


def test_seeds_side_by_side():
    method, params, x = posed("gtf-schwarz", 75, 2, 3, 5, 3, window=16, adjoint_window=16, kernels="interpret")
    several = jax.tree.map(lambda leaf: jnp.stack([leaf, 0.9 * leaf]), params)
    together = jax.vmap(jax.grad(method.loss, has_aux=True), in_axes=(0, None))(several, x)[0]
    for seed in range(2):
        alone = jax.grad(method.loss, has_aux=True)(jax.tree.map(lambda leaf, seed=seed: leaf[seed], several), x)[0]
        assert error(jax.tree.map(lambda leaf, seed=seed: leaf[seed], together), alone) < 1e-6


@pytest.fixture
def gpu(monkeypatch):
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    jax.clear_caches()
    yield
    jax.clear_caches()


def lowered(method, T, S, N):
    """The program of a gradient for a GPU, as text."""
    params = jax.eval_shape(lambda: method.init(jax.random.key(0), N))
    x = jax.ShapeDtypeStruct((S, T + 1, N), jnp.float32)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*[Tt]riton.*", category=DeprecationWarning)
        with an_h100():
            traced = jax.jit(jax.value_and_grad(method.loss, has_aux=True)).trace(params, x)
            return traced.lower(lowering_platforms=("cuda",)).as_text()


def an_h100():
    """Where a kernel is lowered for a GPU that is not there: from jax 0.11 on it asks which."""
    try:
        from jax.sharding import AbstractDevice

        device = AbstractDevice(device_kind="NVIDIA H100", num_cores=None, platform="gpu")
    except (ImportError, TypeError):
        return contextlib.nullcontext()
    mesh = jax.sharding.AbstractMesh((1,), ("x",), axis_types=(jax.sharding.AxisType.Auto,), abstract_device=device)
    return jax.sharding.use_abstract_mesh(mesh)


@pytest.mark.parametrize(("name", "T", "S", "M", "L", "N"), [(name, *size) for name, sizes in EXTREMES.items() for size in sizes])
def test_they_lower_for_a_gpu(gpu, name, T, S, M, L, N):
    """Up to the largest sizes, whose arrays hold more than 2^32 bytes."""
    method = methods.get(name, latent_dim=M, hidden_dim=L)
    assert "triton" in lowered(method, T, S, N)


@pytest.mark.parametrize("name", FUSED)
def test_they_can_be_left_out(gpu, name):
    assert "triton" not in lowered(methods.get(name, kernels="off"), 8191, 16, 3)


def test_where_no_kernel_fits_it_is_said_why(gpu):
    def reason(kernels="auto", dtype=jnp.float32, forcing="projected", M=3, L=5, N=3):
        method = methods.get("sequential", latent_dim=M, hidden_dim=L, forcing=forcing)
        problem, _ = method.problem(method.init(jax.random.key(0), N, dtype), jnp.zeros((6, N), dtype))
        return why_not(kernels, problem.step, problem.shape)

    assert reason() == reason(M=64, L=128, N=64) == ""
    assert "off" in reason("off")
    assert "float64" in reason(dtype=jnp.float64)
    assert "L = 129" in reason(L=129) and "N = 65" in reason(N=65)
    assert "no kernel" in reason(forcing="sparse")
    with jax.default_device(jax.devices("cpu")[0]):
        assert "CPU" in reason() and reason("interpret") == ""
