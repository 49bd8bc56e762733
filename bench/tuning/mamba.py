"""Chunks of Mamba-2, and how many go through at a time."""

import math

import jax

import methods
from bench.tuning import problems
from bench.tuning.trial import Trial, Way


def chunks(trial: Trial) -> dict:
    """Value and gradient of a batch, 7 000 parameters."""
    method = methods.get("mamba2")
    params = jax.jit(lambda key: method.init(key, 5))(jax.random.key(0))
    way = Way(problems.gradient_of(method), (params, problems.noise(32, trial.T(512) + 1, 5)))
    found = trial.choose("ssd_chunk", (8, 16, 32, 64), [way])
    rows = 512.0, 1024.0, 2048.0, 4096.0, math.inf
    return {"ssd_chunk": found, "ssd_rows": trial.choose("ssd_rows", rows, [way._replace(changed={"ssd_chunk": found})])}
