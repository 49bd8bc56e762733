"""Newton window by window: W steps are solved to convergence, then the next W from where they end.

It is for sequences so long that the T M² numbers of all Jacobians do not fit into memory: only those of one window, W M², are
held at a time. Every window starts from a converged state. So a wrong guess costs iterations in its own window only, and where
Newton needs more iterations the longer the sequence, windows need fewer.
"""

import dataclasses

import jax
import jax.numpy as jnp
from jax import lax

from methods.forcing import Forcing
from methods.predictability import laws
from methods.predictability.outlook import Outlook
from methods.problem import Problem
from methods.problem.solution import History, Solution, from_where_it_broke, largest
from methods.solvers.newton import Newton
from references import PITBENCH, Reference
from references.papers import HESS2026
from settings import Count


@dataclasses.dataclass(frozen=True)
class WindowedNewton(Newton):
    """Depth T/W times that of Newton on W steps; memory O(T M + W M²). A sequence of at most W steps is plain Newton.

    Rule and cap hold in every window by itself; the reported residual, and the status, are those of the whole trajectory. To
    compare with Newton's, `iterations` and `evaluations` are counted in sweeps of all T steps, rounded up: those of all windows
    added up, times W/T. Row i of the history is the worst window that still runs after i iterations.
    """

    window: Count = 256  # W

    @property
    def references(self) -> tuple[Reference, ...]:
        return (PITBENCH, *super().references)

    @property
    def counts_prefixes(self) -> bool:
        return False  # its counts are sums over windows

    def expected(self, outlook: Outlook, accuracy) -> laws.Forecast:
        """Newton's, in windows whose frontier has no more than W steps to cross; the quasi form as without windows."""
        if self.jacobian == "diagonal":
            return super().expected(outlook, accuracy)
        return laws.quadratic(outlook, outlook.left(self.first), accuracy, min(self.window, outlook.T))

    def solve(self, problem: Problem, guess) -> Solution:
        T, W, newton = guess.shape[0], self.window, super().solve
        if T <= W:
            return newton(problem, guess)

        def part(values, start):
            return jax.tree.map(lambda leaf: lax.dynamic_slice_in_dim(leaf, start, W), values)

        def one_window(states, start):
            z0 = jnp.where(start == 0, problem.z0, states[start - 1])
            window = newton(Problem(problem.step, z0, part(problem.inputs, start)), part(states, start))
            return lax.dynamic_update_slice_in_dim(states, window.states, start, 0), window._replace(states=None)

        # Where W does not divide T, the last window starts earlier, among states that have converged, so that it ends at T.
        starts = jnp.minimum(jnp.arange(-(-T // W)) * W, T - W)
        states, windows = lax.scan(one_window, guess, starts)
        at = problem.evaluate(states)
        history = windows.history and History(*(jnp.nanmax(row, 0) for row in windows.history))
        updates, sweeps = (-(-counts.sum(0) * W // T) for counts in (windows.iterations, windows.evaluations))
        code = self.status(at)
        states = from_where_it_broke(states, at.residual, code)
        return Solution(states, updates, sweeps + 1, largest(at.residual), code, history)


METHODS = {
    "gtf-deer-windowed": dict(
        solver=WindowedNewton(),
        forcing=Forcing("projected"),
        source=(HESS2026,),
        summary="gtf-deer in one window of time after the other, where not all Jacobians fit into memory",
    )
}
