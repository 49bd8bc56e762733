"""Windowed relaxation: K windows of time run side by side as plain scans and hand their ends on (chunk Jacobi, additive Schwarz).

The simplest choice of new starts: each window starts again where the window before it has just ended, and runs until it meets
the states of the sweep before. Where windows are longer than the memory ℓ of the map, that costs one sweep and ℓ steps more.
Windows that overlap by ℓ steps would cost as much, but their length would have to be known; here it shows by itself. Shorter
windows need several sweeps until a correction has died out. K sweeps are always exact, and where the map does not contract, all K
are needed.

Gander 2008 for Schwarz in time; D'Amore 2025, doi 10.17352/tcsit.000091, for the decomposition of RNNs.
"""

import dataclasses
from typing import ClassVar

from methods.adjoint import Adjoint
from methods.forcing import Forcing
from methods.kernels import Kernels, explained, why_not
from methods.layout import cost
from methods.layout.windows import Windows
from methods.models.low_rank import LowRankShape
from methods.problem import Problem
from methods.problem.solution import Solution
from methods.solvers.base import default_tolerance
from methods.solvers.windows import fused
from methods.solvers.windows.relaxation import Relaxation
from methods.solvers.windows.sweeps import At, Given
from references import Reference
from references.papers import DAMORE2025

GANDER2008 = Reference(
    key="gander2008",
    kind="article",
    author=("Martin J. Gander",),
    title="Schwarz methods over the course of time",
    journal="Electronic Transactions on Numerical Analysis",
    volume="31",
    pages="228–255",
    year=2008,
)


@dataclasses.dataclass(frozen=True)
class Schwarz(Relaxation):
    """Each window starts again where the one before it ends. Depth C + ℓ for windows of C steps longer than the memory ℓ."""

    references: ClassVar[tuple[Reference, ...]] = (GANDER2008, DAMORE2025)

    kernels: Kernels = "auto"  # fused kernels on one device, where they fit (`methods.kernels`)

    def explain(self, problem: Problem, guess) -> str | None:
        """Whether kernels run, wherever they could."""
        return None if cost.kind() == "cpu" else explained(self.kernels, problem.step, guess)

    def solve(self, problem: Problem, guess) -> Solution:
        if self.devices > 1 or why_not(self.kernels, problem.step, guess):
            return super().solve(problem, guess)
        windows = Windows.of(guess, self.window, memory=self.memory, fused=True)
        cap = windows.K if self.max_iterations is None else self.max_iterations
        tolerance = default_tolerance(self.tolerance, guess.dtype)
        return fused.solve(problem, guess, windows, tolerance, cap, self.kernels == "interpret")

    def restart(self, given: Given, at: At):
        return at.handed_on, ()


_schwarz = dict(solver=Schwarz(), forcing=Forcing("projected"), adjoint=Adjoint(adjoint_scan="windows", kernels="auto"))

METHODS = {
    "gtf-schwarz": _schwarz
    | dict(summary="windows of time side by side, each started again where the one before ends (Schwarz)"),
    "low-rank-schwarz": _schwarz | dict(model=LowRankShape(), summary="gtf-schwarz for a shPLRNN of rank N + extra_rank"),
}
