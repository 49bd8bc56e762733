"""Is there a GPU at all, for a run that asks for one? Told before anything is loaded, started or written.

Only what is certain is said here. Where there is a GPU that jax cannot use, the first worker says so.
"""

import sys
from pathlib import Path

from bench.errors import UserError
from bench.measure import environment

NAMES = ("gpu", "cuda")  # what `device` may call it
NODES = "/dev/nvidia*", "/dev/dxg"  # the driver's, by which programs reach a GPU; the second one under Windows


def check(device: str | None) -> None:
    """Refuse a device that is a GPU on a machine that has none."""
    if device in NAMES and absent():
        raise UserError(
            f'device = "{device}", but this machine has no NVIDIA GPU: no driver answers, and there is no {NODES[0]}.\n'
            "Run it on a machine with one, or choose another profile, such as --profile cpu, or --device cpu."
        )


def at_hand() -> str | None:
    """The kind of device that a run takes by itself, where that is certain without asking jax."""
    return "cpu" if absent() else None


def absent() -> bool:
    """Whether there is certainly no GPU; only Linux shows that."""
    if not sys.platform.startswith("linux") or environment.gpus():
        return False
    return not any(path for pattern in NODES for path in Path("/").glob(pattern.removeprefix("/")))
