"""The laws of value, gradient and batches once more with the optimisation and the flags that `pitbench run` computes with.

All other tests run with XLA's optimisation off, which compiles faster and is not what users run.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from compiling import ONE_THREAD

import methods
from bench.running.worker import ONE_KERNEL

ROOT = Path(__file__).resolve().parent.parent
LAWS = ["agrees_in_single_precision", "batches_like_single_sequences"]
PROGRAM = """
import sys
import jax
jax.config.update("jax_enable_x64", True)
from bench import conformance
laws, broken = conformance.laws("method"), []
for name in sys.argv[1].split(","):
    for law in {laws}:
        try:
            laws[law](name)
        except conformance.PassedOver:
            pass
        except Exception as error:
            broken.append(f"{{name}} {{law}}: {{error}}")
assert not broken, "\\n".join(broken)
"""
# Methods whose training is decomposed solve step by step, as `sequential` does. Of those that differ in their forcing alone, a
# few elementwise operations of the program, the forced one.
ALL = {name: methods.get(name) for name in methods.names() if not name.startswith("schwarz-")}
FREE_FIRST = sorted(ALL, key=lambda name: ALL[name].forcing.forcing != "none")
NAMES = sorted({(ALL[name].solver, ALL[name].adjoint, ALL[name].model): name for name in FREE_FIRST}.values())
# Which instructions are chosen does not hang on how many threads compile them.
FLAGS = f"{ONE_KERNEL} {ONE_THREAD}"


@pytest.mark.parametrize("names", [NAMES[::2], NAMES[1::2]], ids=["one half", "other half"])
def test_laws_hold_as_users_compile(names):
    surroundings = {key: value for key, value in os.environ.items() if key != "XLA_FLAGS"}
    surroundings |= {"XLA_FLAGS": FLAGS, "JAX_DEFAULT_MATMUL_PRECISION": "highest", "JAX_NUM_CPU_DEVICES": "2"}
    command = [sys.executable, "-c", PROGRAM.format(laws=LAWS), ",".join(names)]
    done = subprocess.run(command, cwd=ROOT, env=surroundings, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-4000:]
