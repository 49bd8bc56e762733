"""How many updates a solver needs on a trained model, sequence by sequence."""

import dataclasses
from functools import partial
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np

from bench.measure import foresight
from bench.measure.accuracy import VALUE_TOLERANCE
from bench.measure.outcome import Measure, Outcome
from bench.measure.runtime import worst
from bench.measure.trained import needs, trained, trainer, windows
from methods.predictability import forced_exponents
from methods.problem.solution import largest
from settings import Count, Fraction

FOLLOWED = 4  # sequences whose exponents are averaged


@dataclasses.dataclass(frozen=True)
class Convergence(Measure):
    """Updates, residual and size of every update of each of `batch` sequences, beside the forced Lyapunov exponent.

    One model is trained, at the forcing strength `trained_alpha`, and then solved at every strength that is asked for. So what
    differs between two strengths is how hard the problem is, and not the model.
    """

    summary: ClassVar[str] = "updates of each of many sequences, beside the forced Lyapunov exponent that explains them"

    trained_updates: Count = 1000
    trained_alpha: Fraction = 0.2

    def needs(self, cell):
        return needs(cell.T)

    def run(self, cells, active):
        for cell in cells:
            active(cell)
            yield cell, self._measure(cell)

    def _measure(self, cell) -> Outcome:
        method, system = cell.build_method(), cell.build_system()
        params = trained(
            trainer(method), system, updates=self.trained_updates, alpha=self.trained_alpha, dtype=cell.dtype, seed=cell.seed
        )
        x = windows(system, T=cell.T, batch=cell.batch, dtype=cell.dtype, seed=cell.seed)
        if "history" in method.parameters:
            method = method.configure(history=True)
        alpha = method.forcing.alpha
        solution, residual = _solve(_apart_from_alpha(method), params, x, alpha)
        states = _sequentially(_apart_from_alpha(method), params, x, alpha)
        scale = float(jnp.abs(states).max())
        status, off = worst(solution.status), np.abs(solution.residual - residual)
        if status == "ok" and not (off <= VALUE_TOLERANCE[cell.dtype] * (1 + scale)).all():
            status = "wrong_answer"  # the states do not solve the problem as well as the solver says
        columns = {
            "iterations": float(solution.iterations.mean()),
            "residual": float(solution.residual.max()),
            "value_error": float(jnp.abs(solution.states - states).max()) / scale,
        } | foresight.columns(_apart_from_alpha(method).forecast(params, x, alpha=alpha), np.mean)
        exponents = forced_exponents(_apart_from_alpha(method).forcing, params, x[:FOLLOWED], alpha=alpha).per_step
        scores = [{"metric": "forced_lyapunov", "value": float(exponents.mean()), "unit": "1/step"}]
        return Outcome(status, columns, {"newton": updates(solution), "metrics": scores})


def _apart_from_alpha(method):
    """The method with a strength of 0; the true one is an argument, so that one compiled program serves every alpha."""
    return dataclasses.replace(method, forcing=dataclasses.replace(method.forcing, alpha=0.0))


@partial(jax.jit, static_argnums=0)
def _solve(method, params, x, alpha):
    """The solution, and the residual `(S,)` of its states computed anew, so that a solver is not taken at its word.

    The distance to the sequential states would be no measure of the answer: of a chaotic orbit two good answers soon differ.
    """
    solution = method.solve(params, x, alpha=alpha)
    problem, _ = method.problem(params, jnp.moveaxis(x, -2, 0), alpha)
    return solution, largest(problem.evaluate(jnp.moveaxis(solution.states, -2, 0)).residual)


@partial(jax.jit, static_argnums=0)
def _sequentially(method, params, x, alpha):
    """States `(S, T, M)` step by step."""
    return method.stepwise.solve(params, x, alpha=alpha).states


def updates(solution) -> list[dict]:
    """One row per update of each sequence; row 0 is the guess. None where no history was kept."""
    if solution.history is None:
        return []
    counts = np.atleast_1d(solution.iterations)
    residual, step = (np.asarray(values, float).reshape(-1, len(counts)) for values in solution.history)
    return [
        {"sequence": s, "update": i, "residual": residual[i, s], "step": None if i == 0 else step[i, s]}
        for s, count in enumerate(counts)
        for i in range(count + 1)
    ]


MEASURES = {"convergence": Convergence()}
