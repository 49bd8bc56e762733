"""The forecast of a solve: how many updates a solver will need, before any is made."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import jax.random as jr

from methods.layout.precision import precise
from methods.predictability.laws import Forecast
from methods.problem import Problem, border
from methods.problem.guess import first_guess


def forecast(solver: Any, problem: Problem, guess) -> Forecast | None:
    """Updates that `solver.solve(problem, guess)` will need, with an interval, for each sequence; None where it makes none.

    guess  (T, ..., M)

    It costs at most one update of the solver, and goes through some short windows of time side by side. What it looks at is in
    `outlook`, how updates follow from that in `laws`. NaN where the guess, or what the map makes of it, is not finite. It counts
    the updates that the rule needs, whatever `max_iterations` allows.
    """
    return _foreseen(solver, problem, guess) if solver.looks_at else None


def of_data(method: Any, params, x, alpha=None, *, key=None) -> Forecast | None:
    """The same for the problem that data x pose to a method. x, alpha and key are as in `Method.solve`."""
    return _of_data(method, params, x, alpha, key) if method.solver.looks_at else None


@partial(jax.jit, static_argnums=0)
@precise()
def _of_data(method, params, x, alpha, key):
    problem, teacher = method.problem(params, jnp.moveaxis(border.sequences(params, x), -2, 0), alpha, key=key)
    guess = first_guess(method.guess, problem, teacher, jr.key(0) if key is None else key)
    return method.solver.foresee(problem, guess)


@partial(jax.jit, static_argnums=0)
@precise()
def _foreseen(solver, problem, guess):
    return solver.foresee(problem, guess)
