"""The roofline: what is counted is what programs do, and the table says how near to the bound each is."""

import dataclasses
import io
import itertools
import types
import warnings

import jax
import jax.extend
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest
from test_kernels import an_h100

from bench.roofline import peaks, programs, table, work
from bench.roofline.clock import REPEATS, per_call
from bench.roofline.peaks import Peaks
from bench.roofline.programs import Posed, Program
from bench.roofline.work import Sizes, Work
from bench.tuning.trial import using
from methods.kernels.lanes import share_backwards, share_forwards
from methods.layout import cost
from methods.layout.windows import Windows

pytest_plugins = ["runner_doubles"]

MAPS = [(3, 50, 3), (10, 20, 1), (16, 64, 1), (25, 50, 3)]
TILES = [(16, 64, 1), (4, 8, 2), (64, 128, 64)]  # powers of two, which nothing fills up


def posed(M, L, N, T=40, S=3):
    return Posed.of(T=T, S=S, M=M, L=L, N=N, kernels="interpret")


def flops(function, *arguments):
    """As XLA counts them, which does not count the turns of a loop."""
    return jax.jit(function).lower(*arguments).compile().cost_analysis()["flops"]


@pytest.mark.parametrize("sizes", MAPS, ids=str)
def test_operations_of_a_step_are_those_that_xla_counts(sizes):
    """Backwards XLA counts up to 30 % more: each zero that it puts in the place of a unit that is not active, too."""
    problem, lanes = posed(*sizes).problem, 16
    z, x = (jnp.ones((lanes, width), jnp.float32) for width in (sizes[0], sizes[2]))
    image = flops(lambda step, z, x: step.stepper()(z, x), problem.step, z, x)
    back = flops(lambda step, z, x, w: jax.vjp(lambda step, z: step(z, x), step, z)[1](w), problem.step, z, x, z)
    assert image == pytest.approx(lanes * work.image(Sizes(*sizes)), rel=0.05)
    assert 0.95 < back / (lanes * work.back(Sizes(*sizes))) < 1.3


def products(jaxpr):
    """Operations of the products of matrices in a program and all that it calls, each turn of a loop once."""
    total = 0
    for equation in jaxpr.eqns:
        if equation.primitive.name == "dot_general":
            (contracted, _), _ = equation.params["dimension_numbers"]
            left, right = (each.aval.shape for each in equation.invars)
            shared = np.prod([left[axis] for axis in contracted])
            total += 2 * int(np.prod(left) * np.prod(right) / shared)
        total += sum(products(inner) for inner in jax.extend.core.jaxprs_in_params(equation.params))
    return total


@pytest.mark.parametrize("sizes", MAPS + TILES, ids=str)
@pytest.mark.parametrize(
    ("kernel", "step", "share"), [("forwards.run", work.image, share_forwards), ("backwards.run", work.back, share_backwards)]
)
def test_padded_operations_are_those_of_the_tiles(kernel, step, share, sizes):
    """All but those number by number, which are a quarter at most."""
    (program,) = (each for each in programs.of_kernels(posed(*sizes)) if each.name == kernel)
    counted = products(jax.make_jaxpr(program.function)(*program.arguments).jaxpr)
    expected = share(program.windows).lanes * step(Sizes(*sizes).padded)
    assert 0.75 * expected < counted <= expected


def size_bytes(tree):
    return sum(leaf.size * leaf.dtype.itemsize for leaf in jax.tree.leaves(tree))


@pytest.mark.parametrize("sizes", TILES, ids=str)
def test_bytes_are_those_of_what_a_kernel_is_given_and_gives(sizes):
    """Of those that read each of their arrays whole; where nothing is filled up and one program has all lanes."""
    with using(dataclasses.replace(cost.CPU, kernel_programs=0)):
        found = programs.of_kernels(posed(*sizes, T=512, S=2))
    for program in found:
        if program.name in ("forwards.run", "backwards.run", "backwards.correct"):
            with using(dataclasses.replace(cost.CPU, kernel_programs=0)):
                moved = size_bytes(program.arguments) + size_bytes(jax.eval_shape(program.function, *program.arguments))
            assert program.work.bytes == pytest.approx(moved, rel=0.03), program.name


@pytest.mark.parametrize("sizes", MAPS, ids=str)
@pytest.mark.parametrize("T", [1, 33, 4096])
def test_what_is_filled_up_is_never_less_than_what_is_needed(sizes, T):
    for program in programs.of_kernels(posed(*sizes, T=T)):
        assert 0 < program.work.flops <= program.work.padded_flops and program.work.bytes > 0
    whole = {each.name: each.work for each in programs.of_methods(posed(*sizes, T=T))}
    assert whole["sequential, forward"].flops < whole["sequential, gradient"].flops
    assert whole["sequential, gradient"][0] == whole["gtf-schwarz, gradient"][0], "one bound for all ways to one answer"


def test_a_bound_is_the_longer_of_both():
    device = Peaks(flops=100.0, bytes=10.0, source="")
    assert device.bound_s(200, 10) == (2.0, "arithmetic")
    assert device.bound_s(200, 30) == (3.0, "memory")


def clock(step):
    """A clock that goes on by so much whenever it is read."""
    return map(float, itertools.count(0, step)).__next__


def test_a_call_takes_its_share_of_a_batch():
    """Calls that take long are timed one by one, and three times at least."""
    calls = []
    assert per_call(lambda: calls.append(1) or jnp.zeros(1), (), clock=clock(0.001)) == pytest.approx([0.001 / 20] * REPEATS)
    assert len(calls) == 2 + 20 * REPEATS
    assert per_call(lambda: jnp.zeros(1), (), clock=clock(4.0)) == [4.0] * 3


def test_a_program_that_uses_up_its_arguments_is_called_with_its_results():
    took = per_call(lambda n: n + 1, (0,), lambda arguments, outputs: (outputs,), clock=clock(1.0))
    assert len(took) >= 3


def rows(*programs, seconds, monkeypatch):
    monkeypatch.setattr(table, "per_call", lambda *arguments: [seconds, seconds / 2, 7 * seconds])
    setting = table.Setting("a device", "T=8", Peaks(100.0, 10.0, "made up"), 0.5, False)
    return table.frame(list(programs), setting), setting


def test_the_table(monkeypatch):
    windows = Windows(8, 4, 2, (3,))
    right = Program("right", windows, Work(200, 400, 10), lambda x: x, (np.ones(3),), note="by XLA")
    wrong = Program("wrong", windows, Work(200, None, 10), lambda x: x @ x @ x, (np.ones(3),))
    none = Program("none", windows, Work(200, 400, 30), note="no kernel: for a reason")
    frame, setting = rows(right, wrong, none, seconds=4.0, monkeypatch=monkeypatch)
    first, second, third = frame.to_dict("records")
    assert (first["lanes"], first["steps"], first["bound_s"], first["bound_by"]) == (6, 4, 2.0, "arithmetic")
    assert (first["time_s"], first["share"], first["call_share"], first["time_step_s"]) == (4.0, 0.5, 0.125, 1.0)
    assert np.isnan(second["time_s"]) and second["note"].startswith("ValueError: ")
    assert np.isnan(third["share"]) and third["bound_by"] == "memory" and third["note"] == "no kernel: for a reason"
    for format in ("text", "markdown"):
        text = table.shown(frame, setting, format)
        assert "a device" in text and "made up" in text and "no kernel: for a reason" in text and "interpreter" not in text
    assert "mean nothing" in table.shown(frame, setting._replace(interpreted=True), "text")
    back = pd.read_csv(io.StringIO(table.shown(frame, setting, "csv")))
    assert list(back["share"])[0] == 0.5 and set(back["device"]) == {"a device"}


def test_every_kernel_runs(monkeypatch):
    """By the interpreter, from what the roofline gives them, twice in turn."""
    monkeypatch.setattr("bench.roofline.clock.BATCH_S", 0.0)
    setting = table.Setting("", "", Peaks(1.0, 1.0, ""), 1.0, True)
    frame = table.frame(programs.of_kernels(posed(3, 5, 2, T=20)), setting)
    assert len(frame) == 5 and (frame["time_s"] > 0).all() and set(frame["note"]) == {""}


@pytest.mark.parametrize("name", [*peaks.KNOWN, "cpu"])
def test_peaks_are_known_or_measured(monkeypatch, name):
    monkeypatch.setattr(jax, "devices", lambda: [types.SimpleNamespace(device_kind=name)])
    monkeypatch.setattr(peaks, "_shortest", lambda function, argument, in_place=False: 1.0)
    found = peaks.here(quick=True)
    assert found.source.startswith("measured" if name == "cpu" else "data sheet")
    assert found.flops > 1e6 and found.bytes > 1e6


def test_the_verb(pitbench, monkeypatch):
    monkeypatch.setattr("bench.running.worker.set_flags", lambda device: None)
    monkeypatch.setattr(table, "per_call", lambda *arguments: [1.0])
    size = ("--quick", "--T", 64, "--latent-dim", 3, "--hidden-dim", 4)
    code, shown, errors = pitbench("roofline", *size)
    assert code == 0 and "M=3, L=4" in shown and "no kernel: this is a CPU" in shown and "sequential, gradient" in errors
    assert "sequential-fused" not in shown
    assert "-" in shown.split("gtf-schwarz, gradient")[1].split("\n")[0], "no time by the step of what sweeps"
    code, _, errors = pitbench("roofline", *size, "--format", "txt")
    assert code == 2 and 'Did you mean "text"' in errors
    code, _, errors = pitbench("roofline", *size, "--device", "gpu")
    assert code == 2 and "jax finds cpu" in errors


@pytest.fixture
def gpu(monkeypatch):
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    jax.clear_caches()
    yield
    jax.clear_caches()


def test_on_a_gpu_every_kernel_is_measured(gpu):
    """They lower for one as they are called, with the memory that they use up."""
    given = Posed.of(T=4096, S=2, M=16, L=64, N=1, kernels="auto")
    for program in programs.of_kernels(given):
        jitted = jax.jit(program.function, donate_argnums=program.consumed)
        with warnings.catch_warnings(), an_h100():
            warnings.filterwarnings("ignore", message=".*[Tt]riton.*", category=DeprecationWarning)
            text = jitted.trace(*program.arguments).lower(lowering_platforms=("cuda",)).as_text()
        assert text.count("triton") and not program.note
    assert {each.note for each in programs.of_methods(given)} == {"by XLA", "by kernels"}
