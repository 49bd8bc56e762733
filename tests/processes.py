"""Programs in processes of their own, with as many CPU devices as a test asks for: jax counts devices when it starts."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def start(program: str, *arguments, devices: int, **surroundings: str):
    """A process that runs the program with so many virtual devices."""
    environment = os.environ | {"JAX_NUM_CPU_DEVICES": str(devices), "JAX_PLATFORMS": "cpu"} | surroundings
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def end(process) -> str:
    """What a process has printed, once it has ended well."""
    out, errors = process.communicate(timeout=600)
    assert process.returncode == 0, errors[-5000:]
    return out


def run(program: str, *arguments, devices: int) -> str:
    return end(start(program, *arguments, devices=devices))
