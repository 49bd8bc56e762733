"""What must be computed and moved at least: operations in float32, and bytes between memory and chip.

Counted from the formulas of `methods.kernels.shplrnn`. A product of an (m, k) with a (k, n) matrix takes 2 m k n operations, and
adding, comparing or taking a maximum takes one for each number. Each array that a kernel needs from memory is read once, and each
result is written once. Weights stay on the chip for all steps.
"""

from typing import NamedTuple

from methods.kernels import road
from methods.kernels.lanes import Share, share_backwards, share_forwards
from methods.layout.windows import Windows

FLOAT_BYTES = 4


class Work(NamedTuple):
    """What one call takes at least."""

    flops: int
    padded_flops: int | None  # with the zeros by which tiles are filled up, the empty lanes, and the steps after T
    bytes: int


class Sizes(NamedTuple):
    """Of the map; N = 0 without data."""

    M: int
    L: int
    N: int

    @property
    def padded(self) -> "Sizes":
        return Sizes(road.size(self.M), road.size(self.L), road.size(self.N) if self.N else 0)

    @property
    def weights(self) -> int:
        """Numbers of the map, as many as those of its cotangent."""
        return (self.M + self.L) * (self.M + self.N) + self.M * self.L + self.M + self.L


def image(sizes: Sizes) -> int:
    """Operations of one step forwards of one lane."""
    M, L, N = sizes
    return 2 * (M + L) * (M + N) + 2 * M * L + (3 if N else 2) * (M + L)


def back(sizes: Sizes) -> int:
    """Operations of one step backwards of one lane: which units are active, cotangents of the weights, and Jᵀ w."""
    M, L, N = sizes
    units = 2 * L * (M + N) + (4 if N else 3) * L + 2 * L * M
    cotangents = 2 * (M + L) * (M + N) + 2 * M * L + M + L
    return units + cotangents + 2 * M * (M + L) + M


def run(sizes: Sizes, windows: Windows) -> Work:
    moved = _data(sizes, windows) + _starts(sizes, windows) + _states(sizes, windows)
    return _work(image, sizes, windows, moved, share_forwards(windows))


def run_again(sizes: Sizes, windows: Windows) -> Work:
    """All windows to their ends; old states are read at the ends of blocks alone."""

    def step(some):
        return image(some) + 5 * some.M / windows.block  # differences, sizes, and the largest of each

    blocks = windows.K * windows.C // windows.block * windows.S
    old = blocks * (sizes.M + 1)  # and a jump
    moved = _data(sizes, windows) + _starts(sizes, windows) + old + _states(sizes, windows)
    return _work(step, sizes, windows, moved, share_forwards(windows))


def look(sizes: Sizes, windows: Windows) -> Work:
    """One step of each window."""
    each = windows.K * windows.S
    jumps = each * windows.C // windows.block
    flops, padded = ((image(some) + 5 * some.M) for some in (sizes, sizes.padded))
    moved = sizes.weights + each * sizes.N + 3 * each * sizes.M + jumps + _starts(sizes, windows) + 2 * each
    return Work(each * flops + jumps, _lanes(windows, share_forwards(windows)) * padded + jumps, FLOAT_BYTES * moved)


def run_back(sizes: Sizes, windows: Windows) -> Work:
    """`backwards.run`, with the cotangent of each state added and the largest multiplier looked for."""
    moved = _data(sizes, windows) + 2 * _states(sizes, windows) + _starts(sizes, windows) + sizes.weights
    return _work(lambda some: back(some) + 3 * some.M, sizes, windows, moved, share_backwards(windows))


def correct(sizes: Sizes, windows: Windows) -> Work:
    """All windows to their starts."""
    moved = _data(sizes, windows) + _states(sizes, windows) + 2 * _starts(sizes, windows) + 2 * sizes.weights
    return _work(back, sizes, windows, moved, share_backwards(windows))


def forward(sizes: Sizes, windows: Windows) -> Work:
    """A solve, whichever way it goes: each state is computed once and written once."""
    moved = _data(sizes, windows) + windows.S * sizes.M + _states(sizes, windows)
    return _work(image, sizes, windows, moved, share_forwards(windows))


def gradient(sizes: Sizes, windows: Windows) -> Work:
    """The loss of the read-out with its gradient: once through time forwards, once backwards, states kept in memory between."""
    M, _, N = sizes

    def backwards(some):
        return back(some) + 6 * M * N + 4 * N + M  # x̂, its error, and the cotangents of both factors

    moved = 2 * (_data(sizes, windows) + _states(sizes, windows) + windows.S * M) + 2 * N * M
    ways = (
        _work(image, sizes, windows, moved, share_forwards(windows)),
        _work(backwards, sizes, windows, 0, share_backwards(windows)),
    )
    return Work(*map(sum, zip(*ways, strict=True)))


def _work(step, sizes: Sizes, windows: Windows, moved: int, share: Share) -> Work:
    """That of `step(sizes)` operations for each lane and time step, and of so many numbers moved."""
    padded = _lanes(windows, share) * windows.C
    return Work(round(windows.T * windows.S * step(sizes)), round(padded * step(sizes.padded)), FLOAT_BYTES * moved)


def _lanes(windows: Windows, share: Share) -> int:
    """Lanes of all programs, empty ones too."""
    return share.programs(windows) * share.lanes


def _data(sizes, windows) -> int:
    """Numbers of the data and of the weights that they go through."""
    return windows.T * windows.S * sizes.N + sizes.weights


def _states(sizes, windows) -> int:
    return windows.T * windows.S * sizes.M


def _starts(sizes, windows) -> int:
    """Numbers of one state for each window."""
    return windows.K * windows.S * sizes.M
