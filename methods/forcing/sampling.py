"""Scheduled sampling: a model that reads data is fed its own predictions more and more often as training goes on.

A model that has only ever read data meets its own errors for the first time when it runs freely. So it is given some of its own
predictions in training: x̄_t = x_t with probability 1 − ε, else x̂_t. ε grows with the share p of the training that is over,
k = p · 100:

    linear       min(ε_max, rate k)
    exponential  ε_max (1 − (1 − rate)^k)
    sigmoid      ε_max (1 − κ / (κ + exp(k / κ))),  κ = 1 / rate

Where the model reads its own predictions, the recurrence is not linear any more, so that no linear scan solves it.
Bengio et al. 2015, arXiv:1506.03099; App. C of arXiv:2605.12683.
"""

import dataclasses
from typing import ClassVar, Literal

import jax.numpy as jnp
import jax.random as jr
from jax.lax import stop_gradient

from references import Reference
from settings import Fraction, Rate

BENGIO2015 = Reference(
    key="bengio2015",
    kind="inproceedings",
    author=("Samy Bengio", "Oriol Vinyals", "Navdeep Jaitly", "Noam Shazeer"),
    title="Scheduled Sampling for Sequence Prediction with Recurrent Neural Networks",
    booktitle="Advances in Neural Information Processing Systems",
    year=2015,
    eprint="1506.03099",
)


@dataclasses.dataclass(frozen=True)
class ScheduledSampling:
    """How often a model is fed its own predictions, and how that grows."""

    references: ClassVar[tuple[Reference, ...]] = (BENGIO2015,)

    forcing: Literal["scheduled"] = "scheduled"
    schedule: Literal["linear", "exponential", "sigmoid"] = "linear"
    sampling_rate: Rate = 0.01  # per hundredth of the training
    sampling_max: Fraction = 0.5  # ε_max

    @property
    def unused(self) -> tuple[str, ...]:
        """Settings that have no effect: none."""
        return ()

    def probability(self, progress):
        """ε when a share `progress` of the training is over."""
        k, rate = 100 * progress, self.sampling_rate
        if self.schedule == "linear":
            return jnp.minimum(self.sampling_max, rate * k)
        if self.schedule == "exponential":
            return self.sampling_max * (1 - (1 - rate) ** k)
        kappa = 1 / rate
        return self.sampling_max * (1 - kappa / (kappa + jnp.exp(k / kappa)))

    def takes_data(self, x, key, progress):
        """1 where a step of a sequence reads the data, else 0, `(T, ..., 1)`; the first step always reads them.

        x         (T, ..., N), the data
        progress  share of the training that is over; None: all of it
        """
        epsilon = stop_gradient(self.probability(jnp.asarray(1.0 if progress is None else progress)))
        # always in float32, as another precision would draw other numbers
        drawn = jr.uniform(jr.key(0) if key is None else key, x.shape[:-1], jnp.float32)
        mask = drawn < 1 - epsilon.astype(jnp.float32)
        return mask.at[0].set(True)[..., None].astype(x.dtype)
