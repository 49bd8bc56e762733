"""The solver that should be fastest for the problem at hand, chosen from a measurement and said so.

How much can run side by side depends on how soon the map forgets: with a memory of ℓ steps, K windows of C steps cost (C + ℓ)
steps of K·S lanes each, to be compared with T steps of S lanes one after the other. ℓ, or the sweeps of windows that follow
from it, is the forecast that every solver makes of its updates, here from a look at a few steps only.

The choice is made inside the compiled program, so that one program serves whatever parameters and data come; a solve whose window
relaxation has not converged after a few sweeps is done again step by step.
"""

import dataclasses
from functools import partial
from typing import ClassVar, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array

from methods.adjoint import Adjoint
from methods.forcing import Forcing
from methods.kernels import Kernels, why_not
from methods.layout import cost
from methods.layout.windows import Windows
from methods.predictability import laws
from methods.predictability.laws import Forecast
from methods.predictability.outlook import Outlook
from methods.problem import Problem
from methods.problem.solution import CONVERGED, Solution
from methods.solvers.base import Solver
from methods.solvers.sequential import Sequential
from methods.solvers.windows.schwarz import Schwarz
from references import PITBENCH, Reference
from settings import Count, Positive


class Candidate(NamedTuple):
    solver: Solver
    windows: Windows | None  # None: step by step
    memory: int  # that the windows were chosen for


@dataclasses.dataclass(frozen=True)
class Auto(Solver):
    """Sequential scan or window relaxation, whichever is predicted to be faster; the sequential scan where neither is clear.

    Under `vmap`, as when seeds train together, one choice is made for all: chosen one by one, every way would be run for each.
    """

    references: ClassVar[tuple[Reference, ...]] = (PITBENCH,)
    stepwise_adjoint: ClassVar[bool] = True
    looks_at: ClassVar[float] = 1 / 32  # or less, see `look`

    tolerance: Positive | None = None  # None: 1e-6 in float32, 1e-10 in float64
    devices: Count = 1  # to spread windows over
    kernels: Kernels = "auto"  # fused kernels on one device, where they fit (`methods.kernels`)

    def fuses(self, problem: Problem) -> bool:
        """Whether both ways of solving the problem go by kernels."""
        return self.devices == 1 and not why_not(self.kernels, problem.step, problem.shape)

    def candidates(self, problem: Problem) -> list[Candidate]:
        """What is compiled for a problem; one alone where even a map that forgets at once would gain nothing."""
        states, fused = problem.shape, self.fuses(problem)
        kernels = self.kernels if fused else "off"
        chosen = [Candidate(Sequential(kernels=kernels), None, 0)]
        for memory in self._memories(fused):
            windows = Windows.of(states, memory=memory, devices=self.devices, fused=fused)
            at_best = cost.gain(windows, states.shape[-1], min(cost.MEMORIES), self.devices, fused=fused)
            if windows.K > 1 and at_best > cost.here().margin and windows not in [each.windows for each in chosen]:
                sweeps = windows.K // 2 if fused else _most_sweeps(windows)
                relaxation = Schwarz(self.tolerance, max(1, sweeps), windows.C, devices=self.devices, kernels=kernels)
                chosen.append(Candidate(relaxation, windows, memory))
        return chosen

    def _memories(self, fused: bool) -> tuple[int, ...]:
        """For which memories windows are compiled."""
        if fused:
            return (cost.MEMORY,)
        return (*cost.MEMORIES, cost.LONG_MEMORY) if self.devices > 1 else cost.MEMORIES

    def cotangents(self, pull_back, adjoint: Adjoint, problem, choice):
        if choice is None:
            return super().cotangents(pull_back, adjoint, problem, choice)
        return lax.switch(choice, [partial(pull_back, each) for each in self.adjoints(adjoint, problem)])

    def adjoints(self, adjoint: Adjoint, problem: Problem) -> list[Adjoint]:
        """That of each candidate; a way of scanning, a memory or a number of devices that is asked for is kept."""

        def of(each: Candidate):
            asked = adjoint if each.windows is None or adjoint.adjoint_scan != "auto" else _by_windows(adjoint, each.memory)
            scan = "sequential" if asked.adjoint_scan == "auto" else asked.adjoint_scan
            devices = 1 if scan == "sequential" else max(asked.devices, self.devices)
            kernels = self.kernels if self.fuses(problem) else "off"
            return dataclasses.replace(asked, adjoint_scan=scan, devices=devices, kernels=kernels)

        return [of(each) for each in self.candidates(problem)]

    def solve(self, problem: Problem, guess) -> Solution:
        candidates = self.candidates(problem)
        if len(candidates) == 1:
            return candidates[0].solver.solve(problem, guess)
        choice = self.choose(candidates, problem, guess).choice
        solution = lax.switch(choice, [each.solver.solve for each in candidates], problem, guess)
        failed = (largest_of_all((solution.code != CONVERGED).any().astype(jnp.int32)) > 0) & (choice > 0)
        solution = lax.cond(failed, lambda: candidates[0].solver.solve(problem), lambda: solution)
        return solution._replace(choice=jnp.where(failed, 0, choice))

    def choose(self, candidates, problem: Problem, guess) -> "Choice":
        """The fastest as predicted from the first steps.

        By kernels nothing is measured: in the time that XLA takes for the first steps, windows have been tried. They sweep for
        half the time that going step by step would take.
        """
        if self.fuses(problem):
            gains = [cost.gain(each.windows, 0, each.memory, fused=True) for each in candidates[1:]]
            return Choice(jnp.ones((), int), jnp.array([1.0, *gains], guess.dtype), jnp.full((), jnp.nan, guess.dtype))
        outlook = self._look(problem, guess)
        gains = [jnp.ones((), guess.dtype)]
        for each, forecast in zip(candidates[1:], self._sweeps(candidates, outlook), strict=True):
            sweeps = largest_of_all(forecast.updates.max())
            memory = (sweeps - 1) * each.windows.C
            gain = cost.gain(each.windows, guess.shape[-1], memory, self.devices) / cost.here().margin
            gains.append(jnp.where(sweeps <= _most_sweeps(each.windows), gain, 0).astype(guess.dtype))  # no gain for NaN
        gains = jnp.stack(gains)
        return Choice(gains.argmax(), gains, largest_of_all(outlook.growth.mean((0, 1)).max()))

    def _look(self, problem: Problem, guess) -> Outlook:
        windows = Windows.whole(problem.shape)
        return Outlook.of(problem, guess, *look(windows.T, windows.S, guess.shape[-1]))

    def _sweeps(self, candidates, outlook: Outlook) -> list[Forecast]:
        """What each way by windows expects; the memory, which costs as much as some steps, is found once for all of them."""
        steps = laws.memory(outlook, laws.to_lose(outlook, self.accuracy(outlook.whole.dtype)))
        return [laws.sweeping(steps, each.windows.C, each.windows.K) for each in candidates[1:]]

    def foresee(self, problem: Problem, guess) -> Forecast:
        """That of the solver it chooses; the sequential scan makes no updates."""
        candidates, known = self.candidates(problem), jnp.isfinite(guess).all((0, -1))
        forecasts, choice = [Forecast(*jnp.zeros((3, *guess.shape[1:-1]), guess.dtype))], 0
        if len(candidates) > 1:
            outlook, choice = self._look(problem, guess), self.choose(candidates, problem, guess).choice
            forecasts += self._sweeps(candidates, outlook)
            known = known & outlook.known
        chosen = [jnp.stack(each)[choice] for each in zip(*forecasts, strict=True)]
        return Forecast(*(jnp.where(known, each, jnp.nan) for each in chosen))

    def explain(self, problem: Problem, guess) -> str:
        """The choice for this problem and its reason, in words."""
        candidates = self.candidates(problem)
        if len(candidates) == 1:
            return "sequential: too short for windows to gain anything"
        (choice, gains, exponent), made = _made(self, problem, guess)
        fused = self.fuses(problem)
        reason = "by kernels" if fused else f"the forced exponent is {float(exponent):.2g} a step"
        guessed = " by costs that are a guess here" if cost.here().source == cost.GUESS else ""
        predicted = gains if fused else cost.here().margin * gains
        if choice == 0:
            slower = f"windows would run at {float(predicted[1:].max()):.2g} times its speed"
            return f"sequential: {reason}, {slower}{guessed}"
        windows = candidates[int(choice)].windows
        what = f"{windows.K} windows of {windows.C} steps"
        if made != choice:
            most = candidates[int(choice)].solver.max_iterations
            return f"sequential: {reason}, but {what} did not converge in {most} sweeps, and all was done again step by step"
        return f"{what}: {reason}, predicted{guessed} {float(predicted[choice]):.2g} times as fast as sequential"


class Choice(NamedTuple):
    """What was predicted."""

    choice: Array  # index of the fastest candidate
    gains: Array  # of all over the sequential scan, with the margin that is asked for
    exponent: Array


@partial(jax.jit, static_argnums=0)
def _made(solver: Auto, problem: Problem, guess):
    """What is predicted to be the fastest, and what a solve ends with."""
    return solver.choose(solver.candidates(problem), problem, guess), solver.solve(problem, guess).choice


def _most_sweeps(windows: Windows) -> int:
    return cost.size(cost.here().most_sweeps, windows.T)


def look(T: int, S: int, M: int) -> tuple[int, int]:
    """Windows in which to look how soon a problem forgets: their length and number, a few per cent of one pass.

    Enough steps of the first window to settle, or as many short windows all over time as cost no more than these.
    """
    alone, short = cost.first_steps(T), 64
    allowed = alone * cost.step(S, M)
    windows = max((K for K in (2, 4, 8, 16, 32) if K * short <= T and short * cost.step(K * S, M) <= allowed), default=1)
    return (min(T, alone), 1) if windows == 1 else (short, windows)


def _by_windows(adjoint: Adjoint, memory: int) -> Adjoint:
    """`adjoint` by windows for the given memory, unless it names one."""
    named = adjoint.adjoint_memory != cost.MEMORY
    return dataclasses.replace(adjoint, adjoint_scan="windows", adjoint_memory=adjoint.adjoint_memory if named else memory)


@jax.custom_batching.custom_vmap
def largest_of_all(value):
    """`value`, and under `vmap` the largest of all that are mapped over, which is then the same for all."""
    return value


@largest_of_all.def_vmap
def _(size, mapped, value):
    return largest_of_all(value.max(0) if mapped[0] else value), False


METHODS = {
    "auto": dict(
        solver=Auto(),
        forcing=Forcing("projected"),
        adjoint=Adjoint(kernels="auto"),
        summary="step by step or by windows of time, whichever a measurement promises to be faster",
    )
}
