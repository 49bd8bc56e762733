"""The road from a kernel to the device: the one file that knows which compiler of kernels is used.

It is Pallas with its Triton compiler, which lowers in jax 0.10 to 0.12 and is deprecated from 0.11 on. Should it go, kernels are
missing with a reason, and every method takes its XLA program. Another compiler would replace what stands in this file.
"""

import math

import jax
import jax.numpy as jnp
from jax import lax

try:
    from jax.experimental import pallas
    from jax.experimental.pallas import triton
except ImportError as error:
    pallas = triton = None
    missing = f"jax {jax.__version__} has no compiler for them: {error}"
else:
    missing = ""


def call(kernel, inputs, results, *, programs: int, warps: int, interpret: bool, aliases=None):
    """What `kernel` makes of `inputs`, run once in each of so many programs side by side.

    kernel     `kernel(inputs, outputs)` of the same pytrees, with references to arrays in place of the arrays
    results    pytree of the shapes and types of the outputs
    warps      groups of 32 threads that share a program
    interpret  run by jax's interpreter instead, slowly and on any device: what the kernel computes, without a GPU
    aliases    {input: output} of leaves that are one memory, by their numbers, inputs counted back from the last
    """
    arrays, given = jax.tree.flatten(inputs)
    made = jax.tree.structure(results)

    def of_references(*references):
        kernel(given.unflatten(references[: len(arrays)]), made.unflatten(references[len(arrays) :]))

    return pallas.pallas_call(
        of_references,
        grid=(programs,),
        out_shape=results,
        input_output_aliases={len(arrays) + i: j for i, j in (aliases or {}).items()},
        interpret=interpret,
        compiler_params=triton.CompilerParams(num_warps=warps, num_stages=1),
        name=kernel.__name__.strip("_"),
    )(*arrays)


def held(tree):
    """The arrays that these references stand for, on the chip from here on."""
    return jax.tree.map(lambda reference: reference[...], tree)


def program():
    """The number of the program that runs."""
    return pallas.program_id(0)


def dot(a, b, *, transpose_a: bool = False, transpose_b: bool = False):
    """A product of two tiles in full float32: never TF32, whose error of a step no stopping rule could meet."""
    return triton.dot(a, b, transpose_a, transpose_b, allow_tf32=False)


def load(reference, index, mask):
    """The numbers at these indices, 0 where the mask is false."""
    return triton.load(reference.at[index], mask=mask, other=jnp.zeros((), reference.dtype))


def store(reference, index, values, mask) -> None:
    """Put the values at these indices where the mask is true."""
    triton.store(reference.at[index], values, mask=mask)


def loop(start, stop, body, carry):
    """`carry = body(i, carry)` for i from start to stop − 1, counted in 32 bits as on the device."""
    return lax.fori_loop(jnp.int32(start), jnp.int32(stop), body, carry)


def size(number: int) -> int:
    """The next power of two, the only sizes of a tile that lower."""
    return 2 ** math.ceil(math.log2(max(1, number)))
