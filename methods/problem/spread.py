"""A problem spread over devices, each with a stretch of consecutive steps.

Stretches must be of one length, so that the last ones are filled up where the devices do not divide T. Steps after T must not be
noticed: a solver would wait for them to converge, and maps of whole stretches would contain them. So the map is replaced by 0
there, with a Jacobian of 0, whatever the solver makes of it.
"""

import dataclasses
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from methods.layout.devices import DEALT, SAME, Devices
from methods.problem.map import Map
from methods.problem.problem import Problem
from methods.problem.solution import Solution
from methods.problem.stretch import Stretch


def spread(count: int, body: Callable, problem: Problem, rows, results):
    """`body(problem, *rows)` on each of `count` devices, with its own stretch of the problem and of the rows.

    rows     (T, ..., M), such as states, or cotangents of them; after T they are 0, as the image of the map is there
    results  says of each output whether it is `DEALT`, and then `Stretch.joined` takes off the steps after T, or the `SAME`
    Returns the stretch, and the outputs.
    """
    stretch = Stretch(rows[0].shape[0], Devices(count))
    step, inputs, rows = problem.step, stretch.deal(problem.inputs), stretch.deal(rows, fill=0)
    if stretch.filled_up:
        steps, *batch, _ = rows[0].shape
        inside = (jnp.arange(steps) < stretch.T).reshape(-1, *[1] * len(batch))
        step, inputs = Until(step), (inputs, jnp.broadcast_to(inside, (steps, *batch)))

    def on_one(everywhere, shares):
        inputs, rows = shares
        return body(Problem(*everywhere, inputs, stretch=stretch), *rows)

    return stretch, stretch.devices.run(on_one, (step, problem.z0), (inputs, rows), results)


def solved(count: int, solve: Callable[[Problem, Any], Solution], problem: Problem, rows) -> Solution:
    """What `solve(problem, rows)` finds, spread over devices. It must report alike on each of them."""
    every = Solution(*[SAME] * len(Solution._fields))
    stretch, solution = spread(count, solve, problem, (rows,), every._replace(states=DEALT))
    return solution._replace(states=stretch.joined(solution.states))


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class Until(Map):
    """A map that ends: 0, with a Jacobian of 0, at steps whose flag is off. Inputs and patterns have the flag `(...)` beside."""

    step: Any  # a Map

    def __call__(self, z, u):
        return self.linearise(z, u)[0]

    def linearise(self, z, u):
        u, inside = u
        image, pattern = self.step.linearise(z, u)
        return _where(inside, image), (pattern, inside)

    def push(self, pattern, v):
        return _where(pattern[1], self.step.push(pattern[0], v))

    def pull(self, pattern, w):
        return _where(pattern[1], self.step.pull(pattern[0], w))

    def dense(self, pattern):
        return _where(pattern[1], self.step.dense(pattern[0]))

    def diagonal(self, pattern):
        return _where(pattern[1], self.step.diagonal(pattern[0]))


def endless(step: Map, inputs):
    """The map without its end, and its own inputs, for those whose multipliers are 0 after T anyway."""
    return (step.step, inputs[0]) if isinstance(step, Until) else (step, inputs)


def _where(inside, values):
    """`values`, and 0 where the flag is off."""
    return jnp.where(inside.reshape(*inside.shape, *[1] * (values.ndim - inside.ndim)), values, 0)
