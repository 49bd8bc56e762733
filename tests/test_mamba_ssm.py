"""The Mamba-2 block is that of the package mamba-ssm, and training that package in torch is training in jax.

On the CPU: by the references that the package brings, and by its Triton kernels under triton's interpreter.
"""

import contextlib
import importlib
import importlib.metadata
import importlib.util
import math
import subprocess
import sys
import time
import types
from functools import partial
from pathlib import Path

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from time_first import scanned

import bench
import methods
import systems
from bench.measure import reconstruction, runtime, timing
from bench.question import config, listing, matrix
from bench.question.cell import Cell
from bench.running import runner
from methods.method import made
from methods.torch_mamba import package
from methods.torch_mamba.foreign import Foreign
from methods.training import loop, updates

pytest_plugins = ["runner_doubles"]
pytestmark = pytest.mark.filterwarnings("ignore:Deterministic mode:UserWarning")

NEEDED = ("torch", "mamba_ssm", "triton", "einops", "huggingface_hub")
SIZES = {"latent_dim": 8, "hidden_dim": 12, "state_dim": 16, "head_dim": 4}
N, S = 3, 2
EXACT = 1e-5  # relative to the largest entry


@pytest.fixture(scope="module")
def published():
    """`mamba_ssm.modules.mamba2`, whose kernels can be interpreted."""
    if absent := [name for name in NEEDED if importlib.util.find_spec(name) is None]:
        pytest.skip(f"no {', '.join(absent)} here; tests/setup_mamba.sh installs what is needed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRITON_INTERPRET", "1")  # read when kernels are defined
        patch.setenv("MAMBA_DETERMINISTIC", "1")  # one configuration of each kernel: without a GPU none can be timed
        import torch

        torch.set_num_threads(1)
        patch.setattr(torch.cuda, "device", lambda index: contextlib.nullcontext())
        patch.setattr(torch.cuda, "get_device_properties", lambda device: types.SimpleNamespace(multi_processor_count=1))
        patch.setattr(package, "DEVICE", "cpu")
        yield package.module()


@pytest.fixture
def kernels(published, monkeypatch):
    """The chunk scan and the norm as a GPU would run them."""
    from mamba_ssm.ops.triton import layernorm_gated, ssd_combined

    monkeypatch.setattr(published, "mamba_chunk_scan_combined", ssd_combined.mamba_chunk_scan_combined)
    monkeypatch.setattr(layernorm_gated, "rmsnorm_fn", ssd_combined.rmsnorm_fn)


@pytest.fixture
def double(published, monkeypatch):
    """Lets the references keep double precision, of which they take `float()` otherwise."""
    import torch

    monkeypatch.setattr(torch.Tensor, "float", lambda self: self if self.dtype == torch.float64 else self.to(torch.float32))


@pytest.fixture
def cuda(published, monkeypatch):
    """The method `mamba2-cuda` on the CPU."""
    monkeypatch.setattr(package, "why_unavailable", lambda: None)
    monkeypatch.delitem(sys.modules, "methods.solvers.mamba2_cuda", raising=False)
    given = importlib.import_module("methods.solvers.mamba2_cuda").METHODS
    entries = {name: methods.REGISTRY[name] for name in methods.names()} | {name: made(entry) for name, entry in given.items()}
    monkeypatch.setattr(methods.REGISTRY, "_entries", entries)
    yield lambda **fields: methods.get("mamba2-cuda", **SIZES | fields)
    del sys.modules["methods.solvers.mamba2_cuda"]


def plain(**fields):
    return methods.get("mamba2", **SIZES | fields)


def data(T, dtype, batch=S):
    return jnp.asarray(np.random.default_rng(T).standard_normal((batch, T + 1, N)), dtype)


@jax.jit
def ours(params, x):
    """Outputs of the block, and the gradient of a weighted sum of the read-out with respect to the data and all weights."""

    def total(params, x):
        o = params.run(jnp.moveaxis(x[:, :-1], 1, 0), 16)[0]
        return jnp.sum(params.readout(o) * jnp.moveaxis(jnp.cos(x[:, 1:]), 1, 0)), jnp.moveaxis(o, 0, 1)

    (gradient, of_x), o = jax.grad(total, argnums=(0, 1), has_aux=True)(params, x)
    return o, of_x, *jax.tree.leaves(gradient)


def theirs(model, x):
    import torch

    from methods.torch_mamba.model import array, tensor

    x = tensor(x, "cpu").requires_grad_()
    o = model(x)
    total = torch.sum(model.readout(o) * torch.cos(x[:, 1:]))
    of_x, *gradient = torch.autograd.grad(total, [x, *model.weights.values()])
    by_field = model.exported(dict(zip(model.weights, gradient, strict=True)))
    return array(o), array(of_x), *jax.tree.leaves(by_field)


def assert_equal(got, wanted, limit):
    for one, other in zip(jax.tree.leaves(got), jax.tree.leaves(wanted), strict=True):
        assert one.shape == other.shape and np.abs(one - other).max() <= limit * np.abs(other).max()


def torch_model(params, chunk=8):
    from methods.torch_mamba.model import TorchMamba

    return TorchMamba(params, chunk=chunk, device="cpu")


@pytest.mark.parametrize("T", [1, 16, 37])
def test_value_and_gradient_are_those_of_the_published_block(published, T):
    params = plain().init(jr.key(T), N, jnp.float32)
    x = data(T, jnp.float32)
    assert_equal(ours(params, x), theirs(torch_model(params), x), EXACT)


def test_in_double_precision_they_are_the_same_numbers(double):
    params, x = plain().init(jr.key(0), N, jnp.float64), data(37, jnp.float64)
    assert_equal(ours(params, x), theirs(torch_model(params), x), 1e-11)


@pytest.mark.parametrize("T", [1, 37])
def test_the_kernels_have_the_same_value_and_gradient(kernels, T):
    params = plain().init(jr.key(T), N, jnp.float32)
    x = data(T, jnp.float32)
    assert_equal(ours(params, x), theirs(torch_model(params, chunk=16), x), EXACT)


@pytest.mark.parametrize("T", [16, 21])
def test_the_kernel_of_the_scan_goes_on_from_a_state(published, T):
    import torch
    from mamba_ssm.ops.triton.ssd_combined import mamba_chunk_scan_combined

    rng, H, p, n = np.random.default_rng(T), 2, 4, 16
    shapes = {"X": (T, S, H, p), "dt": (T, S, H), "B": (T, S, n), "C": (T, S, n), "start": (S, H, p, n)}
    of = {name: rng.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}
    of["dt"], rate = np.abs(of["dt"]), np.float32([-0.5, -3.0])
    arrays = map(jnp.asarray, (of["X"], of["dt"], rate, of["B"], of["C"], of["start"]))
    y, end = jax.jit(partial(scanned, chunk=8))(*arrays)

    X, dt, B, C = (torch.tensor(of[name]).transpose(0, 1).contiguous() for name in ("X", "dt", "B", "C"))
    start = torch.tensor(of["start"])
    groups = B[:, :, None], C[:, :, None]
    got, got_end = mamba_chunk_scan_combined(
        X, dt, torch.tensor(rate), *groups, chunk_size=16, initial_states=start, return_final_states=True
    )
    assert_equal((got.transpose(0, 1).numpy(), got_end.numpy()), (np.asarray(y), np.asarray(end)), EXACT)


def test_a_step_is_a_step_of_the_published_block(published, monkeypatch):
    import torch

    monkeypatch.setattr(published, "selective_state_update", None)  # a kernel; the block has the same in plain torch
    params = plain().init(jr.key(0), N, jnp.float32)
    model, state = torch_model(params), params.first_state(jnp.zeros((S, N), jnp.float32))
    window, inner = model.block.allocate_inference_cache(S, 1)
    for x in np.random.default_rng(0).standard_normal((6, S, N)).astype(np.float32):
        state = params.step(state, jnp.asarray(x))
        with torch.no_grad():
            o, window, inner = model.block.step(model.lift(torch.tensor(x))[:, None], window, inner)
        theirs = inner.numpy(), window[..., 1:].transpose(1, 2).numpy(), o[:, 0].numpy()
        channels = state.window @ params.lift()[1]
        assert_equal(theirs, tuple(map(np.asarray, (state.S, channels, state.o))), EXACT)


def test_weights_made_in_torch_are_the_same_model_in_jax(published):
    import torch

    first = plain().init(jr.key(0), N, jnp.float32)
    model = torch_model(first)
    jax.tree.map(np.testing.assert_array_equal, model.exported(model.weights), first)
    with torch.no_grad():
        for weight in model.weights.values():
            weight += 0.1 * torch.sin(torch.arange(weight.numel())).view_as(weight)
    params, x = model.exported(model.weights), data(9, jnp.float32)
    assert not np.allclose(params.W_in, first.W_in)
    assert_equal(ours(params, x), theirs(model, x), EXACT)


@pytest.fixture(scope="module")
def series():
    """2000 rows of Lorenz-63."""
    return systems.get("lorenz63").sample(2000).values


def test_training_in_torch_is_training_in_jax_whatever_the_options(cuda, double, series):
    fields = {"clip_norm": 0.3, "rate_warmup": 3, "warmup": 4, "observation_noise": 0.1, "curriculum": (7,)}
    fields |= {"updates": 8, "learning_rate": 1e-2}
    settings = {"T": 20, "batch": 4, "seeds": (0, 5), "block": 4, "dtype": jnp.float64}
    got, wanted = cuda(**fields).fit(series, **settings), plain(**fields).fit(series, **settings)
    assert_equal((got.params, got.initial_size), (wanted.params, wanted.initial_size), 1e-8)
    for name in updates.Log._fields:
        np.testing.assert_allclose(getattr(got.log, name), getattr(wanted.log, name), rtol=1e-8, err_msg=name)
    assert not got.log.skipped.any() and got.params.W_e.shape[0] == 2


def test_single_precision_trains_to_the_same_losses(cuda, series):
    fields, settings = {"updates": 9, "learning_rate": 1e-2}, {"T": 20, "batch": 2, "dtype": jnp.float32}
    got, wanted = (method.fit(series, **settings) for method in (cuda(**fields), plain(**fields)))
    np.testing.assert_allclose(got.log.loss, wanted.log.loss, rtol=1e-4)


def test_a_training_goes_on_from_a_checkpoint(cuda, series):
    method, kept = cuda(updates=8), []
    settings = {"T": 20, "batch": 2, "block": 3, "dtype": jnp.float32}
    whole = method.fit(series, keep=kept.append, **settings)
    resumed = method.fit(series, resume=kept[0], **settings)
    jax.tree.map(np.testing.assert_array_equal, resumed, whole)


def test_an_update_that_is_not_finite_is_skipped_and_counted(cuda, series):
    broken = np.where(np.arange(len(series))[:, None] % 7 == 3, np.nan, series)

    def train(method):
        states = loop.begin(method, series.shape[1], jnp.dtype(jnp.float32), jnp.asarray([0]))
        return method.training.train_block(method, states, jnp.asarray(broken, jnp.float32), 20, 2, 2)

    (got, got_log), (wanted, wanted_log) = train(cuda(updates=2)), train(plain(updates=2))
    jax.tree.map(np.testing.assert_array_equal, got.weights, wanted.weights)
    np.testing.assert_array_equal(got_log.failures, wanted_log.failures)
    assert got_log.skipped.all() and (got_log.failures > 0).all()


def test_what_cannot_be_trained_in_torch_is_refused(cuda, series, monkeypatch):
    settings = {"T": 20, "batch": 2}
    with pytest.raises(ValueError, match='on_failure = "sequential": .* Set "skip"'):
        cuda(on_failure="sequential").fit(series, **settings)
    with pytest.raises(TypeError, match="mar_weight = 0"):
        cuda(mar_weight=1.0).fit(series, **settings)
    monkeypatch.setattr(package, "DEVICE", "cuda")
    with pytest.raises(ValueError, match='Set dtype = "float32"'):
        cuda().fit(series, **settings, dtype=jnp.float64)
    if jax.default_backend() == "cpu":
        with pytest.raises(RuntimeError, match="jax is on the CPU here. Run with --device gpu"):
            cuda().fit(series, **settings)


def test_the_phases_that_are_timed_mean_the_same(cuda, double):
    method, params, x = cuda(), plain().init(jr.key(1), N, jnp.float64), data(20, jnp.float64)
    state = method.start(params, jr.key(2))
    arguments = {"forward": (params, x), "gradient": (params, x), "update": (state, x)}
    assert method.phases.keys() == plain().phases.keys() == arguments.keys()
    for phase, given in arguments.items():
        got, wanted = method.phases[phase](*given), jax.jit(plain().phases[phase])(*given)
        if phase == "update":
            (got, log), (wanted, wanted_log) = got, wanted
            jax.tree.map(partial(np.testing.assert_allclose, rtol=1e-8), log, wanted_log)
            np.testing.assert_array_equal(*(jr.key_data(state.key) for state in (got, wanted)))
            got, wanted = (state._replace(key=0) for state in (got, wanted))
        assert jax.tree.structure(got) == jax.tree.structure(wanted)
        jax.tree.map(partial(np.testing.assert_allclose, rtol=1e-8, atol=1e-12), got, wanted)


def test_bringing_arguments_and_results_is_not_timed():
    slowly = lambda value: time.sleep(0.2) or value  # noqa: E731
    program = Foreign(lambda x: slowly((x,)), lambda x: x + 1, slowly)
    compiled = timing.compile(program, 1)
    seconds, result = timing.timed(compiled.call, 1)
    assert result == program(1) == 2 and seconds < 0.1
    assert set(compiled.costs.values()) == {None}


def cell(measure, **settings):
    parameters = SIZES | {"updates": 3} if measure == "reconstruction" else SIZES
    return Cell(measure, "mamba2-cuda", "lorenz63", T=20, batch=2, method_parameters=parameters, measure_parameters=settings)


def test_a_reconstruction_is_measured_like_any_other(cuda):
    settings = {"train_rows": 400, "test_rows": 400, "rmse_windows": 3, "repeats": 2}
    (outcome,) = [
        outcome for _, outcome in reconstruction.Reconstruction(**settings).run([cell("reconstruction")], lambda cell: math.inf)
    ]
    assert outcome.status == "ok", outcome.columns
    assert [row["phase"] for row in outcome.tables["runtime"]] == ["forward", "gradient", "update"] * 2
    assert len(outcome.tables["training"]) == 3 and outcome.columns["gradient_error"] < 1e-4


def test_a_time_counts_where_the_answer_is_that_of_the_recurrence(cuda):
    measure = runtime.Runtime(repeats=2, trained_updates=2)
    (outcome,) = [outcome for _, outcome in measure.run([cell("runtime")], lambda cell: math.inf)]
    assert outcome.status == "ok" and len(outcome.tables["runtime"]) == 4
    assert outcome.columns["value_error"] < 1e-4 and outcome.columns["compile_s"] is None


@pytest.mark.parametrize(
    ("installed", "device", "lacks"),
    [
        ({}, None, ["an NVIDIA GPU", "torch", "triton", "mamba_ssm"]),
        ({"torch": "2.13.0+cpu", "triton": "3.7.0", "mamba_ssm": "2.3.2"}, "nvidia0", ["a torch with CUDA"]),
        ({"torch": "2.13.0", "triton": "3.7.0"}, "nvidia1", ["mamba_ssm"]),
        ({"torch": "2.13.0", "triton": "3.7.0", "mamba_ssm": "2.3.2"}, "nvidia0", []),
    ],
)
def test_what_is_missing_is_named(monkeypatch, tmp_path, installed, device, lacks):
    with monkeypatch.context() as machine:
        machine.setattr(package, "Path", lambda path: tmp_path / Path(path).name)
        machine.setattr(importlib.util, "find_spec", installed.get)
        machine.setattr(importlib.metadata, "version", installed.get)
        if device:
            (tmp_path / "dev").mkdir()
            (tmp_path / "dev" / device).touch()
        got = package.missing()
    assert got == lacks


@pytest.fixture
def unavailable(monkeypatch, catalogues):
    """A machine without what `mamba2-cuda` needs."""
    monkeypatch.setattr(package, "missing", lambda: ["an NVIDIA GPU", "mamba_ssm"])
    monkeypatch.delitem(sys.modules, "methods.solvers.mamba2_cuda", raising=False)
    monkeypatch.setattr(methods.REGISTRY, "_entries", None)
    return "ImportError: needs an NVIDIA GPU, torch and mamba-ssm; missing here: an NVIDIA GPU, mamba_ssm."


def test_without_it_the_list_says_why(unavailable):
    assert f"\nmamba2-cuda\n    unavailable here: {unavailable}" in listing.listing("methods")
    with pytest.raises(ValueError, match="mamba2_cuda .*missing here"):
        methods.get("mamba2-cuda")


def test_without_it_a_cell_is_a_row_that_says_why(unavailable, tmp_path):
    path = tmp_path / "mamba.toml"
    lines = (
        'title = "A test"',
        'measure = "runtime"',
        "[fixed]",
        'method = "mamba2-cuda"',
        'system = "lorenz63"',
        "T = 8",
        "batch = 1",
    )
    path.write_text("\n".join(lines) + "\nlatent_dim = 16\n")
    resolved = config.load(str(path))
    cells = matrix.cells(resolved)
    runner.run(resolved, cells, cells, runner.Options(out=tmp_path / "out"))
    (row,) = bench.load(tmp_path / "out")["cells"].to_dict("records")
    assert row["status"] == "unavailable" and row["error_message"].startswith(f"method mamba2-cuda: {unavailable}")


def test_torch_is_not_imported_unless_used():
    program = """
import sys
import methods
from methods.torch_mamba import package

package.missing = lambda: []
assert methods.get("mamba2-cuda", latent_dim=32).stepwise == methods.get("mamba2", latent_dim=32).stepwise
assert not {"torch", "triton", "mamba_ssm"} & sys.modules.keys()
"""
    subprocess.run([sys.executable, "-c", program], check=True)
