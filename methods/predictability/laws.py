"""How many updates follow from an outlook: one law for each way in which solvers converge.

A law gives a `Forecast` for each sequence. Its form is theory. Its constants, and how wide its interval is, were fitted to counts
of seeds 10 and 11, in double precision, to a mean merit of 1e-10 (by windows: residuals of 1e-10):

    models of lorenz63 after 1000 updates at α = 0.2, L = 50, under twelve strengths from 0.01 to 0.7, T = 1024; fully observed
    with M = 3 and 10, and M = 10 with x alone observed; by gtf-deer, gtf-quasi-deer, jacobi, picard, gtf-schwarz and
    gtf-shooting, the last two in windows of 32 steps

For `diagonal`, the recurrences named below were looked at with these seeds too. Of such solves of models with seeds 3 to 6,
which nothing was fitted to, intervals held in 851 of 864; ten of the others are of gtf-quasi-deer, three of jacobi. They hold
less often off these models: on mean-field networks (32 units, gains 0.5 to 2, T = 256 and 1024), GRUs (4 units, gains 1 to 8)
and two-well noise (T = 1024) with the same seeds in 53 of 56 solves by deer, 46 by quasi-deer and 41 by jacobi, a solve that is
stopped after 1000 updates counting as one of 1000. The constants of `linear`, `later` and `descending` are older, and were not
looked at here. The experiment `forecast` counts on seeds of its own.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from methods.predictability.outlook import Outlook


class Forecast(NamedTuple):
    """Updates that a solver will need for each sequence, `(...)`, and the interval that they should be found in."""

    updates: Float[Array, "..."]
    low: Float[Array, "..."]
    high: Float[Array, "..."]


MOST = 1e12  # updates, or steps of a memory: where a map does not forget, they would be infinite


def to_lose(outlook: Outlook, accuracy) -> Float[Array, "..."]:
    """By how much the error of the guess has to shrink until it is `accuracy`, natural logarithm; 0 if it is there."""
    return jnp.log(jnp.maximum(outlook.error.max(0) / accuracy, 1))


def memory(outlook: Outlook, nats: Float[Array, "..."]) -> Float[Array, "..."]:
    """Steps that a perturbation needs to shrink by so many nats, in the worst place that was seen.

    That is the longest stretch over which it shrinks by less. Where all that was seen is such a stretch, the mean rate goes on.
    """
    growth = outlook.growth.reshape(-1, *outlook.whole.shape[1:-1])
    n = growth.shape[0]
    sums = jnp.concatenate([jnp.zeros_like(growth[:1]), jnp.cumsum(growth, 0)])
    rate, columns = growth.mean(0), (sums.reshape(n + 1, -1), nats.reshape(-1))
    longest = jax.vmap(_longest, in_axes=(1, 0))(*columns).reshape(nats.shape)
    beyond = longest + jnp.maximum(nats + sums[-1], 0) / jnp.maximum(-rate, 1 / MOST)
    return jnp.where(nats <= 0, 0, jnp.minimum(jnp.where(longest < n, longest, beyond), MOST))


def _longest(sums, nats):
    """The longest stretch over which the sums `(n + 1,)` fall by less than `nats`."""
    highest_ahead = jax.lax.cummax(sums, reverse=True)
    ends = jnp.searchsorted(-highest_ahead, nats - sums, side="left") - 1  # the last that is less than nats below
    return (ends - jnp.arange(sums.shape[0])).max()


def forgetting(outlook: Outlook, accuracy) -> Forecast:
    """One step of information per update: the memory of the map, until the error of the guess is forgotten (Jacobi)."""
    steps = memory(outlook, to_lose(outlook, accuracy))
    return Forecast(steps, 0.45 * jnp.minimum(steps, outlook.T), 1.6 * steps + 1)


def piled_up(outlook: Outlook) -> Float[Array, "..."]:
    """log ‖𝒥⁻¹‖, about: how large an error becomes to which every step adds one of size 1, at most over all steps."""

    def add(pile, growth):
        pile = jnp.logaddexp(0, pile + growth)
        return pile, pile

    growth = outlook.growth.reshape(-1, *outlook.whole.shape[1:-1])
    return jax.lax.scan(add, jnp.full_like(growth[0], -jnp.inf), growth)[1].max(0)


def quadratic(outlook: Outlook, left, accuracy, T: int | None = None) -> Forecast:
    """Newton: the error is squared in every update, or a frontier moves on.

    Where one update from an exact start leaves less than the guess's error everywhere, what is left of the error is squared:
    after i updates it is r^(2^i − 1), r the share that the first one leaves. Where it leaves more, the guess is of use up to
    the first step at which that is so, and the frontier behind which states are exact moves on by about as many steps an update.
    It may move on by far more, as later updates start from less of an error. Where the map forgets nothing within T steps, errors
    pile up over more of them than a window shows, and the interval reaches to T/10.

    left  (C, K, ...), `Outlook.left`
    T     steps that the frontier has to cross, all by default
    """
    T = outlook.T if T is None else T
    nats = to_lose(outlook, accuracy)
    r = jnp.quantile(left, 0.99, axis=(0, 1)).clip(jnp.finfo(left.dtype).eps, 0.7)
    squared = jnp.where(nats > 0, jnp.maximum(1, jnp.log2(1 + nats / -jnp.log(r))), 0)
    expected, few, many = (jnp.maximum(squared, T * hops(left, limit)) for limit in (0.8, 1.1, 0.6))
    unseen = jnp.where(memory(outlook, nats) >= T, T / 10, 0.0)
    share = jnp.minimum(few / T, 1)  # where windows stop everywhere, a frontier does not move on by so much more
    low = jnp.maximum(0.6 * squared, T * share * (0.15 + 0.25 * share))
    return Forecast(expected, low, jnp.maximum(jnp.maximum(2 * squared + 1, 2.5 * many), unseen))


def hops(left, limit: float):
    """Updates per step of a frontier that moves on to where more than `limit` is left of an error, from window to window."""
    stops = jnp.median(left, axis=0) > limit  # most of the window; a spike that goes by stops nothing
    first = 1 + (left > limit).argmax(0)
    return jnp.where(stops, 1.6 / first, 0).mean(0)


def linear(outlook: Outlook, left, accuracy) -> Forecast:
    """The error shrinks by one factor in every update, or a frontier moves on: Newton with other matrices than the Jacobians.

    The first update shows a factor. Later ones may shrink the error more slowly, as what is left then lies in the directions that
    the matrices say least of; where they say nothing of them, it dies out with the memory of the map.
    """
    steady = at_one_factor(left, to_lose(outlook, accuracy))
    moved, least, most = (outlook.T * hops(left, limit) for limit in (0.9, 1.2, 0.8))
    expected = 1.5 * jnp.maximum(steady, moved)
    # a frontier often moves on by more than it first seems, as what it leaves behind is no longer as far off as the guess was
    return Forecast(expected, jnp.minimum(jnp.maximum(0.6 * steady, 0.3 * least), expected), 4 * jnp.maximum(steady, most))


def at_one_factor(left, nats) -> Float[Array, "..."]:
    """Updates after which so many nats are lost, if each one loses what the first does."""
    factor = jnp.median(left, axis=(0, 1)).clip(jnp.finfo(left.dtype).eps, 0.99)
    return jnp.where(nats > 0, jnp.maximum(1, nats / -jnp.log(factor)), 0)


def diagonal(outlook: Outlook, left, accuracy) -> Forecast:
    """Newton with the diagonals of the Jacobians: between what its first update promises and the memory of the map.

    What diagonals do not say of the map dies out as in Jacobi's iteration, one step of the memory an update; the rest as `linear`
    has it. Counts lie about the geometric mean of both, and nearer to the first where the Jacobians are nearly diagonal.
    """
    T, nats = outlook.T, to_lose(outlook, accuracy)
    steady = at_one_factor(left, nats)
    moved, least = (T * hops(left, limit) for limit in (0.9, 1.2))
    first, steps = jnp.minimum(jnp.maximum(steady, moved), T), jnp.minimum(memory(outlook, nats), T)
    between = jnp.sqrt(first * steps)
    expected = jnp.minimum(between, 4 * first)
    # a first update that loses next to nothing says no more than that a frontier has to move on
    low = jnp.maximum(jnp.where(steady < T, 0.6 * steady, 0.25 * steps), 0.25 * jnp.minimum(least, steps))
    return Forecast(expected, jnp.minimum(low, expected), 2.6 * between + 1)


def later(undamped: Forecast, nats) -> Forecast:
    """Levenberg and Marquardt: as many updates as without damping, and those in which the damping falls, tenfold in each."""
    falling = jnp.sqrt(2 * nats / jnp.log(10.0))  # then the error has been multiplied by 1, 1/10, 1/100, …
    return Forecast(undamped.updates + 0.6 * falling, undamped.low, 2 * undamped.high + 2 * falling)


def summing(outlook: Outlook, accuracy) -> Forecast:
    """Picard: sums of increments over all time, which are right only up to about the step that has been reached."""
    T = jnp.where(to_lose(outlook, accuracy) > 0, float(outlook.T), 0.0)
    return Forecast(T, 0.05 * T, T)


def descending(outlook: Outlook, accuracy, step_size: float) -> Forecast:
    """Descent on the merit: the error shrinks by 1 − η μ per update, μ = ‖𝒥⁻¹‖⁻² the flattest direction of the merit."""
    nats, pile = to_lose(outlook, accuracy), piled_up(outlook)
    updates = jnp.minimum(nats / step_size * jnp.exp(jnp.minimum(2 * pile, 60)), MOST)
    return Forecast(updates, 0.2 * updates, 3 * updates + 1)


def sweeping(steps, C: int, K: int, per_update: int = 1) -> Forecast:
    """Windows that are run again: one sweep, and one for every C steps of the memory, at most K; then all windows are exact.

    steps       (...), the memory of the map
    per_update  sweeps in one update
    """
    sweeps = (jnp.minimum(1 + factor * steps / C, K) for factor in (1, 0.5, 1.6))
    updates, low, high = (jnp.maximum(each / per_update, 1) for each in sweeps)
    return Forecast(updates, low, jnp.ceil(high) + (K > 1))
