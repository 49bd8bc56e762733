"""The problem that a cell poses, ready for any solver: a recurrence as it is, or a trained model under its forcing."""

import dataclasses
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from bench.measure.contraction import contraction_rows
from bench.measure.trained import trained, trainer, windows
from bench.question import catalogue
from methods.layout.precision import precise
from methods.problem import Problem
from methods.problem import posed as problem_of
from methods.problem.guess import first_guess


def is_recurrence(cell) -> bool:
    """Whether the system of a cell is a recurrence, which is evaluated as it is."""
    return catalogue.found_as("system", cell.system) == "recurrence"


@dataclasses.dataclass(frozen=True)
class Posed:
    """A problem with its first guess, and what is known of it beside."""

    problem: Problem
    guess: jax.Array  # (T, ..., M)
    tangent: Any = None  # (M,), the direction by whose growth its exponent is defined; None: any
    dt: float = 1.0  # time between states
    columns: dict = dataclasses.field(default_factory=dict)  # of the row in `cells`
    promised: list = dataclasses.field(default_factory=list)  # rows of `metrics` that follow from the weights of a model alone

    @classmethod
    def of_recurrence(cls, cell) -> "Posed":
        """The recurrence that the seed of the cell draws."""
        drawn = cell.build_system().draw(cell.T, seed=cell.seed).astype(cell.dtype)
        problem = problem_of(drawn.step, drawn.z0, drawn.inputs, drawn.diagonal)
        return cls(problem, drawn.guess, np.asarray(drawn.tangent), drawn.dt, {"latent_dim": len(drawn.z0)})

    @classmethod
    def of_training(cls, cell, *, updates: int, alpha: float) -> "Posed":
        """A model that was trained at the strength `alpha`, under the forcing of the cell's method, on data of the test orbit."""
        method, system = cell.build_method(), cell.build_system()
        params = trained(trainer(method), system, updates=updates, alpha=alpha, dtype=cell.dtype, seed=cell.seed)
        x = windows(system, T=cell.T, batch=cell.batch, dtype=cell.dtype, seed=cell.seed)
        problem, guess = _posed(_apart_from_alpha(method), params, x, getattr(method.forcing, "alpha", None))
        dt = getattr(system, "dt", 1.0) * getattr(system, "every", 1)
        return cls(problem, guess, dt=dt, promised=contraction_rows(method, params))


def _apart_from_alpha(method):
    """The method with a strength of 0; the true one is an argument, so that one compiled program serves every alpha."""
    if not hasattr(method.forcing, "alpha"):
        return method
    return dataclasses.replace(method, forcing=dataclasses.replace(method.forcing, alpha=0.0))


@partial(jax.jit, static_argnums=0)
@precise()
def _posed(method, params, x, alpha):
    """A single sequence goes without a batch axis, for which maps have faster forms."""
    x = x[0] if len(x) == 1 else jnp.moveaxis(x, -2, 0)
    problem, teacher = method.problem(params, x, alpha)
    return problem, first_guess(method.guess, problem, teacher, jr.key(0))
