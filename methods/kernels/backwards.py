"""Kernels that run backwards through windows of time, for the multipliers of the adjoint and all that is summed over them.

Multipliers themselves are never stored: cotangents of the weights are added up on the chip, one total (words,) per program.
Shapes: data x (T, S, N), states and their cotangents g (T, S, M), z0 (1, S, M); what leaves a window at its start, the cotangent
of the state before it, (K, S, M).
"""

import jax
import jax.numpy as jnp
from jax import lax

from methods.kernels import road
from methods.kernels.lanes import Lanes, all_finite, any_of, launched, share_backwards
from methods.layout.windows import Windows


def run(tiles, windows: Windows, x, z0, states, g, interpret: bool):
    """All steps of all windows, as if nothing came from later windows.

    Returns what leaves each window, the totals (programs, words), and the largest multiplier of each program, infinite for NaN.
    """
    share = share_backwards(windows)
    programs = share.programs(windows)

    def run_windows_back(given, results):
        (tiles, x, z0, states, g), (leaving, totals, largest) = given, results
        lanes, tiles = Lanes.of(windows, share), road.held(tiles)
        first = lanes.load(z0, lanes.k)

        def step(i, carry):
            w, total, peak = carry
            c = windows.C - 1 - i
            w = w + lanes.load(g, lanes.time(c))
            peak = jnp.maximum(peak, jnp.where(jnp.abs(w) < jnp.inf, jnp.abs(w), jnp.inf))
            return *_back(tiles, lanes, x, first, states, c, w, total), peak

        nothing = jnp.zeros_like(first)
        w, total, peak = road.loop(0, windows.C, step, (nothing, tiles.nothing(share.lanes), nothing))
        lanes.store(leaving, lanes.k, w)
        tiles.add(totals, total, before=False)
        largest[road.program()] = jnp.max(peak)

    made = [_leaving(windows, states), _totals(tiles, programs), jax.ShapeDtypeStruct((programs,), states.dtype)]
    return launched(run_windows_back, (tiles, x, z0, states, g), made, windows, share, interpret)


def correct(tiles, windows: Windows, x, z0, states, negligible, leaving, totals, interpret: bool):
    """Carry back through each window what has left the window after it, until it is negligible.

    negligible  (1,), the size of a correction that is dropped
    Returns what leaves each window now, the totals with what it adds, and which programs (programs,) still hand something on.
    """
    share, blocks, length = share_backwards(windows), windows.C // windows.block, windows.block
    programs = share.programs(windows)

    def correct_windows(given, results):
        (tiles, x, z0, states, negligible, left, _), (leaving, totals, alive) = given, results
        lanes, tiles, negligible = Lanes.of(windows, share), road.held(tiles), negligible[0]
        first = lanes.load(z0, lanes.k)

        def matters(w):
            return any_of(~((jnp.max(jnp.abs(w), axis=0) <= negligible) & all_finite(w)))

        def through_a_block(carry):
            block, w, total, _ = carry

            def step(i, carry):
                return _back(tiles, lanes, x, first, states, (block + 1) * length - 1 - i, *carry)

            w, total = road.loop(0, length, step, (w, total))
            return block - 1, w, total, matters(w)

        def going(carry):
            return (carry[0] >= 0) & carry[-1]

        arriving = lanes.load(left, lanes.k + 1)
        start = jnp.int32(blocks - 1), arriving, tiles.nothing(share.lanes), matters(arriving)
        block, w, total, _ = lax.while_loop(going, through_a_block, start)
        w = jnp.where(block < 0, w, 0.0)  # what has died out inside the window does not leave it
        lanes.store(leaving, lanes.k, w)
        tiles.add(totals, total, before=True)
        alive[road.program()] = matters(jnp.where((lanes.k > 0)[None], w, 0.0)).astype(jnp.int32)

    made = [_leaving(windows, states), _totals(tiles, programs), jax.ShapeDtypeStruct((programs,), jnp.int32)]
    given = tiles, x, z0, states, negligible, leaving, totals
    return launched(correct_windows, given, made, windows, share, interpret, aliases={-1: 1})


def _back(tiles, lanes: Lanes, x, first, states, c, w, total):
    """Step c of every window backwards, from the multiplier w (M, n) of the state after it."""
    time = lanes.time(c)
    z = lanes.load(states, time - 1) + jnp.where((time == 0)[None], first, 0.0)
    return tiles.back(z, lanes.data(x, c), w, total)


def _leaving(windows, states):
    return jax.ShapeDtypeStruct((windows.K, windows.S, states.shape[-1]), states.dtype)


def _totals(tiles, programs):
    return jax.ShapeDtypeStruct((programs, tiles.words), tiles.W1.dtype)
