"""Windowed relaxation: K windows of time run side by side as plain scans and hand their ends on (chunk Jacobi, additive Schwarz).

The first sweep runs every window from the guess at its start. Then each window starts again from the end of the one before,
and runs only until it meets the states that are there: a forced trajectory forgets where it started, so a correction dies out
after ℓ ≈ log(error / tolerance) / |λ_f| steps. For windows longer than ℓ the cost is one sweep and ℓ steps more, what an
overlap of ℓ would cost, without having to know ℓ. Shorter windows hand corrections on over several sweeps; K sweeps are always
exact.

Gander 2008 for Schwarz in time; D'Amore 2025, doi 10.17352/tcsit.000091, for the decomposition of RNNs.
"""

import dataclasses

import jax
import jax.numpy as jnp
from jax import lax

from methods import windows
from methods.adjoint import Adjoint
from methods.forcing import Forcing
from methods.maps import Problem
from methods.method import Method
from methods.solution import CONVERGED, DIVERGED, NOT_CONVERGED, Solution
from methods.solvers.base import Solver, default_tolerance


@dataclasses.dataclass(frozen=True)
class Schwarz(Solver):
    """No Jacobians. Work O(T) per sweep, memory O(T M), depth C + ℓ for windows of C steps.

    Converged when no correction left behind a jump above tolerance (1 + max |z|): the residual of the assembled trajectory is 0
    but where a correction ended, and there it is that jump. Where the forced map does not contract, it needs up to K sweeps.
    """

    tolerance: float | None = None  # None: 1e-6 in float32, 1e-10 in float64
    max_iterations: int = 100  # sweeps
    window: int = 0  # C; 0: so long that the windows fill the device

    def solve(self, problem: Problem, guess) -> Solution:
        T, batch = guess.shape[0], guess.shape[1:-1]
        C = windows.window_length(T, max(1, guess[0, ..., 0].size), self.window)
        inputs = windows.cut(problem.inputs, C)
        K = -(-T // C)

        def step(z, u):
            z = problem.step(z, u)
            return z, z

        first = jnp.concatenate([problem.z0[None], guess[C - 1 : (K - 1) * C : C]])
        _, states = lax.scan(step, first, inputs)
        real = (jnp.arange(K) * C + jnp.arange(C)[:, None] < T).reshape(C, K, *[1] * (guess.ndim - 1))  # not filled up
        largest = jnp.where(real, jnp.abs(states), 0).max((0, 1, -1))
        allowed = default_tolerance(self.tolerance, guess.dtype) * (1 + largest)

        def going(carry):
            _, _, running, sweeps = carry
            return running.any() & (sweeps.max() < self.max_iterations)

        def sweep(carry):
            states, jumps, running, sweeps = carry
            starts = jnp.concatenate([problem.z0[None], states[-1, :-1]])
            states, jump, ended = _correct(step, starts, states, inputs, allowed)
            return states, jnp.maximum(jumps, jump), running & ~ended & jnp.isfinite(jump), sweeps + running

        finite = jnp.isfinite(largest)
        running = finite if K > 1 else jnp.zeros_like(finite)  # a single window has nothing to hand on
        start = (states, jnp.zeros(batch, guess.dtype), running, jnp.ones(batch, jnp.int32))
        states, jumps, _, sweeps = lax.while_loop(going, sweep, start)
        handed_on = problem.step(states[-1, :-1], windows.at(inputs, 0, slice(1, None))) - states[0, 1:]
        residual = jnp.maximum(jumps, jnp.abs(handed_on).max((0, -1), initial=0))
        states = windows.join(states, T)
        finite = jnp.isfinite(states).all((0, -1))
        residual = jnp.where(finite, residual, jnp.nan)
        code = jnp.where(finite, jnp.where(residual <= allowed, CONVERGED, NOT_CONVERGED), DIVERGED)
        return Solution(states, sweeps, sweeps, residual, code)


def _correct(step, z, states, inputs, allowed):
    """Run every window from its new start until it meets the old states; the new states, the jump left, whether all have met."""
    C = jax.tree.leaves(inputs)[0].shape[0]
    length = windows.block_length(C)

    def going(carry):
        at, _, _, met, _ = carry
        return (at < C) & ~met.all()

    def block(carry):
        at, z, states, met, jump = carry
        old = windows.block(states, at, length)
        _, new = lax.scan(step, z, windows.block(inputs, at, length))
        gap = jnp.abs(new[-1] - old[-1]).max(-1)
        meets = gap <= allowed
        jump = jnp.where(met, jump, gap)
        # A window that has met the old states keeps them from here on: what is left of the correction is the jump at this row.
        new = jnp.where(met[..., None], old, new.at[-1].set(jnp.where(meets[..., None], old[-1], new[-1])))
        return at + length, new[-1], windows.put(states, new, at), met | meets, jump

    nothing = jnp.zeros(z.shape[:-1], bool).at[0].set(True), jnp.zeros(z.shape[:-1], z.dtype)  # the first window starts right
    _, _, states, met, jump = lax.while_loop(going, block, (0, z, states, *nothing))
    return states, jump.max(0, where=met | jnp.isnan(jump), initial=0), met.all(0)


METHODS = {
    "gtf-schwarz": Method(solver=Schwarz(), forcing=Forcing("projected"), gradient=Adjoint(adjoint_scan="windows")),
}
