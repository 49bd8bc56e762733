"""Flags of XLA with which small programs are compiled soonest; `python tests/compiling.py` prints them for .ci/run."""

import importlib.metadata

# Flags that another version does not know would end the process.
KNOWN = importlib.metadata.version("jaxlib").startswith("0.10.")
# Every worker of the tests has a core of its own, and compiling parts of a program in several threads costs a fifth more in all.
ONE_THREAD = "--xla_cpu_parallel_codegen_split_count=1" if KNOWN else ""
# What XLA's compiler does not optimise compiles a third faster and, at the sizes of tests, runs no slower; by its older emitters
# for fused loops six times faster.
FAST = f"--xla_backend_optimization_level=0 {'--xla_cpu_use_fusion_emitters=false' if KNOWN else ''} {ONE_THREAD}".strip()

if __name__ == "__main__":
    print(FAST)
