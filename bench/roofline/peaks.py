"""The most that a device can do: arithmetic in float32 without TF32, and bytes to and from its memory.

Of GPUs in the table they are those of the data sheet. Of all other devices they are measured, by a large product of matrices and
a large copy, which come close to them and never beyond.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from bench.roofline.clock import per_call

FLOAT_BYTES = 4
# By the name that jax gives them: float32 operations and bytes in a second. Data sheets of NVIDIA: H100 (2024), H200 (2024), A100
# (2021); the row FP32, not "TF32 Tensor Core".
KNOWN = {
    "NVIDIA H100 80GB HBM3": (67e12, 3.35e12),
    "NVIDIA H100 NVL": (60e12, 3.9e12),
    "NVIDIA H100 PCIe": (51e12, 2.0e12),
    "NVIDIA H200": (67e12, 4.8e12),
    "NVIDIA A100-SXM4-80GB": (19.5e12, 2.039e12),
    "NVIDIA A100-SXM4-40GB": (19.5e12, 1.555e12),
    "NVIDIA A100 80GB PCIe": (19.5e12, 1.935e12),
    "NVIDIA A100-PCIE-40GB": (19.5e12, 1.555e12),
}


class Peaks(NamedTuple):
    """What the device does at most in a second, and how that is known."""

    flops: float
    bytes: float
    source: str

    def bound_s(self, flops: int, bytes: int) -> tuple[float, str]:
        """Seconds that so much takes at least, and which of the two it is that takes them."""
        return max((flops / self.flops, "arithmetic"), (bytes / self.bytes, "memory"))


def here(quick: bool) -> Peaks:
    """Those of the device at hand."""
    if known := KNOWN.get(jax.devices()[0].device_kind):
        return Peaks(*known, "data sheet")
    n, numbers = (512, 2**24) if quick else (2048, 2**26)  # more numbers than any cache holds
    rng = jax.random.key(0)
    square, line = jax.random.normal(rng, (n, n)), jax.random.normal(rng, (numbers,))
    product = _shortest(lambda a: jnp.matmul(a, a, precision="highest"), square)
    copy = _shortest(lambda a: a + 1, line, in_place=True)  # a CPU takes longer to get new memory than to fill it
    return Peaks(2 * n**3 / product, 2 * FLOAT_BYTES * numbers / copy, "measured by a product of matrices and a copy")


def empty_call_s() -> float:
    """Seconds that a call of a program takes in which there is next to nothing to do."""
    return _shortest(lambda a: a + 1, jnp.zeros(1))


def _shortest(function, argument, *, in_place: bool = False) -> float:
    program = jax.jit(function, donate_argnums=(0,) if in_place else ()).lower(argument).compile()
    return min(per_call(program, (argument,), (lambda _, result: (result,)) if in_place else None))
