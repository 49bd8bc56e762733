"""What is computed while numbers are measured: a forced shPLRNN that forgets within some tens of steps, on noise."""

import dataclasses
import math
from typing import ClassVar, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

import methods
from bench.regression.problems import contracting
from methods import adjoint
from methods.adjoint import Adjoint
from methods.models import ShallowPLRNN
from methods.predictability import laws
from methods.predictability.outlook import Outlook
from methods.problem import Problem
from methods.problem.solution import Solution
from methods.solvers.base import Solver

HIDDEN = 64
ALPHA = 0.2
FORCED = methods.get("sequential", alpha=ALPHA)


class Given(NamedTuple):
    """A model and data for it, time first."""

    params: ShallowPLRNN
    x: np.ndarray  # (T+1, N) or (T+1, S, N)

    @property
    def windows(self):
        """The data as methods take them, `(S, T+1, N)`."""
        return self.x.swapaxes(0, 1) if self.x.ndim == 3 else self.x


def given(M: int, T: int, S: int | None = None, *, N: int = 1, L: int = HIDDEN) -> Given:
    """The contracting model that asv measures too, and noise to force it with; S None: one sequence without a batch axis."""
    params = contracting(np.random.default_rng(0), M, N, L)
    return Given(params, noise(T + 1, *([] if S is None else [S]), N))


def batch(M: int, T: int, S: int) -> tuple:
    """A model and data as methods take them."""
    drawn = given(M, T, S, N=min(M, 3))
    return drawn.params, drawn.windows


def forgetting_late(params: ShallowPLRNN) -> ShallowPLRNN:
    """A model that forgets in about as many steps as maps are taken to, `cost.MEMORY`."""
    return dataclasses.replace(params, A=np.full_like(params.A, 0.95), W1=0.05 * params.W1)


def memory(M: int) -> float:
    """Steps after which windows of `batch` meet in single precision."""
    params, x = given(M, 256, 1, N=min(M, 3))

    @jax.jit
    def steps(params, x):
        problem = posed(params, x)
        return laws.memory(Outlook.of(problem, jnp.zeros(problem.shape.shape), 256, 1), jnp.full(1, math.log(1e6)))

    return float(steps(params, x)[0])


def noise(*shape) -> np.ndarray:
    return np.random.default_rng(1).standard_normal(shape).astype(np.float32)


def posed(params, x) -> Problem:
    """The problem that data pose, as every method with this forcing poses it."""
    return FORCED.problem(params, x)[0]


def gradient_of(method):
    """A function of (params, x): the gradient of the loss."""
    return lambda params, x: jax.grad(method.loss, has_aux=True)(params, x)[0]


@dataclasses.dataclass(frozen=True)
class Known(Solver):
    """Finds nothing: the guess is the trajectory. What is left of a gradient is the adjoint alone."""

    stepwise_adjoint: ClassVar[bool] = True

    def solve(self, problem: Problem, guess) -> Solution:
        nothing = jnp.zeros(guess.shape[1:-1])
        return Solution(guess, iterations=nothing, evaluations=nothing, residual=nothing, code=nothing)


def backwards(how: Adjoint):
    """A function of (params, x, states, g): the cotangent of the map for cotangents g of the states."""

    def run(params, x, states, g):
        problem = posed(params, x)
        _, pull = jax.vjp(lambda step: adjoint.solve(Known(), how, problem._replace(step=step), states).states, problem.step)
        return pull(g)[0]

    return run
