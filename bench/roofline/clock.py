"""Seconds of a compiled program by itself."""

import math
import time
from collections.abc import Callable

import jax

REPEATS, FEWEST = 10, 3
ENOUGH_S = 5.0  # after which no more than the fewest repetitions are made
BATCH_S, LONGEST_BATCH = 0.02, 200


def per_call(
    program: Callable, arguments: tuple, again: Callable | None = None, clock: Callable = time.perf_counter
) -> list[float]:
    """Seconds of one call, for each of some repetitions, after a first call that does not count.

    A repetition is a batch of calls one after the other, whose last result is waited for: while a GPU works on one call, the next
    is handed over to it, so that the time is that of the device and not of Python.

    again  `again(arguments, outputs)` gives the arguments of the next call, for programs that use up what they are given
    """
    again = again or (lambda arguments, outputs: arguments)

    def batch(calls):
        nonlocal arguments
        start = clock()
        for _ in range(calls):
            outputs = program(*arguments)
            arguments = again(arguments, outputs)
        jax.block_until_ready(outputs)
        return (clock() - start) / calls

    batch(1)
    calls = max(1, min(LONGEST_BATCH, math.ceil(BATCH_S / max(batch(1), 1e-9))))
    seconds, started = [], clock()
    while len(seconds) < REPEATS and (len(seconds) < FEWEST or clock() - started < ENOUGH_S):
        seconds.append(batch(calls))
    return seconds
