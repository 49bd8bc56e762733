"""Compiling and timing compiled programs; every timed call ends with its outputs ready."""

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import jax

from bench.measure import compile_times
from methods.torch_mamba.foreign import Foreign

# For small programs on a CPU that are called a few times and never timed: compiled in a fifth of the time, ten times slower.
UNTIMED = {"xla_backend_optimization_level": 0}


class Compiled(NamedTuple):
    """A program compiled ahead of time, and what that cost. A program that does not run in jax has no costs: they are None."""

    call: Callable
    trace_s: float | None
    lower_s: float | None
    compile_s: float | None  # of a program from the cache on disk, what it took when it was compiled; None if nobody knows
    compile_cached: bool | None
    temp_bytes: int | None  # scratch memory the compiler asks for; None where the backend does not say
    program_bytes: int | None  # with arguments and results: what must be there at once while it runs

    @property
    def costs(self) -> dict:
        """The columns of these costs in the table `cells`."""
        return {key: value for key, value in self._asdict().items() if key != "call"}


def compile(function: Callable, *arguments) -> Compiled:
    """`function` compiled for `arguments`, which must be everything it depends on: no data as compile-time constants."""
    if isinstance(function, Foreign):
        return Compiled(function, *[None] * 6)
    start = time.perf_counter()
    traced = jax.jit(function).trace(*arguments)
    traced_at = time.perf_counter()
    lowered = traced.lower()
    lowered_at = time.perf_counter()
    call, compile_s, cached = compile_times.compiled(lowered, _timed)
    return Compiled(call, traced_at - start, lowered_at - traced_at, compile_s, cached, *_memory(call.memory_analysis()))


def _memory(analysis) -> tuple[int | None, int | None]:
    """Scratch memory of a program, and all of its memory; results that lie where an argument was are counted once."""
    if analysis is None:
        return None, None
    beside = analysis.argument_size_in_bytes + analysis.output_size_in_bytes - analysis.alias_size_in_bytes
    return analysis.temp_size_in_bytes, analysis.temp_size_in_bytes + beside


def _timed(function: Callable) -> tuple[Any, float]:
    start = time.perf_counter()
    return function(), time.perf_counter() - start


def timed(call: Callable, *arguments) -> tuple[float, Any]:
    """Seconds of one call until all its outputs are ready, and the outputs."""
    if isinstance(call, Foreign):
        placed = call.place(*arguments)
        start = time.perf_counter()
        results = call.run(*placed)
        return time.perf_counter() - start, call.fetch(results)
    start = time.perf_counter()
    outputs = jax.block_until_ready(call(*arguments))
    return time.perf_counter() - start, outputs
