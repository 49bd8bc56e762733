"""Linear recurrences and Kalman filters: step by step or in parallel, and in which pieces."""

import math

import numpy as np

import methods
from bench.tuning import problems
from bench.tuning.trial import Trial, Way
from methods.layout import cost
from methods.linear import kalman, recurrence

FLOAT_BYTES = 4
M = 8


def scans(trial: Trial) -> dict:
    """Newton's updates, small and large."""
    method = methods.get("gtf-deer", alpha=0.2)
    both = [problems.given(components, trial.T(4096), 1) for components in (3, 16)]
    cases = [Way(method.solve, (given.params, given.windows)) for given in both]
    return {"scans": trial.choose("scans", (False, True), cases)}


def blocked(trial: Trial) -> dict:
    """The blocked scan in chunks of several lengths, then against the associative one for more and more Jacobians."""
    lengths = (8, 16, 32, 64, 128)
    found = trial.choose("scan_block", lengths, [_recurrence(trial.T(16384), "blocked")])
    sizes = (2.0**20, 2.0**23) if cost.kind() == "cpu" else (2.0**20, 2.0**23, 2.0**26, 2.0**29)

    def cases(size):
        return [_recurrence(trial.T(int(size) // (FLOAT_BYTES * M**2)), "auto", scans=True, scan_block=found)]

    below, above = {"associative_bytes": math.inf}, {"associative_bytes": 0}
    limit = trial.limit("associative_bytes", sizes, cases, below=below, above=above)
    return {"scan_block": found, "associative_bytes": limit}


def _recurrence(T: int, scan: str, **changed) -> Way:
    G = 0.3 * problems.noise(T, M, M)
    return Way(lambda G, b: recurrence.solve(G, b, scan=scan), (G, problems.noise(T, M)), changed)


def filters(trial: Trial) -> dict:
    """A Kalman filter step by step."""

    def cases(components):
        T = trial.T(2048)
        arguments = 0.3 * problems.noise(T, components, components), problems.noise(T, components), np.float32(1)
        return [Way(lambda J, r, damping: kalman.filtered(J, r, damping, "sequential"), arguments)]

    below, above = {"kalman_small": math.inf}, {"kalman_small": 0}
    return {"kalman_small": trial.limit("kalman_small", (4, 8, 12, 16), cases, below=below, above=above)}
