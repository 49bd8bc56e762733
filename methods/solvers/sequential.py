"""Step by step through time: the baseline of accuracy and speed.

Forced by data this is generalised teacher forcing, Hess et al. 2023, arXiv:2306.04406.
"""

import dataclasses
from typing import ClassVar

import jax
import jax.numpy as jnp
from jax import lax

from methods.forcing import Forcing
from methods.maps import Problem
from methods.method import Method
from methods.models.shplrnn_map import SMALL
from methods.solution import CONVERGED, DIVERGED, Solution
from methods.solvers.base import Solver

# Turns of a loop that are compiled as one where a step is made of sums rather than calls of matrix products: on two CPU cores
# value and gradient of 65536 steps take 0.7 times as long for M = 3, but 1.2 times for M = 16. Elsewhere not measured yet.
UNROLL = 8
SHORT = 1024  # steps, below which a longer program is not worth compiling


def unrolled(T: int, M: int) -> int:
    """Steps per turn that are fastest for T steps of M components on the default device."""
    return UNROLL if jax.default_backend() == "cpu" and T >= SHORT and M <= SMALL else 1


@dataclasses.dataclass(frozen=True)
class Sequential(Solver):
    """One compiled scan over t. Work O(T), memory O(T M), depth T.

    Its residual is 0 by construction: each state is the image of the one before.
    """

    uses_guess: ClassVar[bool] = False

    unroll: int = 0  # steps per turn of the compiled loop; 0: what is fastest on this device

    def solve(self, problem: Problem, guess=None) -> Solution:
        stepper = problem.step.stepper()

        def step(z, u):
            z = stepper(z, u)
            return z, z

        unroll = self.unroll or unrolled(jax.tree.leaves(problem.inputs)[0].shape[0], problem.z0.shape[-1])
        _, states = lax.scan(step, problem.z0, problem.inputs, unroll=unroll)
        batch = states.shape[1:-1]
        code = jnp.where(jnp.isfinite(states).all((0, -1)), CONVERGED, DIVERGED)
        return Solution(states, jnp.zeros(batch, jnp.int32), jnp.ones(batch, jnp.int32), jnp.zeros(batch, states.dtype), code)


METHODS = {
    "sequential": Method(solver=Sequential(), forcing=Forcing("projected")),
    "sequential-free": Method(solver=Sequential(), forcing=Forcing("none")),
}
