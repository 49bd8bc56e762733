"""Mamba-2 by the package mamba-ssm: its Triton kernels on an NVIDIA GPU, trained in torch, scored like every other method.

Training and timing use mamba-ssm. Its weights can be copied to the model `mamba2` in jax, which does all the rest: it makes the
free runs that are scored, and answers direct calls of `solve` and `loss`. Dao and Gu 2024, arXiv:2405.21060.
"""

import dataclasses

from methods.forcing import Forcing
from methods.models.mamba2.model import Mamba2Shape
from methods.solvers.ssd import ChunkedScan
from methods.torch_mamba import package
from methods.training.loop import Training
from settings import Count

if reason := package.why_unavailable():
    raise ImportError(reason)


@dataclasses.dataclass(frozen=True)
class TritonScan(ChunkedScan):
    """The chunked scan of mamba-ssm's Triton kernels, in torch on an NVIDIA GPU. Tested on the CPU, not yet run on a GPU."""

    chunk: Count = 256  # as mamba-ssm's own default

    def phases(self, method):
        from methods.torch_mamba import phases  # imports torch, which costs seconds

        return phases.phases(method)


@dataclasses.dataclass(frozen=True)
class TorchTraining(Training):
    """The training loop of all methods, with updates done in torch."""

    def train_block(self, method, states, series, T, batch, length):
        from methods.torch_mamba import training

        return training.train_block(method, states, series, T, batch, length)


METHODS = {
    "mamba2-cuda": dict(
        solver=TritonScan(),
        forcing=Forcing("input"),
        model=Mamba2Shape(),
        training=TorchTraining(),
        summary="a Mamba-2 block by the Triton kernels of mamba-ssm, trained in torch on an NVIDIA GPU",
    ),
}
