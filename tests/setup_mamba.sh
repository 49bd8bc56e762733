#!/usr/bin/env bash
# Adds torch and mamba-ssm to the virtual environment $1, .venv if none is named, for the tests that compare `mamba2` with the
# published block on the CPU. Nothing here is compiled and no GPU is used: see bench/README.md for `mamba2-cuda` on one.
# Where pip would take a torch with CUDA (several GB), PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu has a small one.
set -euo pipefail
cd "$(dirname "$0")/.."
pip="${1:-.venv}/bin/pip"

"$pip" install -q "torch>=2.6,<2.14"
# What importing the block takes; the rest of what mamba-ssm asks for serves its other models. triton 3.7 runs kernels on the CPU.
"$pip" install -q "triton>=3.7" einops huggingface_hub setuptools wheel packaging
# There is no wheel. Its build imports torch, hence no isolation, and takes both variables not to compile CUDA.
MAMBA_SKIP_CUDA_BUILD=TRUE MAMBA_FORCE_BUILD=TRUE "$pip" install -q --no-build-isolation --no-deps "mamba-ssm==2.3.2.post1"
