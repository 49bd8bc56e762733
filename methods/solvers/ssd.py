"""Mamba-2 over all time: one chunked scan, or step by step to compare it with.

A Mamba-2 block is linear in its own state, so that no iteration is needed and no other solver fits it.
"""

import dataclasses
from typing import ClassVar

import jax.numpy as jnp
from jax import lax

from methods.forcing import Forcing
from methods.models.mamba2.model import Block, Mamba2Shape
from methods.problem import Problem
from methods.problem.solution import CONVERGED, DIVERGED, Solution
from methods.solvers.base import Solver
from references import Reference
from references.papers import DAO2024
from settings import Natural


@dataclasses.dataclass(frozen=True)
class Recurrent(Solver):
    """The block step by step, as it runs freely. There is no iteration and no residual to report: it is NaN."""

    references: ClassVar[tuple[Reference, ...]] = (DAO2024,)
    uses_guess: ClassVar[bool] = False
    uses_adjoint: ClassVar[bool] = False
    solves: ClassVar[type] = Block

    @property
    def stepwise(self) -> Solver:
        return Recurrent()

    def solve(self, problem: Problem, guess) -> Solution:
        if not isinstance(problem.step, Block):
            raise TypeError(f"{type(self).__name__} solves a Mamba-2 block alone, not a {type(problem.step).__name__}.")
        outputs = self.outputs(problem.step.params, problem.inputs)
        batch = outputs.shape[1:-1]
        one = jnp.ones(batch, jnp.int32)
        code = jnp.where(jnp.isfinite(outputs).all((0, -1)), CONVERGED, DIVERGED)
        return Solution(outputs, one, one, jnp.full(batch, jnp.nan, outputs.dtype), code)

    def outputs(self, params, x):
        """Outputs o_1 … o_T `(T, ..., d)` of the block for data x `(T, ..., N)`."""

        def step(state, x):
            state = params.step(state, x)
            return state, state.o

        return lax.scan(step, params.first_state(x[0]), x)[1]


@dataclasses.dataclass(frozen=True)
class ChunkedScan(Recurrent):
    """The block by chunks of time, as many side by side as suit the device."""

    chunk: Natural = 0  # Q; 0: what suits the device

    def outputs(self, params, x):
        return params.run(x, self.chunk)[0]


METHODS = {
    "mamba2": dict(
        solver=ChunkedScan(),
        forcing=Forcing("input"),
        model=Mamba2Shape(),
        summary="a Mamba-2 block in jax, by a scan in chunks",
    ),
}
