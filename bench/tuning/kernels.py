"""Fused kernels: what a step and a sweep of them take, and whether they are faster than XLA's programs."""

import dataclasses
import math

import jax.numpy as jnp

import methods
from bench.tuning import forward, model, problems
from bench.tuning.trial import Trial, Way
from methods.kernels import backwards, forwards
from methods.layout.windows import Windows

NAMES = ("kernel_step", "kernel_sweep")
PROGRAMS = (33, 66, 132, 264, 528)  # that may run side by side
DEALT = (132, 1056, 4096, 8192)  # lanes that are dealt out to them
M = 16
LANES = (16, 256, 1024, 2048, 4096, 8192, 16384, 32768)
STEPS = (64, 320)  # of a window: what a launch takes whatever its steps is in both, and not in their difference
SIZES = ((M, 131072, 1), (3, 8192, 16))  # M, T, S


def programs(trial: Trial) -> dict:
    """Launches forwards and backwards, of as many lanes as there are multiprocessors and of many times as many."""
    cases = [launch(lanes, STEPS[-1]) for lanes in trial.some(DEALT) for launch in (_launch, _launch_back)]
    return {"kernel_programs": trial.choose("kernel_programs", PROGRAMS, cases)}


def costs(trial: Trial) -> dict:
    """The model of what kernels cost, taken only where gradients by the windows that follow from it are faster."""
    new = trial.costs
    for measure in (step, sweep):
        new = dataclasses.replace(new, **measure(dataclasses.replace(trial, costs=new)))
    return model.faster(trial, NAMES, new, model.gradients_by_windows(_sizes(trial), by_kernels=True))


def step(trial: Trial) -> dict:
    """A step of one launch, of few lanes and of many."""
    lanes, (short, long) = trial.some(LANES), STEPS
    took = trial.seconds({(n, C): _launch(n, C) for n in lanes for C in STEPS})
    each = {n: took[n, long] - took[n, short] for n in lanes}
    if min(each.values()) <= 0:  # the steps are lost in what a call takes
        return {"kernel_step": trial.costs.kernel_step}
    return {"kernel_step": hinge(each)}


def hinge(seconds: dict[int, float]) -> tuple[float, float]:
    """`fixed` and `each` of the larger of `fixed` and `each n`, which is nearest to the times of n lanes; `each` is the unit.

    One of both holds up to some number of lanes and the other beyond it, so that every place for the bend is tried. Errors are
    relative, as all sizes matter alike.
    """

    def mean(values):
        return sum(map(math.log, values)) / len(values)

    lanes, found = sorted(seconds), {}
    for bend in range(1, len(lanes)):
        fixed, each = mean([seconds[n] for n in lanes[:bend]]), mean([seconds[n] / n for n in lanes[bend:]])
        error = sum((math.log(seconds[n]) - max(fixed, each + math.log(n))) ** 2 for n in lanes)
        found[error] = float(f"{math.exp(fixed - each):.3g}"), 1.0
    return found[min(found)]


def sweep(trial: Trial) -> dict:
    """What a sweep takes beside the steps of its windows."""
    return {"kernel_sweep": forward.beside_steps(trial, "kernel_sweep", by_kernels=True)}


def kernels(trial: Trial) -> dict:
    """Values and gradients by windows and step by step, with kernels and by XLA's programs."""
    cases = []
    for name, shorter in (("gtf-schwarz", 1), ("sequential-fused", 16)):  # step by step, XLA would take seconds
        function = problems.gradient_of(methods.get(name, alpha=problems.ALPHA))
        cases += [Way(function, problems.batch(M, T // shorter, S)) for M, T, S in _sizes(trial)]
    return {"kernels": trial.choose("kernels", (True, False), cases)}


def _sizes(trial: Trial) -> list[tuple[int, int, int]]:
    return [(components, trial.T(T), S) for components, T, S in SIZES]


def _launch(lanes: int, C: int) -> Way:
    """One launch through windows of C steps from given starts."""
    windows = Windows(lanes * C, C, lanes, ())

    def run(params, x, starts):
        problem = problems.posed(params, x)
        tiles = problem.step.tiles()
        return forwards.run(tiles, windows, tiles.read(windows.merged(problem.inputs)), starts, interpret=False)

    return Way(run, (*problems.given(M, windows.T), jnp.zeros((lanes, 1, M), jnp.float32)))


def _launch_back(lanes: int, C: int) -> Way:
    """One launch backwards, along states that are as good as any."""
    windows = Windows(lanes * C, C, lanes, ())

    def run(params, x, states):
        problem = problems.posed(params, x)
        tiles, z0 = problem.step.tiles(), windows.merged(problem.z0[None])
        x, states = tiles.read(windows.merged(problem.inputs)), windows.merged(states)
        return backwards.run(tiles, windows, x, z0, states, states, interpret=False)

    return Way(run, (*problems.given(M, windows.T), problems.noise(windows.T, M)))
