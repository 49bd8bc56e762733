"""The block of the package mamba-ssm itself, its class Mamba2, without the CUDA extension that `import mamba_ssm` asks for.

On a GPU its chunk scan and its norm are Triton kernels. On the CPU the package's own reference functions in plain torch stand in
for them, so that tests need no GPU. The kernels multiply float32 as float32, not as TF32. Dao and Gu 2024, arXiv:2405.21060.
"""

import functools
import importlib.metadata
import importlib.util
import os
import sys
import types
from pathlib import Path

DEVICE = "cuda"  # where methods that use the package run; tests set "cpu"


def missing() -> list[str]:
    """What a training on the GPU lacks here, found out without importing torch, which takes seconds."""
    lacks = []
    if not any(Path("/dev").glob("nvidia[0-9]*")) and not Path("/dev/dxg").exists():  # the latter under WSL
        lacks.append("an NVIDIA GPU")
    if importlib.util.find_spec("torch") is None:
        lacks.append("torch")
    elif "+cpu" in importlib.metadata.version("torch"):
        lacks.append("a torch with CUDA")
    return lacks + [name for name in ("triton", "mamba_ssm") if importlib.util.find_spec(name) is None]


def why_unavailable() -> str | None:
    """The reason that the catalogue gives where something is missing, else None."""
    lacks = missing()
    if not lacks:
        return None
    return f"needs an NVIDIA GPU, torch and mamba-ssm; missing here: {', '.join(lacks)}. bench/README.md says how to get them."


@functools.cache
def module() -> types.ModuleType:
    """`mamba_ssm.modules.mamba2`, fit for tensors on the GPU and on the CPU."""
    os.environ.setdefault("TRITON_F32_DEFAULT", "ieee")
    spec = importlib.util.find_spec("mamba_ssm")
    if spec is None:
        raise ImportError('mamba-ssm is not installed. bench/README.md says how, under "GPU".')
    if "mamba_ssm" not in sys.modules:
        # The package's own __init__ imports the CUDA extension and other models; an empty one takes its place.
        package = sys.modules["mamba_ssm"] = types.ModuleType("mamba_ssm")
        package.__path__, package.__spec__ = list(spec.submodule_search_locations), spec
    import torch
    from mamba_ssm.modules import mamba2
    from mamba_ssm.ops.triton import layernorm_gated, ssd_combined

    mamba2.mamba_chunk_scan_combined = _by_device(mamba2.mamba_chunk_scan_combined, _chunk_scan(ssd_combined))
    layernorm_gated.rmsnorm_fn = _by_device(layernorm_gated.rmsnorm_fn, layernorm_gated.rms_norm_ref)
    torch.backends.cudnn.allow_tf32 = False
    # They are from causal-conv1d, which only the fused form can use: elsewhere it refuses strides that are no multiple of 8.
    mamba2.causal_conv1d_fn = mamba2.causal_conv1d_update = None
    return mamba2


def can_fuse(channels: int, width: int) -> bool:
    """Whether convolution, scan and norm can run as one on the GPU: the kernels of causal-conv1d take these sizes alone."""
    return importlib.util.find_spec("causal_conv1d") is not None and channels % 8 == 0 and 2 <= width <= 4


def _by_device(kernel, reference):
    """A function that calls the kernel for tensors on the GPU, and the reference for those on the CPU."""

    def either(x, *arguments, **options):
        return (kernel if x.is_cuda else reference)(x, *arguments, **options)

    return either


def _chunk_scan(ssd_combined):
    """The package's reference scan, for any T: it takes whole chunks only, so the last one is filled up and cut off again."""
    from torch.nn.functional import pad

    def scan(x, dt, A, B, C, *, chunk_size, D, dt_bias, dt_softplus, return_final_states=False, **unused):
        if return_final_states or any(value is not None and value is not False for value in unused.values()):
            raise ValueError("on the CPU the reference of mamba-ssm scans from a state of zero and returns the outputs alone.")
        T = x.shape[1]
        x, dt, B, C = (pad(leaf, (0, 0) * (leaf.dim() - 2) + (0, -T % chunk_size)) for leaf in (x, dt, B, C))
        y = ssd_combined.ssd_chunk_scan_combined_ref(x, dt, A, B, C, chunk_size, D=D, dt_bias=dt_bias, dt_softplus=dt_softplus)
        return y[:, :T]

    return scan
