"""What the true trajectory of a problem says before any solver has tried it: exponents, and the bounds that follow from them."""

from typing import NamedTuple

import jax
import numpy as np

from bench.measure.posed import Posed
from methods import predictability
from methods.layout.precision import precise
from methods.solvers.sequential import Sequential
from metrics.exponents import Exponents


class Growth(NamedTuple):
    """The states step by step, and rows of `metrics` about how errors grow along them: means over sequences."""

    states: jax.Array  # (T, ..., M)
    rows: list[dict]

    @classmethod
    def of(cls, posed: Posed, *, spectrum: int, pl_turns: int) -> "Growth":
        states = _sequentially(posed.problem)
        start = posed.tangent[:, None] if posed.tangent is not None and spectrum == 1 else None
        logs = predictability.growth(posed.problem, states, count=spectrum, start=start)
        found = Exponents.of_growth(logs, posed.dt)
        per_step, error = (values.reshape(-1, spectrum).mean(0) for values in (found.per_step, found.error))
        regularity = predictability.regularity(logs[..., 0])
        T, M = len(states), states.shape[-1]
        bound = predictability.pl_bounds(per_step[0], T, M)[0] if np.isfinite(per_step[0]) else np.nan
        rows = [
            _row("lyapunov", per_step[0], "1/step"),
            _row("lyapunov_per_time", per_step[0] / posed.dt, "1/time"),
            _row("lyapunov_error", error[0], "1/step"),
            *(_row(f"lyapunov_{i + 1}", per_step[i], "1/step") for i in range(1, spectrum)),
            _row("log_a", np.mean(regularity.log_a), "nats"),
            _row("log_b", np.mean(regularity.log_b), "nats"),
            _row("log_mu_bound", bound, "nats"),
        ]
        if pl_turns:
            constant = predictability.pl_constant(posed.problem, states, max_turns=pl_turns)
            rows += [
                _row("log_mu", np.mean(constant.log_mu), "nats"),
                _row("log_mu_error", np.mean(constant.error), "nats"),
            ]
        reason = _undefined(states)
        return cls(states, [row if np.isfinite(row["value"]) else row | {"reason": reason} for row in rows])


def _row(metric: str, value, unit: str) -> dict:
    return {"metric": metric, "value": float(value), "unit": unit}


def _undefined(states) -> str:
    """Why exponents of a trajectory are not finite."""
    if not np.isfinite(states).all():
        return "the trajectory itself is not finite"
    return "too few steps" if len(states) < 5 else "a direction dies: a Jacobian maps it to 0"


@jax.jit
@precise()
def _sequentially(problem):
    return Sequential().solve(problem).states
