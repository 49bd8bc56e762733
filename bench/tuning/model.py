"""The model of costs: fitted to measured times, and taken only where the choices that follow from it are faster."""

import dataclasses
import itertools

import methods
from bench.tuning import forward, gradients, problems
from bench.tuning.trial import Trial, Way, better
from methods.layout.cost import Costs

NAMES = ("sweep", "step_alone", "step_rows", "step_columns", "gradient_alone", "gradient_batch", "windowed")
SIZES = ((16, 2048, 16), (3, 32768, 1), (16, 32768, 1))  # M, T, S


def model(trial: Trial) -> dict:
    """The numbers by which XLA's programs are cut into windows."""
    new = trial.costs
    for measure in (forward.sweep, forward.steps, gradients.steps):
        new = dataclasses.replace(new, **measure(dataclasses.replace(trial, costs=new)))
    sizes = [(M, trial.T(T), S) for M, T, S in trial.some(SIZES)]
    return faster(trial, NAMES, new, gradients_by_windows(sizes, by_kernels=False))


def faster(trial: Trial, names: tuple[str, ...], new: Costs, cases: list[Way]) -> dict:
    """The fitted numbers of these names where cases laid out by them are clearly faster, else the old ones."""
    fits = {"old": {}, "new": {name: getattr(new, name) for name in names}}
    took = trial.seconds({(fit, i): way._replace(changed=way.changed | fits[fit]) for fit in fits for i, way in enumerate(cases)})
    best = better("old", "new", times=lambda fit: [took[fit, i] for i in range(len(cases))])
    return {name: getattr(new if best == "new" else trial.costs, name) for name in names}


def gradients_by_windows(sizes: list[tuple[int, int, int]], *, by_kernels: bool) -> list[Way]:
    """Gradients of both methods that choose windows by the model, for maps that forget soon and late; sizes are M, T and S."""
    cases = []
    for name, size in itertools.product(("auto", "gtf-schwarz"), sizes):
        changed = {"kernels": True} if by_kernels else {}
        function = problems.gradient_of(methods.get(name, alpha=0.2, kernels="auto" if by_kernels else "off"))
        params, x = problems.batch(*size)
        cases += [Way(function, (each, x), changed) for each in (params, problems.forgetting_late(params))]
    return cases
