"""Whether a kernel runs: it is chosen while a program is traced, and where none fits the XLA program does the same."""

from typing import Literal

import jax.numpy as jnp

from methods.kernels import road
from methods.layout import cost

# "auto": where a GPU is at hand and kernels are the faster way there; "interpret": always, by jax's interpreter, which is slow
# and shows what the kernels compute on any device.
Kernels = Literal["auto", "off", "interpret"]


def missing_here() -> str:
    """Why no kernel runs on the device at hand, whatever the map; "" where some do."""
    if road.missing or cost.kind() == "gpu":
        return road.missing
    return f"this is a {cost.kind().upper()}, and kernels are for GPUs"


def why_not(kernels: Kernels, step, states) -> str:
    """Why kernels do not run for this map and states (T, ..., M); "" where they do."""
    if kernels == "off":
        return 'kernels = "off"'
    if reason := road.missing if kernels == "interpret" else missing_here():
        return reason
    if kernels == "auto" and not cost.here().kernels:
        return "XLA's program was measured to be faster here"
    if states.dtype != jnp.float32:
        return f"kernels compute in float32, not {states.dtype}"
    return step.no_tiles


def explained(kernels: Kernels, step, states) -> str | None:
    """Which program runs, and why, for a method that has both; None where nothing is to choose."""
    if kernels == "off":
        return None
    reason = why_not(kernels, step, states)
    return f"no kernel: {reason}" if reason else "one kernel through all of time, or all windows"
