"""Products in full precision, wherever this package computes.

On a GPU products of float32 numbers default to TF32, with whose one-step error of 6e-4 no stopping rule can be met.
"""

import contextlib

import jax


@contextlib.contextmanager
def precise():
    """Products traced inside have "highest" precision, or what the user has said in `jax_default_matmul_precision`.

    Also a decorator. Below `jax.jit`, as it acts while a program is traced.
    """
    with jax.default_matmul_precision(jax.config.jax_default_matmul_precision or "highest"):
        yield
