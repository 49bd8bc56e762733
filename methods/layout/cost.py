"""What computing costs on the device at hand: which kind it is, and every number that was tuned for a kind.

The numbers of a CPU were measured on two cores, on what stands beside each. Those of all other kinds are guesses: no GPU has run
this yet. Choices are made while a program is traced, for the device that it is traced for.
"""

import dataclasses
import math
from collections.abc import Callable

import jax

# Steps after which a forced map has forgotten where it started, unless the user or `auto` knows better.
MEMORY = 256


@dataclasses.dataclass(frozen=True)
class Costs:
    """One kind of device."""

    # What a step of n lanes takes: (lanes, any, fixed, each) stands for `any / M + fixed + each n` up to so many lanes.
    steps: tuple
    sweep: float  # steps that a sweep takes beside those of its windows: checks, new starts, and asking whether to go on
    # What a step of a value with its gradient takes, in units of their own.
    gradient: Callable[[int, int], float]  # (sequences, M), step by step
    gradient_windowed: Callable[[float, int], float]  # (lanes, M)

    few_lanes: int  # up to which states are faster in rows than in columns
    small: int  # components up to which the products of one state are fastest as sums
    joint_products: bool  # whether states and data go through one product with weights that are put together
    adjoint_lanes: int  # below which windows lose to one pass backwards
    adds_up_lanes: float  # from which parameter cotangents are best added up as windows run, else from all multipliers at once
    compacts: bool  # whether sequences that have converged are left behind: where lanes are not free

    block_rows: float  # time steps × sequences that stay in cache
    block_from: float  # rows up to which one piece is as fast
    adjoint_rows: float  # as `block_rows`, for the adjoint step by step
    adjoint_numbers: float  # largest rows × size of the map
    ssd_chunk: int  # Q
    ssd_rows: float  # time steps × sequences of a piece

    scans: bool  # whether linear recurrences are faster scanned in parallel than step by step
    associative_bytes: float  # of Jacobians, up to which the associative scan, which keeps several copies, is the fastest


CPU = Costs(
    # M = 3, 16 and 24. A single lane is a state as it is, few lie in rows, more in columns, see `lanes`.
    steps=((1, 0, 0, 1.5), (32, 76, 0, 1.0), (math.inf, 76, 6, 0.6)),
    sweep=0.0,
    # Fitted to M = 3, 16 and 24, 1 and 16 sequences.
    gradient=lambda S, M: 0.5 + M / 15 if S == 1 else S * (0.9 + M / 24),
    gradient_windowed=lambda lanes, M: 400 / (M + 13) + min(1, M / 20) * lanes,
    # M = 24, L = 128, 5 data: a step of 8 lanes takes 2.2 μs in rows and 3.9 in columns, one of 32 lanes 8.2 and 9.3.
    few_lanes=32,
    # One state, T = 65536: `W @ z` takes a fifth of the time of `z @ W.T`, a sum over few columns a fifth of that.
    small=8,
    # A product is a call, which takes as long as the arithmetic of some states: a step of 16 takes 2.6 μs with two and 1.6 with
    # one for M = N = 3.
    joint_products=True,
    adjoint_lanes=64,  # M = 3 and 16
    # T = 65536, a whole gradient: 28 against 37 ms where windows are four times as long as a memory of 256 (M = 16, 64 lanes),
    # 168 against 112 in 8 lanes (M = 24).
    adds_up_lanes=32.0,
    compacts=True,
    # M = 16, L = 64: at 65536 rows blocks make the linearisation 5 times and the parameter cotangents 3 times faster, at 16384
    # these take 0.8 times as long; at 8192 nothing is gained.
    block_rows=2048.0,
    block_from=8192.0,
    # Beyond these XLA deals products out to two cores, which takes longer than it saves. M = 3, 16 and 24: value and gradient
    # take 0.8 to 0.9 times as long as with all T at once where T = 65536, 0.7 to 0.9 times for 16 sequences of T = 1024.
    adjoint_rows=512.0,
    adjoint_numbers=2e6,
    # 7k parameters, value and gradient: 32 sequences of T = 512 take 4.1 µs a row with Q = 16, 4.7 to 6.4 with Q = 32, and 7.5 in
    # one piece; one sequence of T = 16384 takes 5.2, 6.5 and 9.7.
    ssd_chunk=16,
    ssd_rows=1024.0,
    # `pitbench run scans`: step by step is 3 to 6 times faster at M = 25, within 11 % of the best at M = 3, and never overflows.
    # Kalman smoothers at T = 2048: associative forms take 2 to 20 times as long.
    scans=False,
    associative_bytes=0.0,
)
ELSEWHERE = Costs(
    steps=((math.inf, 65536, 0, 1.0),),  # launches, not arithmetic
    sweep=8.0,
    gradient=lambda S, M: 4096 + S,
    gradient_windowed=lambda lanes, M: 4096 + lanes,
    few_lanes=1,
    small=8,
    joint_products=False,  # putting states and data together is a launch of its own in every step
    adjoint_lanes=0,
    adds_up_lanes=math.inf,
    compacts=False,
    block_rows=math.inf,
    block_from=math.inf,
    adjoint_rows=math.inf,
    adjoint_numbers=math.inf,
    ssd_chunk=64,
    ssd_rows=math.inf,
    scans=True,
    associative_bytes=2.0**30,
)


def kind() -> str:
    """The kind of device that is computed on: "cpu", "gpu", ... That of `jax.default_device` where it is set."""
    device = jax.config.jax_default_device
    if device is None:
        return jax.default_backend()
    return device if isinstance(device, str) else device.platform


def here() -> Costs:
    return CPU if kind() == "cpu" else ELSEWHERE


def step(lanes: int, M: int):
    """One step of so many lanes."""
    any_step, fixed, each = next(form for most, *form in here().steps if lanes <= most)
    return any_step / M + fixed + each * lanes


def sweeps(memory, C):
    """Sweeps of windows of C steps until a wrong start is forgotten: the first, and one for every C steps of the memory."""
    return 1 + memory / C


def windowed(C, memory, lanes: int, M: int):
    """Forward pass by windows of C steps, so many side by side, of a map that forgets in `memory` steps."""
    return (C + memory + here().sweep * sweeps(memory, C)) * step(lanes, M)
