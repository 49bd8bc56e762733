"""First guesses: the states from which an iterative solver starts."""

from typing import Literal

import jax.numpy as jnp
import jax.random as jr

Guess = Literal["pinv", "zero", "normal", "uniform", "start", "step"]


def first_guess(kind: Guess, problem, teacher, key):
    """States `(T, ..., M)` to start from.

    pinv     z_t = B⁺ x_t, the teacher signal, which is the state that the data suggest; 0 where it is not finite
    zero     0
    normal   N(0, 1) per component
    uniform  U(−1, 1) per component
    start    z_0 repeated
    step     F_t(0)

    teacher  (T, ..., M), B⁺ x_t
    key      for the random ones
    """
    if kind == "pinv":
        return jnp.where(jnp.isfinite(teacher), teacher, 0)  # whether a solve diverges is for the solver to find out
    if kind == "zero":
        return jnp.zeros_like(teacher)
    if kind == "normal":
        return jr.normal(key, teacher.shape, teacher.dtype)
    if kind == "uniform":
        return jr.uniform(key, teacher.shape, teacher.dtype, -1, 1)
    if kind == "start":
        return jnp.broadcast_to(problem.z0, teacher.shape)
    if kind == "step":
        return problem.step(jnp.zeros_like(teacher), problem.inputs)
    raise ValueError(f'guess = "{kind}": no such first guess. Known: {", ".join(Guess.__args__)}.')
