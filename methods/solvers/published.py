"""GTF-DEER in the form in which DEER is published: the yardstick of the field, kept to be compared with.

The form is that of the code machine-discovery/deer (Lim et al. 2024, arXiv:2309.12252), on which Hess et al. 2026,
arXiv:2605.12683, build GTF-DEER.
"""

import dataclasses
from typing import Literal

from methods.adjoint import Adjoint
from methods.forcing import Forcing
from methods.linear import recurrence
from methods.problem import ByAutodiff, Problem
from methods.problem.solution import Solution
from methods.solvers.newton import Newton
from references.papers import HESS2026


@dataclasses.dataclass(frozen=True)
class Published(Newton):
    """Newton with dense Jacobians by forward-mode autodiff and one associative scan of T M×M matrices per iteration.

    Stops when an iteration changes nothing any more (rule `increment`); the residual still decides the status. The scan holds
    several copies of the O(T M²) numbers.
    """

    rule: Literal["residual", "absolute", "merit", "increment"] = "increment"
    scan: recurrence.Scan = "associative"

    def sees(self, problem: Problem) -> Problem:
        return problem._replace(step=ByAutodiff(problem.step))

    def solve(self, problem: Problem, guess) -> Solution:
        return super().solve(self.sees(problem), guess)


METHODS = {
    "gtf-deer-published": dict(
        solver=Published(),
        forcing=Forcing("projected"),
        adjoint=Adjoint(adjoint_scan="associative"),
        source=(HESS2026,),
        summary="gtf-deer as DEER is published: Jacobians by autodiff, ends when an update changes nothing",
    ),
}
