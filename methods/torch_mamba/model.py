"""The model `mamba2` in torch: its lift and its read-out around the block of mamba-ssm.

Weights can be copied from jax to torch and back, so that first weights and free runs are those of the model in jax.
"""

import dataclasses

import jax.numpy as jnp
import numpy as np
import torch
from torch import nn

from methods.models.mamba2.model import Mamba2
from methods.torch_mamba import package

# Where each array of a `Mamba2` lives in a `TorchMamba`.
NAMES = {
    "W_e": "lift.weight",
    "b_e": "lift.bias",
    "W_in": "block.in_proj.weight",
    "kernel": "block.conv1d.weight",
    "kernel_bias": "block.conv1d.bias",
    "a_0": "block.dt_bias",
    "log_decay": "block.A_log",
    "D": "block.D",
    "scale": "block.norm.weight",
    "W_out": "block.out_proj.weight",
    "V": "hidden.weight",
    "b_h": "hidden.bias",
    "W_o": "out.weight",
    "b_o": "out.bias",
}


class TorchMamba(nn.Module):
    """The parameters of a `Mamba2` in torch, on `device`. `weights` has them by the names of its fields."""

    def __init__(self, params: Mamba2, *, chunk: int, device: str):
        super().__init__()
        N, d, L = params.observed_dim, params.latent_dim, params.V.shape[0]
        channels, width = params.kernel.shape
        self.lift = nn.Linear(N, d)
        self.block = package.module().Mamba2(
            d_model=d,
            d_state=params.state_dim,
            d_conv=width,
            expand=params.inner_dim // d,
            headdim=params.inner_dim // params.heads,
            chunk_size=chunk,
            use_mem_eff_path=device != "cpu" and package.can_fuse(channels, width),
        )
        self.hidden, self.out = nn.Linear(d, L), nn.Linear(L, N)
        self.to(device=device, dtype=getattr(torch, str(params.W_e.dtype)))
        self.params = params
        self.weights = {field: self.get_parameter(name) for field, name in NAMES.items()}
        with torch.no_grad():
            for field, weight in self.weights.items():
                weight.copy_(self.like(field, getattr(params, field)))

    def like(self, field: str, values) -> torch.Tensor:
        """A copy of `values`, which have the shape of `field` in jax, with the shape and on the device of the weight here."""
        weight = self.weights[field]
        return tensor(values, weight.device).view_as(weight)

    def exported(self, values: dict[str, torch.Tensor]) -> Mamba2:
        """Weights, or their gradients or moments, given by field, as a `Mamba2` in jax."""
        shapes = {field: getattr(self.params, field).shape for field in values}
        return dataclasses.replace(self.params, **{field: array(value).reshape(shapes[field]) for field, value in values.items()})

    def forward(self, x):
        """Outputs o_1 … o_T `(S, T, d)` of the block under data x_0 … x_T `(S, T+1, N)`."""
        return self.block(self.lift(x[:, :-1]))

    def readout(self, o):
        """x̂ for outputs o of the block."""
        return self.out(torch.relu(self.hidden(o)))

    def loss(self, x, warmup: int):
        """The mean squared error of `Method.loss` for x `(S, T+1, N)`, and the outputs of the block."""
        outputs = self(x)
        return torch.mean((self.readout(outputs[:, warmup:]) - x[:, warmup + 1 :]) ** 2), outputs

    def gradient(self, x, warmup: int):
        """Loss, outputs, and the gradient by field."""
        loss, outputs = self.loss(x, warmup)
        parts = torch.autograd.grad(loss, list(self.weights.values()))
        return loss.detach(), outputs.detach(), dict(zip(self.weights, parts, strict=True))


def failures(outputs):
    """Which sequences `(S,)` have outputs that are not finite."""
    return ~torch.isfinite(outputs).all(-1).all(-1)


def tensor(values, device) -> torch.Tensor:
    """A copy of a jax array on a device of torch."""
    return torch.tensor(np.asarray(values), device=device)


def array(values: torch.Tensor):
    """A jax array with a copy of a tensor's values."""
    return jnp.asarray(values.detach().cpu().numpy().copy())
