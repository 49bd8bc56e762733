"""The solver that should be fastest for the problem at hand, chosen from a measurement and said so.

How much can run side by side depends on how soon the map forgets: with forced exponent λ_f a step, a wrong start is gone after
ℓ = log(1 / tolerance) / |λ_f| steps. λ_f is measured on the first steps of the problem itself; then K windows of C steps cost
(C + ℓ) steps of K·S lanes each, to be compared with T steps of S lanes one after the other.

The choice is made inside the compiled program, so that one program serves whatever parameters and data come; a solve whose window
relaxation has not converged after a few sweeps is done again step by step.
"""

import dataclasses
import math
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from methods.adjoint import Adjoint
from methods.forcing import Forcing
from methods.maps import Problem
from methods.method import Method
from methods.solution import CONVERGED, Solution
from methods.solvers.base import Solver, default_tolerance
from methods.solvers.schwarz import Schwarz
from methods.solvers.sequential import Sequential
from methods.windows import MEMORY, Windows
from settings import Count, Positive

FREE_ELSEWHERE = 4096  # a guess that waits for a measurement
# Memories for which windows are compiled: that of `gtf-schwarz`, and a short one. A long one gains by several devices alone.
MEMORIES = (MEMORY, 32)
LONG_MEMORY = 8 * MEMORY
# The gain that must be predicted before the sequential scan is given up.
GAIN = 1.1
SWEEPS = 8  # of relaxation before it is given up


class Candidate(NamedTuple):
    solver: Solver
    adjoint: Adjoint
    windows: Windows | None  # None: step by step


@dataclasses.dataclass(frozen=True)
class Auto(Solver):
    """Sequential scan or window relaxation, whichever is predicted to be faster; the sequential scan where neither is clear."""

    tolerance: Positive | None = None  # None: 1e-6 in float32, 1e-10 in float64
    devices: Count = 1  # to spread windows over

    def candidates(self, states) -> list[Candidate]:
        """What is compiled for states `(T, ..., M)`; one alone where even a map that forgets at once would gain nothing."""
        T, S, M = states.shape[0], max(1, math.prod(states.shape[1:-1])), states.shape[-1]
        chosen = [Candidate(Sequential(), Adjoint(), None)]
        for memory in (*MEMORIES, LONG_MEMORY) if self.devices > 1 else MEMORIES:
            windows = Windows.of(states, memory=memory, devices=self.devices)
            if windows.K > 1 and _sequential(T, S, M) > GAIN * _windowed(windows, M, 32, self.devices):
                solver = Schwarz(self.tolerance, SWEEPS, windows.C, devices=self.devices)
                adjoint = Adjoint(adjoint_scan="windows", adjoint_memory=memory, devices=self.devices)
                if windows not in [each.windows for each in chosen]:
                    chosen.append(Candidate(solver, adjoint, windows))
        return chosen

    def adjoints(self, adjoint, states):
        return [each.adjoint for each in self.candidates(states)]

    def solve(self, problem: Problem, guess) -> Solution:
        candidates = self.candidates(guess)
        if len(candidates) == 1:
            return candidates[0].solver.solve(problem, guess)
        choice = self.choose(candidates, problem, guess)[0]
        solution = lax.switch(choice, [each.solver.solve for each in candidates], problem, guess)
        failed = (solution.code != CONVERGED).any() & (choice > 0)
        solution = lax.cond(failed, lambda: Sequential().solve(problem), lambda: solution)
        return solution._replace(choice=jnp.where(failed, 0, choice))

    def choose(self, candidates, problem: Problem, guess):
        """Index of the fastest, predicted gains over the sequential scan, and the exponent they follow from."""
        steps = max(64, min(256, guess.shape[0] // 32))  # costs at most a few per cent of one pass
        exponent = forced_exponent(problem, steps)
        memory = jnp.log(1 / default_tolerance(self.tolerance, guess.dtype)) / jnp.maximum(-exponent, 1e-9)
        first, M = candidates[1].windows, guess.shape[-1]
        sequential = _sequential(first.T, first.S, M)
        gains = [1.0] + [sequential / (GAIN * _windowed(each.windows, M, memory, self.devices)) for each in candidates[1:]]
        gains = jnp.stack([jnp.asarray(gain, guess.dtype) for gain in gains])
        return gains.argmax(), gains, exponent

    def explain(self, problem: Problem, guess) -> str:
        """The choice for this problem and its reason, in words."""
        candidates = self.candidates(guess)
        if len(candidates) == 1:
            return "sequential: too short for windows to gain anything"
        choice, gains, exponent = jax.jit(lambda problem, guess: self.choose(candidates, problem, guess))(problem, guess)
        reason = f"the forced exponent is {float(exponent):.2g} a step"
        if choice == 0:
            return f"sequential: {reason}, windows would run at {GAIN * float(gains[1:].max()):.2g} times its speed"
        windows = candidates[int(choice)].windows
        gain = GAIN * float(gains[choice])
        return f"{windows.K} windows of {windows.C} steps: {reason}, predicted {gain:.2g} times as fast as sequential"


# What value and gradient cost, in units of their own. Fitted on two CPU cores to M = 3, 16 and 24, 1 and 16 sequences.
def _sequential(T, S, M):
    if jax.default_backend() != "cpu":
        return T * (FREE_ELSEWHERE + S)
    return T * (0.5 + M / 15) if S == 1 else T * S * (0.9 + M / 24)


def _windowed(windows: Windows, M, memory, devices: int):
    if windows.K == devices:  # each device goes through a window of its own as through a short sequence
        return _sequential(windows.C + memory, windows.S, M)
    lanes = windows.K * windows.S / devices
    if jax.default_backend() != "cpu":
        return (windows.C + memory) * (FREE_ELSEWHERE + lanes)
    return (windows.C + memory) * (400 / (M + 13) + min(1, M / 20) * lanes)


def forced_exponent(problem: Problem, steps: int):
    """Largest growth rate of a small perturbation per step, over the second half of the first `steps` steps, all sequences."""
    inputs = jax.tree.map(lambda leaf: leaf[:steps], problem.inputs)

    def step(carry, u):
        z, v = carry
        z, pattern = problem.step.linearise(z, u)
        v = problem.step.push(pattern, v)
        size = jnp.linalg.norm(v, axis=-1, keepdims=True)
        return (z, v / jnp.maximum(size, jnp.finfo(v.dtype).tiny)), size[..., 0]

    # every direction, but none of the units alone
    v = jnp.broadcast_to(jnp.cos(1 + jnp.arange(problem.z0.shape[-1], dtype=problem.z0.dtype)), problem.z0.shape)
    _, growth = lax.scan(step, (problem.z0, v), inputs)
    settled = growth[growth.shape[0] // 2 :]
    return jnp.log(jnp.maximum(settled, jnp.finfo(settled.dtype).tiny)).mean(0).max()


METHODS = {"auto": Method(solver=Auto(), forcing=Forcing("projected"))}
