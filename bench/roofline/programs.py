"""The programs whose time is held against their bound: each kernel by itself, and whole methods beside them."""

import dataclasses
from collections.abc import Callable
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp

import methods
from bench.roofline import work
from bench.roofline.work import Sizes, Work
from bench.tuning import problems
from methods.kernels import Kernels, backwards, forwards, why_not
from methods.kernels.lanes import share_backwards
from methods.layout.windows import Windows
from methods.problem import Problem

SEQUENTIAL = ("sequential", "sequential-unrolled")  # as one writes it, and in larger turns of the loop
PHASES = {"forward": work.forward, "gradient": work.gradient}
ALWAYS = -1.0  # a tolerance that nothing meets: every window runs to its end


@dataclasses.dataclass(frozen=True)
class Program:
    """A function with its arguments, and what it has to do; without a function, why there is none."""

    name: str
    windows: Windows
    work: Work
    function: Callable | None = None
    arguments: tuple = ()
    consumed: tuple[int, ...] = ()  # arguments whose memory becomes that of results
    again: Callable | None = None  # see `clock.per_call`
    note: str = ""
    sweeps: bool = False  # whether windows are gone through until nothing changes, which is more than once


@dataclasses.dataclass(frozen=True)
class Posed:
    """One problem at one size."""

    params: Any
    x: Any  # (T+1, S, N)
    kernels: Kernels

    @classmethod
    def of(cls, *, T: int, S: int, M: int, L: int, N: int, kernels: Kernels) -> "Posed":
        return cls(*jax.device_put(tuple(problems.given(M, T, S, N=N, L=L))), kernels)

    @cached_property
    def problem(self) -> Problem:
        return problems.posed(self.params, self.x)

    @property
    def sizes(self) -> Sizes:
        return Sizes(*self.problem.step.W1.shape, self.x.shape[-1])

    @property
    def why_not(self) -> str:
        """Why no kernel runs here."""
        return why_not(self.kernels, self.problem.step, self.problem.shape)


def of_kernels(posed: Posed) -> list[Program]:
    """One launch of each kernel through the windows that `gtf-schwarz` would have."""
    problem, sizes = posed.problem, posed.sizes
    windows = Windows.of(problem.shape, fused=True)
    counts = {
        "forwards.run": work.run,
        "forwards.run_again": work.run_again,
        "forwards.look": work.look,
        "backwards.run": work.run_back,
        "backwards.correct": work.correct,
    }
    found = [Program(name, windows, count(sizes, windows)) for name, count in counts.items()]
    if posed.why_not:
        return [dataclasses.replace(each, note=f"no kernel: {posed.why_not}") for each in found]
    launches = _launches(problem, windows, posed.kernels == "interpret")
    return [dataclasses.replace(each, **launches[each.name]) for each in found]


def of_methods(posed: Posed) -> list[Program]:
    """A solve, and the loss with its gradient, step by step by XLA and by kernels, and by windows."""
    fused = not posed.why_not
    found = [each for name in SEQUENTIAL for each in _phases(posed, name, Windows.whole(posed.problem.shape), "by XLA")]
    if fused:
        found += _phases(posed, "sequential-fused", Windows.whole(posed.problem.shape), "by kernels", kernels=posed.kernels)
    windows = Windows.of(posed.problem.shape, fused=fused)
    how = dict(note="by kernels", kernels=posed.kernels) if fused else dict(note="by XLA")
    return found + [dataclasses.replace(each, sweeps=True) for each in _phases(posed, "gtf-schwarz", windows, **how)]


def _phases(posed: Posed, name: str, windows: Windows, note: str, **settings) -> list[Program]:
    """Forward and gradient of a method; only kernels fill up their tiles."""
    method = methods.get(name, alpha=problems.ALPHA, **settings)
    arguments = posed.params, posed.x.swapaxes(0, 1)
    counts = {phase: count(posed.sizes, windows) for phase, count in PHASES.items()}
    if not settings:
        counts = {phase: count._replace(padded_flops=None) for phase, count in counts.items()}
    return [
        Program(f"{name}, {phase}", windows, count, method.phases[phase], arguments, note=note) for phase, count in counts.items()
    ]


def _launches(problem: Problem, windows: Windows, interpret: bool) -> dict[str, dict]:
    """Function and arguments of each kernel."""
    T, S, M = problem.shape.shape
    tiles, z0, dtype = problem.step.tiles(), windows.merged(problem.z0[None]), problem.z0.dtype
    x, starts = tiles.read(windows.merged(problem.inputs)), jnp.zeros((windows.K, S, M), dtype)
    states, running = jnp.asarray(problems.noise(T, S, M), dtype), jnp.ones((1, S), jnp.int32)
    jumps = jnp.zeros((windows.K * windows.C // windows.block, S), dtype)
    totals = jnp.zeros((share_backwards(windows).programs(windows), tiles.words), dtype)

    def launch(kernel, *options):
        return lambda tiles, *arrays: kernel(tiles, windows, *arrays, *options, interpret)

    return {
        "forwards.run": dict(function=launch(forwards.run), arguments=(tiles, x, starts)),
        "forwards.run_again": dict(
            function=launch(forwards.run_again, ALWAYS),
            arguments=(tiles, x, starts, running, states, jumps),
            consumed=(4, 5),
            again=lambda arguments, outputs: (*arguments[:4], *outputs),
        ),
        "forwards.look": dict(function=launch(forwards.look), arguments=(tiles, x, z0, states, jumps)),
        "backwards.run": dict(function=launch(backwards.run), arguments=(tiles, x, z0, states, states)),
        "backwards.correct": dict(
            function=launch(backwards.correct),
            arguments=(tiles, x, z0, states, jnp.full(1, ALWAYS, dtype), starts, totals),
            consumed=(6,),
            again=lambda arguments, outputs: (*arguments[:6], outputs[1]),
        ),
    }
