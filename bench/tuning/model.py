"""The model of costs: fitted to measured times, and taken only where the choices that follow from it are faster."""

import dataclasses
import itertools

import methods
from bench.tuning import forward, gradients, problems
from bench.tuning.trial import Trial, Way, better

NAMES = ("sweep", "step_alone", "step_rows", "step_columns", "gradient_alone", "gradient_batch", "windowed")
SIZES = ((16, 2048, 16), (3, 32768, 1), (16, 32768, 1))  # M, T, S


def model(trial: Trial) -> dict:
    """Gradients of two methods that choose their windows by the model, for maps that forget soon and late."""
    new = trial.costs
    for measure in (forward.sweep, forward.steps, gradients.steps):
        new = dataclasses.replace(new, **measure(dataclasses.replace(trial, costs=new)))
    fits = {"old": {}, "new": {name: getattr(new, name) for name in NAMES}}
    every = itertools.product(("auto", "gtf-schwarz"), trial.some(SIZES), (False, True))
    cases = [_chosen(name, M, trial.T(T), S, late) for name, (M, T, S), late in every]
    took = trial.seconds({(fit, i): way._replace(changed=fits[fit]) for fit in fits for i, way in enumerate(cases)})
    best = better("old", "new", times=lambda fit: [took[fit, i] for i in range(len(cases))])
    return {name: getattr(new if best == "new" else trial.costs, name) for name in NAMES}


def _chosen(name: str, M: int, T: int, S: int, late: bool) -> Way:
    params, x = problems.batch(M, T, S)
    if late:
        params = problems.forgetting_late(params)
    return Way(problems.gradient_of(methods.get(name, alpha=0.2)), (params, x))
