"""Kernels that run forwards through windows of time: from guesses, again from better starts, and the look at what is left.

Shapes: data x (T, S, N), states (T, S, M), starts (K, S, M), z0 (1, S, M), and jumps (K · C / block, S), the residuals at the
ends of blocks where a window met the states of the sweep before it.
"""

import jax
import jax.numpy as jnp
from jax import lax

from methods.kernels import road
from methods.kernels.lanes import Lanes, all_finite, any_of, launched, share_forwards
from methods.layout.windows import Windows


def run(tiles, windows: Windows, x, starts, interpret: bool):
    """All steps of all windows from their starts: states (T, S, M)."""
    share = share_forwards(windows)

    def run_windows(given, states):
        tiles, x, starts = given
        lanes, tiles = Lanes.of(windows, share), road.held(tiles)
        z = _run(tiles, lanes, x, states, (0, windows.C), lanes.load(starts, lanes.k))
        lanes.store(states, lanes.time(windows.C - 1), z)

    made = jax.ShapeDtypeStruct((windows.T, windows.S, starts.shape[-1]), starts.dtype)
    return launched(run_windows, (tiles, x, starts), made, windows, share, interpret)


def run_again(tiles, windows: Windows, x, starts, running, states, jumps, tolerance: float, interpret: bool):
    """The windows once more, each from its new start until it has met its old states: new states, and jumps.

    After each block of steps a state is compared with the old one there. Where the two agree to the tolerance, the window takes
    the old state and leaves the small difference as a jump; the old states that follow stay. Once all windows of a program have
    met theirs in one block the program ends, whatever the others do.

    running  (1, S), 0 for sequences that have stopped: they keep their states
    """
    share, blocks, length = share_forwards(windows), windows.C // windows.block, windows.block

    def run_windows_again(given, results):
        tiles, x, starts, running, *_ = given
        states, jumps = results  # the old ones, in the same memory
        lanes, tiles = Lanes.of(windows, share), road.held(tiles)
        runs = lanes.load_one(running, jnp.zeros_like(lanes.s)) > 0

        def through_a_block(carry):
            block, z, _ = carry
            end = lanes.time((block + 1) * length - 1)
            old = lanes.load(states, end)
            z = _run(tiles, lanes, x, states, (block * length, (block + 1) * length), z, runs)
            apart, size = jnp.max(jnp.abs(z - old), axis=0), jnp.max(jnp.abs(old), axis=0)
            near = (apart <= tolerance * jnp.maximum(size, 1.0)) & all_finite(z - old)
            behind_T = end >= windows.T
            follows = near | behind_T | ~runs
            lanes.store_one(jumps, lanes.k * blocks + block, jnp.where(near & ~behind_T, apart, 0.0), runs)
            return block + 1, jnp.where(follows[None], old, z), any_of(~follows)

        def going(carry):
            return (carry[0] < blocks) & carry[-1]

        block, z, _ = lax.while_loop(going, through_a_block, (jnp.int32(0), lanes.load(starts, lanes.k), any_of(runs)))
        lanes.store(states, lanes.time(block * length - 1), z, runs & (block > 0))

    given = tiles, x, starts, running, states, jumps
    made = jax.tree.map(lambda array: jax.ShapeDtypeStruct(array.shape, array.dtype), (states, jumps))
    return launched(run_windows_again, given, made, windows, share, interpret, aliases={-2: 0, -1: 1})


def look(tiles, windows: Windows, x, z0, states, jumps, interpret: bool):
    """Where each window starts next, which is where the one before it ends, and the residuals that are left.

    Residuals are left in two places: at the first state of a window, and where it met old states. The latter keep to the stopping
    rule, or it would not have met them.

    Returns starts (K, S, M), and residuals (2 K, S): first the largest of each window, then that of its first state by the size
    of the state or 1. Both are infinite where anything is not finite; what is not finite stays so up to the end of its window.
    """
    T, C, K = windows.T, windows.C, windows.K
    share, blocks = share_forwards(windows), C // windows.block

    def look_at_windows(given, results):
        (tiles, x, z0, states, jumps), (starts, residuals) = given, results
        lanes, tiles = Lanes.of(windows, share), road.held(tiles)
        first = lanes.time(0)
        start = lanes.load(states, first - 1) + lanes.load(z0, lanes.k)  # each is 0 where the other lies
        state, last = lanes.load(states, first), lanes.load(states, jnp.minimum(first + C, T) - 1)
        apart = jnp.abs(tiles.image(start, lanes.data(x, 0)) - state)
        sound = all_finite(apart) & all_finite(last)
        largest = jnp.where(first < T, jnp.where(sound, jnp.max(apart, axis=0), jnp.inf), 0.0)
        lanes.store(starts, lanes.k, start)

        def with_jump(block, met):
            return jnp.maximum(met, lanes.load_one(jumps, lanes.k * blocks + block))

        met = road.loop(0, blocks, with_jump, jnp.zeros_like(largest))
        lanes.store_one(residuals, lanes.k, jnp.maximum(largest, met))
        lanes.store_one(residuals, K + lanes.k, largest / jnp.maximum(jnp.max(jnp.abs(state), axis=0), 1.0))

    made = [jax.ShapeDtypeStruct(shape, states.dtype) for shape in ((K, windows.S, states.shape[-1]), (2 * K, windows.S))]
    return launched(look_at_windows, (tiles, x, z0, states, jumps), made, windows, share, interpret)


def _run(tiles, lanes: Lanes, x, states, steps, z, where=True):
    """Run through the steps of every window from the states z (M, n) before them: the last state, which is not stored yet.

    Each state is stored one step late, so that the caller can look at the last one, and at the old one in its place, before.
    """

    def step(c, carry):
        z, data = carry
        ahead = lanes.data(x, c + 1)  # asked for before it is needed, as memory takes longer than a step
        lanes.store(states, lanes.time(c - 1), z, where & (c > 0))
        return tiles.image(z, data), ahead

    return road.loop(*steps, step, (z, lanes.data(x, steps[0])))[0]
