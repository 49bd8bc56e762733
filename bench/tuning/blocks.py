"""Blocks of time that stay in cache, the way to look for the end of a correction, and batches that end at different times."""

import dataclasses
import math

import numpy as np

import methods
from bench.tuning import problems
from bench.tuning.trial import Trial, Way
from methods.adjoint import Adjoint
from methods.layout import blocks, cost


def evaluation(trial: Trial) -> dict:
    """The linearisation and the cotangents of a map for all of time at once."""
    rows = (512.0, 1024.0, 2048.0, 4096.0, 8192.0, math.inf)
    found = trial.choose("block_rows", rows, [_evaluated(trial.T(65536), block_from=0)])

    def cases(T):
        return [_evaluated(trial.T(T))]

    cut = {"block_from": 0, "block_rows": found}
    limit = trial.limit("block_from", (4096, 8192, 16384, 32768), cases, below={"block_from": math.inf}, above=cut)
    return {"block_rows": found, "block_from": limit}


def _evaluated(T: int, **changed) -> Way:
    def run(params, x, states, w):
        problem = problems.posed(params, x)
        at = problem.evaluate(states)
        return at.image, at.pattern, blocks.pull(problem.step, problem.previous(states), problem.inputs, w, False)[0]

    return Way(run, (*problems.given(16, T), problems.noise(T, 16), problems.noise(T, 16)), changed)


def stepwise(trial: Trial) -> dict:
    """The adjoint step by step: of a long sequence and of a batch, then of a model too large for the rows that suit those."""
    rows = (128.0, 256.0, 512.0, 1024.0, 2048.0, math.inf)
    cases = [_pulled(16, trial.T(32768)), _pulled(16, trial.T(2048), 16)]
    found = {"adjoint_rows": trial.choose("adjoint_rows", rows, cases)}
    numbers = (5e5, 1e6, 2e6, 4e6, 8e6, math.inf)
    large = _pulled(48, trial.T(8192), L=128, adjoint_rows=math.inf)
    return found | {"adjoint_numbers": trial.choose("adjoint_numbers", numbers, [large])}


def _pulled(M: int, T: int, *S: int, L: int = problems.HIDDEN, **changed) -> Way:
    states = problems.noise(T, *S, M)
    how = problems.backwards(Adjoint(adjoint_scan="sequential"))
    return Way(how, (*problems.given(M, T, *S, L=L), states, states), changed)


def look(trial: Trial) -> dict:
    """A gradient by windows of a map that forgets in about as many steps as maps are taken to: corrections run on for long."""
    given = problems.given(16, trial.T(32768), 1)
    method = methods.get("gtf-schwarz", alpha=0.2, window=2 * cost.MEMORY)
    way = Way(problems.gradient_of(method), (problems.forgetting_late(given.params), given.windows))
    return {"look": trial.choose("look", (8, 16, 32, 64, 128), [way])}


def compaction(trial: Trial) -> dict:
    """Newton on a batch of which a loud sequence takes more updates than the faint ones."""
    given = problems.given(16, trial.T(1024), 16)
    params = dataclasses.replace(given.params, W1=4 * given.params.W1)
    x = given.windows / 10 ** np.arange(16, dtype=np.float32)[:, None, None]
    way = Way(methods.get("gtf-deer", alpha=0.2).solve, (params, x))
    return {"compacts": trial.choose("compacts", (True, False), [way])}
