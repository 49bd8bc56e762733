"""Penalties that keep part of a model slow, and its read-out apart from that part.

Slow units let a model remember over many steps: the last `slow_units` latent units, 𝒮, are pulled towards z_t = z_{t-1}, which
neither grows nor fades. With p = mar_power,

    manifold attractor  mar_weight [mean_𝒮 |1 − A|^p + mean_𝒮 |h|^p + Σ_W mean_𝒮 |W|^p / σ_W^p]
                        W: the rows of W1 and the columns of W2 (rows of Q where W1 = Q Y; rows of U of an LSSM),
                        σ_W² their variance at initialisation
    read-out            readout_weight mean |B[:, 𝒮]|^p               slow units are not read out, hence not forced
    singular values     singular_weight mean (1 − σ_i(B))²             B⁺ stays bounded

Schmidt et al. 2021, arXiv:1910.03471; Hess et al. 2026, arXiv:2605.12683, whose scaling by the variance this follows. Means over
entries stand in place of their sums, and all weights are free choices.
"""

import dataclasses

import jax.numpy as jnp

from references import Reference
from settings import Count, Natural, NonNegative

SCHMIDT2021 = Reference(
    key="schmidt2021",
    kind="inproceedings",
    author=("Dominik Schmidt", "Georgia Koppe", "Zahra Monfared", "Max Beutelspacher", "Daniel Durstewitz"),
    title="Identifying nonlinear dynamical systems with multiple time scales and long-range dependencies",
    booktitle="International Conference on Learning Representations",
    year=2021,
    eprint="1910.03471",
)


@dataclasses.dataclass(frozen=True)
class Regularisation:
    """Weights of the penalties; 0 leaves one out."""

    slow_units: Natural = 0  # 0: half of the latent units, where a weight below asks for any
    mar_weight: NonNegative = 0.0
    mar_power: Count = 2
    readout_weight: NonNegative = 0.0
    singular_weight: NonNegative = 0.0

    @property
    def references(self) -> tuple[Reference, ...]:
        """The paper of manifold attractors, where that penalty has a weight."""
        return (SCHMIDT2021,) if self.mar_weight else ()

    def penalty(self, params):
        """The sum of the penalties that have a weight."""
        M = params.latent_dim
        if self.slow_units > M:
            raise ValueError(f"slow_units = {self.slow_units}: must be at most latent_dim = {M}.")
        slow = self.slow_units or M // 2
        total = 0.0
        if self.mar_weight and slow:
            total += self.mar_weight * sum(self._mean(part, scale) for part, scale in params.slow_part(slow))
        B = getattr(params, "B", None)
        if self.readout_weight and slow and B is not None:
            total += self.readout_weight * self._mean(B[:, -slow:], 1.0)
        if self.singular_weight and B is not None:
            total += self.singular_weight * jnp.mean((1 - jnp.linalg.svd(B, compute_uv=False)) ** 2)
        return total

    def _mean(self, values, scale):
        return jnp.mean(jnp.abs(values) ** self.mar_power) / scale**self.mar_power
