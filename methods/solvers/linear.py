"""Models that are linear in their state: one scan, no iteration.

    z_t = A z_{t-1} + u_t,  A diagonal and constant in time

`methods.linear.decay` evaluates all of it at once. States are exact up to rounding, and so is the gradient, by plain autodiff.
"""

import dataclasses
from functools import partial
from typing import ClassVar

import jax.numpy as jnp
from jax import lax

from methods.forcing import Forcing
from methods.forcing.sampling import ScheduledSampling
from methods.linear.decay import decay, decay_across
from methods.models.lssm import Decay, LSSMShape
from methods.problem import Problem
from methods.problem.solution import CONVERGED, DIVERGED, NOT_CONVERGED, Solution, by_size, from_where_it_broke, largest
from methods.problem.spread import endless, solved
from methods.solvers.base import Solver, default_tolerance
from methods.solvers.sequential import Sequential
from references import Reference
from references.papers import HESS2026
from settings import Count, Positive

MARTIN2018 = Reference(
    key="martin2018",
    kind="inproceedings",
    author=("Eric Martin", "Chris Cundy"),
    title="Parallelizing Linear Recurrent Neural Nets Over Sequence Length",
    booktitle="International Conference on Learning Representations",
    year=2018,
    eprint="1709.04057",
)


@dataclasses.dataclass(frozen=True)
class LinearScan(Solver):
    """The scan for a linear recurrence with diagonal A. Reports one iteration, and the residual that rounding has left.

    On several devices it takes one all-gather of 2 M numbers a device, and its gradient one reduce-scatter of as many; the
    residual takes one collective-permute and two all-reduces.
    """

    references: ClassVar[tuple[Reference, ...]] = (MARTIN2018,)
    uses_guess: ClassVar[bool] = False
    uses_adjoint: ClassVar[bool] = False
    solves: ClassVar[type] = Decay

    tolerance: Positive | None = None  # None: 1e-6 in float32, 1e-10 in float64
    devices: Count = 1  # to spread the time steps over

    def solve(self, problem: Problem, guess) -> Solution:
        if not isinstance(problem.step, Decay):
            raise TypeError(f"LinearScan solves z = A z + u with a diagonal A alone, not a {type(problem.step).__name__}.")
        if self.devices == 1:
            return self._scan(problem, decay)
        return solved(self.devices, self._share, problem, problem.inputs)

    def _share(self, problem: Problem, inputs) -> Solution:
        """`solve` of the stretch of one device."""
        # After T, where nobody reads the states, it may go on without inputs.
        problem = problem._replace(step=endless(problem.step, problem.inputs)[0], inputs=inputs)
        return self._scan(problem, partial(decay_across, devices=problem.stretch.devices))

    def _scan(self, problem: Problem, scan) -> Solution:
        A, z0, stretch = problem.step.A, problem.z0, problem.stretch
        states = scan(A, z0, problem.inputs)
        fixed, fixed_states = lax.stop_gradient((problem, states))
        residual = fixed.evaluate(fixed_states).residual
        error, one = largest(residual), jnp.ones(z0.shape[:-1], jnp.int32)
        met = by_size(residual, fixed_states) <= default_tolerance(self.tolerance, states.dtype)
        error, (met,) = stretch.largest(error), stretch.all(met)
        code = jnp.where(jnp.isfinite(error), jnp.where(met, CONVERGED, NOT_CONVERGED), DIVERGED)
        return Solution(from_where_it_broke(states, residual, code, stretch), one, one, error, code)


METHODS = {
    "lssm": dict(
        solver=LinearScan(),
        forcing=Forcing("input"),
        model=LSSMShape(),
        summary="a linear recurrence that reads the data, solved by one parallel scan",
    ),
    "lssm-scheduled": dict(
        solver=Sequential(),
        forcing=ScheduledSampling(),
        model=LSSMShape(),
        source=(HESS2026,),
        summary="lssm that is fed its own predictions more and more often, hence step by step",
    ),
}
