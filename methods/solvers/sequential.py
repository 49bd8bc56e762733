"""Step by step through time: the baseline of accuracy and speed.

Forced by data this is generalised teacher forcing, Hess et al. 2023, arXiv:2306.04406.
"""

import dataclasses
from functools import partial
from typing import ClassVar

import jax.numpy as jnp

from methods.adjoint import Adjoint
from methods.forcing import Forcing
from methods.kernels import Kernels, explained, why_not
from methods.problem import Problem, rollout
from methods.problem.rollout import fused
from methods.problem.solution import CONVERGED, DIVERGED, Solution
from methods.solvers.base import Solver
from settings import Count


@dataclasses.dataclass(frozen=True)
class Sequential(Solver):
    """One compiled scan over t. Work O(T), memory O(T M), depth T.

    Its residual is 0 by construction: each state is the image of the one before.
    """

    uses_guess: ClassVar[bool] = False
    stepwise_adjoint: ClassVar[bool] = True

    # Steps per turn of the compiled loop, backwards as well. On two CPU cores more than one was never faster: M = 3, 16 and 24, 1
    # and 16 sequences. On a GPU each step is some launches, and a turn costs one or two of its own.
    unroll: Count = 1

    kernels: Kernels = "off"  # one fused kernel for all of time, where it fits (`methods.kernels`)

    def explain(self, problem: Problem, guess) -> str | None:
        """Whether a kernel runs, for the form that wants one."""
        return explained(self.kernels, problem.step, problem.shape)

    def solve(self, problem: Problem, guess=None) -> Solution:
        if why_not(self.kernels, problem.step, problem.shape):
            states = rollout(problem, self.unroll)
        else:
            states = fused(problem, self.kernels == "interpret")
        batch = states.shape[1:-1]
        code = jnp.where(jnp.isfinite(states).all((0, -1)), CONVERGED, DIVERGED)
        return Solution(states, jnp.zeros(batch, jnp.int32), jnp.ones(batch, jnp.int32), jnp.zeros(batch, states.dtype), code)

    def cotangents(self, pull_back, adjoint, problem, choice):
        """Those of any solver; step by step backwards in as large strides as forwards, so that a baseline is of one strength."""
        return super().cotangents(partial(pull_back, unroll=self.unroll), adjoint, problem, choice)


METHODS = {
    "sequential": dict(
        solver=Sequential(),
        forcing=Forcing("projected"),
        summary="step by step in time, with generalised teacher forcing: what all others are compared with",
    ),
    # What a scan costs on a GPU is mostly launches and the turns of a loop: the same scan as strong as a jax user can make it.
    "sequential-unrolled": dict(
        solver=Sequential(unroll=8),
        forcing=Forcing("projected"),
        summary="sequential with eight steps in each turn of the compiled loop, forwards and backwards",
    ),
    "sequential-free": dict(
        solver=Sequential(),
        forcing=Forcing("none"),
        summary="step by step in time, trained without forcing",
    ),
    "sequential-fused": dict(
        solver=Sequential(kernels="auto"),
        forcing=Forcing("projected"),
        adjoint=Adjoint(adjoint_scan="sequential", kernels="auto"),
        summary="step by step in one GPU kernel each way, the strongest form of going step by step",
    ),
    # The adjoint of any recurrence is linear: once the states are known, its gradient is parallel without a Newton iteration.
    "sequential-parallel-adjoint": dict(
        solver=Sequential(),
        forcing=Forcing("projected"),
        adjoint=Adjoint(adjoint_scan="windows"),
        summary="states step by step, their gradient by windows of time side by side",
    ),
}
