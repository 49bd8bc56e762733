"""What a gradient needs beside its arguments, as the compiler counts it: nothing grows with T M² that need not."""

import jax
import jax.numpy as jnp
import pytest

import methods
from methods.models.shplrnn.model import ShallowPLRNNShape

M, L, T = 16, 64, 32768
STATES = 4 * T * M  # bytes


@pytest.mark.parametrize(
    ("name", "settings", "times"),
    [
        ("sequential", {}, 5),
        ("gtf-schwarz", {}, 5),
        ("auto", {}, 5),
        ("gtf-shooting", {}, 12),  # pushes tangents of all directions through its windows, one step at a time
        ("gtf-deer", {}, 8),  # on a CPU it never forms a Jacobian
        ("gtf-deer", {"scan": "chunked", "adjoint_scan": "windows"}, 2 * M),  # one Jacobian a step, once
    ],
)
def test_scratch_memory_in_units_of_the_states(name, settings, times):
    method = methods.get(name, alpha=0.2, **settings)
    params = jax.eval_shape(lambda: ShallowPLRNNShape(M, L).init(jax.random.key(0), 1))
    x = jax.ShapeDtypeStruct((1, T + 1, 1), jnp.float32)
    compiled = jax.jit(jax.grad(method.loss, has_aux=True)).lower(params, x).compile()
    assert compiled.memory_analysis().temp_size_in_bytes <= times * STATES
