"""Every number that was tuned for speed, a table for each kind of device, and the one model of what computing costs.

Windows of time, the adjoint and `auto` all choose by this model. They choose while a program is traced, for the device that it
is traced for. No number here changes an answer, only how soon it is there: any from 0 to infinity gives the same states and
gradients, within the tolerance that was asked for.

The numbers of a CPU were measured on two cores. Those of all other kinds are guesses, and say so. Of a GPU, those of kernels,
`small` and `joint_products` have been held against others on an H200 by `pitbench tune`, and none was faster by 5 %.
`pitbench tune` measures them on the machine at hand and stores them; runs take stored numbers by `use`.
"""

import dataclasses
import math

import jax

from methods.layout.numbers import Costs, Number

# Steps after which a forced map has forgotten where it started, unless the user or `auto` knows better. It is the default of
# settings, and what a setting means must not depend on the device.
MEMORY = 256
# Memories for which `auto` compiles windows: that of `gtf-schwarz`, and a short one. A long one gains by several devices alone.
MEMORIES = (MEMORY, 32)
LONG_MEMORY = 8 * MEMORY

GUESS = "guess"

CPU = Costs(
    source="default (two CPU cores)",
    # M = 3, 16 and 24.
    step_alone=(0, 0, 1.5),
    step_rows=(76, 0, 1.0),
    step_columns=(76, 6, 0.6),
    sweep=0.0,
    # Fitted to M = 3, 16 and 24, 1 and 16 sequences.
    gradient_alone=(0.5, 0, 1 / 15),
    gradient_batch=(0, 0.9, 1 / 24),
    windowed=(0, 400, 1),
    windowed_bend=(13, 20),
    # M = 24, L = 128, 5 data: a step of 8 lanes takes 2.2 μs in rows and 3.9 in columns, one of 32 lanes 8.2 and 9.3.
    few_lanes=32,
    # One state, T = 65536: `W @ z` takes a fifth of the time of `z @ W.T`, a sum over few columns a fifth of that.
    small=8,
    # A product is a call, which takes as long as the arithmetic of some states: a step of 16 takes 2.6 μs with two and 1.6 with
    # one for M = N = 3.
    joint_products=True,
    # A product is one call, and a turn of a loop costs nothing.
    summed_product=0,
    unroll=1,
    kalman_small=8,  # against LAPACK
    adjoint_lanes=64,  # M = 3 and 16
    # T = 65536, a whole gradient: 28 against 37 ms where windows are four times as long as a memory of 256 (M = 16, 64 lanes),
    # 168 against 112 in 8 lanes (M = 24).
    adds_up_lanes=32.0,
    adds_up_memories=2,
    look=32,
    compacts=True,
    compaction_ratio=4,  # the work is less than so many times what sequences cost one by one; each loop takes time to compile
    # M = 16, L = 64: at 65536 rows blocks make the linearisation 5 times and the parameter cotangents 3 times faster, at 16384
    # these take 0.8 times as long; at 8192 nothing is gained.
    block_rows=2048.0,
    block_from=8192.0,
    # Beyond these XLA deals products out to two cores, which takes longer than it saves. M = 3, 16 and 24: value and gradient
    # take 0.8 to 0.9 times as long as with all T at once where T = 65536, 0.7 to 0.9 times for 16 sequences of T = 1024.
    adjoint_rows=512.0,
    adjoint_numbers=2e6,
    jacobians=1024,
    # 7k parameters, value and gradient: 32 sequences of T = 512 take 4.1 µs a row with Q = 16, 4.7 to 6.4 with Q = 32, and 7.5 in
    # one piece; one sequence of T = 16384 takes 5.2, 6.5 and 9.7.
    ssd_chunk=16,
    ssd_rows=1024.0,
    # `pitbench run scans`: step by step is 3 to 6 times faster at M = 25, within 11 % of the best at M = 3, and never overflows.
    # Kalman smoothers at T = 2048: associative forms take 2 to 20 times as long.
    scans=False,
    associative_bytes=0.0,
    scan_block=32,
    kernels=True,
    # The multiprocessors of an H100 or H200, on each of which a program of 8 lanes takes about as long as one of 4.
    kernel_programs=132,
    kernel_step=(1056, 1.0),
    kernel_sweep=40.0,
    margin=1.1,
    most_sweeps=8,
    shortest_window=0.5,
    full_windows=0.9,
)
ELSEWHERE = dataclasses.replace(
    CPU,
    source=GUESS,  # what is not named here is taken over from the CPU
    # A step is a launch, whatever its arithmetic.
    step_alone=(65536, 0, 1.0),
    step_rows=(65536, 0, 1.0),
    step_columns=(65536, 0, 1.0),
    sweep=8.0,
    gradient_alone=(4096, 1, 0),
    gradient_batch=(4096, 1, 0),
    windowed=(4096, 0, 1),
    windowed_bend=(0, 1),
    few_lanes=1,
    # Two launches for the six of a step. A kernel of 2²⁴ sums should take as long as the four launches that it saves.
    summed_product=2.0**24,
    unroll=4,  # the counter of the loop and the copy of the state are launches too
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
_in_use: dict[str, Costs] = {}


def kind() -> str:
    """The kind of device that is computed on: "cpu", "gpu", ... That of `jax.default_device` where it is set."""
    device = jax.config.jax_default_device
    if device is None:
        return jax.default_backend()
    return device if isinstance(device, str) else device.platform


def here() -> Costs:
    """The numbers in force for the device at hand."""
    return of(kind())


def of(device_kind: str) -> Costs:
    """The numbers in force for this kind of device."""
    return _in_use.get(device_kind) or (CPU if device_kind == "cpu" else ELSEWHERE)


def use(costs: Costs | None, device_kind: str) -> None:
    """Take these numbers for a kind of device in this process; None: those of the table.

    Call it before anything is traced, or `jax.clear_caches()` after it: programs keep the choices that they were traced with.
    """
    if costs is None:
        _in_use.pop(device_kind, None)
    else:
        _in_use[device_kind] = costs


def size(number: Number, most: int, least: int = 1) -> int:
    """A number of a table as a size, a whole number from `least` to `most`; `least` where they cross."""
    return int(max(least, min(number, most)))


def unroll() -> int:
    """Steps in one turn of a loop over time."""
    return size(here().unroll, most=16)  # a program grows with it


def step(lanes: Number, M: int):
    """One step forwards of so many lanes."""
    costs = here()
    form = costs.step_alone if lanes == 1 else costs.step_rows if lanes <= costs.few_lanes else costs.step_columns
    any_step, fixed, each = form
    return any_step / M + fixed + each * lanes


def gradient(S: int, M: int):
    """One step of a value with its gradient, S sequences step by step."""
    fixed, each, per_M = here().gradient_alone if S == 1 else here().gradient_batch
    return fixed + S * (each + per_M * M)


def gradient_windowed(lanes: Number, M: int):
    """One step of a value with its gradient, so many lanes of windows."""
    fixed, call, each = here().windowed
    soft, full = here().windowed_bend
    return fixed + call / (M + soft) + each * (M / full if M < full else 1) * lanes


def sweeps(memory, C):
    """Sweeps of windows of C steps until a wrong start is forgotten: the first, and one for every C steps of the memory."""
    return 1 + memory / C


def first_steps(T: int) -> int:
    """Steps of a problem on which `auto` measures how soon it forgets: enough to settle, a few per cent of one pass."""
    return max(64, min(128, T // 64))


def steps(memory, C):
    """Steps that windows of C steps take one after the other, for a map that forgets in `memory` steps."""
    return C + memory + here().sweep * sweeps(memory, C)


def windowed(C, memory, lanes: int, M: int):
    """A pass forwards by windows of C steps, so many side by side."""
    return steps(memory, C) * step(lanes, M)


def by_kernels(C, memory, lanes: Number):
    """A pass by windows of C steps in kernels, so many side by side."""
    fixed, each = here().kernel_step
    return (C + memory + here().kernel_sweep * sweeps(memory, C)) * max(fixed, each * lanes, 1e-9)  # a table may call it free


def gain(cut, M: int, memory, devices: int = 1, *, fused: bool = False):
    """How many times faster than step by step value and gradient are by the windows `cut`, for a map that forgets so soon.

    fused  both of them by kernels
    """
    if fused:
        return by_kernels(cut.T, 0, cut.S) / by_kernels(cut.C, memory, cut.K * cut.S)
    lanes = cut.K * cut.S / devices
    # each device goes through a window of its own as through a short sequence
    one = gradient(cut.S, M) if cut.K == devices else gradient_windowed(lanes, M)
    return cut.T * gradient(cut.S, M) / (steps(memory, cut.C) * max(one, 1e-9))  # a table may call it free


def adjoint_by_windows(lanes: int) -> bool:
    """Whether so many lanes of windows gain over one pass backwards."""
    return lanes >= here().adjoint_lanes


def adds_up(C: int, memory: int, lanes: Number) -> bool:
    """Whether the adjoint by so many lanes on one device adds parameter cotangents up as windows of C steps run."""
    return C >= here().adds_up_memories * memory and lanes >= here().adds_up_lanes
