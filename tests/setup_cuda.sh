#!/usr/bin/env bash
# Fetches the CUDA plugin of jax and the assembler of CUDA, 250 MB, into .cuda, for the test that counts what a GPU would launch.
# They compile for a GPU that is described to them: neither a GPU nor a driver is needed. They lie in a folder of their own, since
# beside jax they would be loaded by every program.
set -euo pipefail
cd "$(dirname "$0")/.."
python="${1:-.venv}/bin/python"

"$python" -m pip install -q "jax>=0.10"
version=$("$python" -c 'import jax; print(jax.__version__)')
rm -rf .cuda
"$python" -m pip install -q --no-deps --target .cuda "jax-cuda13-plugin==$version" "jax-cuda13-pjrt==$version" \
    "nvidia-cuda-nvcc>=13,<14" "nvidia-nvvm>=13,<14"
