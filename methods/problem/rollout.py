"""The step-by-step scan through time, which everything that goes step by step calls."""

from jax import lax

from methods.kernels import forwards
from methods.layout.windows import Windows
from methods.problem.problem import Problem


def rollout(problem: Problem, unroll: int = 1):
    """States z_1 … z_T `(T, ..., M)`, each the image of the one before. Work O(T), memory O(T M), depth T.

    unroll  steps per turn of the compiled loop
    """
    stepper = problem.step.stepper()

    def step(z, u):
        z = stepper(z, u)
        return z, z

    return lax.scan(step, problem.z0, problem.inputs, unroll=unroll)[1]


def fused(problem: Problem, interpret: bool):
    """The same by one launch of a kernel, for a map that has tiles (`methods.kernels.why_not`)."""
    windows, tiles = Windows.whole(problem.shape), problem.step.tiles()
    x = tiles.read(windows.merged(problem.inputs))
    return windows.unmerged(forwards.run(tiles, windows, x, windows.merged(problem.z0[None]), interpret))


def last_state(problem: Problem):
    """z_T `(..., M)` alone, without keeping the states before it."""
    stepper = problem.step.stepper()
    return lax.scan(lambda z, u: (stepper(z, u), None), problem.z0, problem.inputs)[0]
