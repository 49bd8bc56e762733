"""Iterative solvers whose T steps can be dealt out over devices, each with a stretch of consecutive ones.

Nothing in an iteration needs all of time at once but the stopping rule and, where there is one, a linear recurrence. So a solver
says how its own stretch is improved, as on one device, and asks `Problem.stretch` for what it needs of the others.
"""

import dataclasses
from functools import partial

from methods.problem import Problem
from methods.problem.solution import Solution
from methods.problem.spread import solved
from methods.solvers.base import Iterative, iterate
from settings import Count


@dataclasses.dataclass(frozen=True)
class Stretched(Iterative):
    """An iterative solver that may share the steps of a problem out among devices.

    Beside what `update` exchanges, an iteration takes one collective-permute, of the state at the end of each stretch, and one
    all-reduce, of whether to go on; a second one for the rule `merit`, and two for a history. On one device there is nothing to
    exchange.
    """

    devices: Count = 1  # to spread the time steps over

    def solve(self, problem: Problem, guess) -> Solution:
        if self.devices == 1:
            return iterate(self, problem, guess)
        return solved(self.devices, partial(iterate, self), problem, guess)
