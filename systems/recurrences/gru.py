"""A gated recurrent unit with random weights, driven by noise."""

import dataclasses
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np

from references import Reference
from references.papers import LIM2024
from settings import Count, NonNegative
from systems.recurrences.family import Family, direction
from systems.recurrences.recurrence import Recurrence

CHO2014 = Reference(
    key="cho2014",
    kind="inproceedings",
    author=(
        *("Kyunghyun Cho", "Bart van Merriënboer", "Caglar Gulcehre", "Dzmitry Bahdanau", "Fethi Bougares", "Holger Schwenk"),
        "Yoshua Bengio",
    ),
    title="Learning Phrase Representations using RNN Encoder–Decoder for Statistical Machine Translation",
    booktitle="Conference on Empirical Methods in Natural Language Processing",
    year=2014,
    eprint="1406.1078",
)


def _step(weights, z, u):
    own, drive = (each @ vector for each, vector in zip(weights, (z, u), strict=True))  # (3, dim): reset, keep, new
    reset, keep = jax.nn.sigmoid(own[:2] + drive[:2])
    return keep * z + (1 - keep) * jnp.tanh(reset * own[2] + drive[2])


@dataclasses.dataclass(frozen=True, kw_only=True)
class GRU(Family):
    """`z_t = k z_{t-1} + (1 - k) tanh(r ∘ U z_{t-1} + V u_t)`, gates r and k of the same form, u_t ~ N(0, 1) in `dim` components.

    All weights are N(0, 1 / dim), those of the state times the gain; there are no biases. Cho et al. 2014; noise-driven GRUs of
    2, 4 and 8 units are what DEER was first timed on (Lim et al. 2024, arXiv:2309.12252).
    """

    summary: ClassVar[str] = "a gated recurrent unit with random weights, driven by noise"
    references: ClassVar[tuple[Reference, ...]] = (CHO2014, LIM2024)

    dim: Count = 4
    gain: NonNegative = 1.0

    def draw(self, T: int, seed: int = 0) -> Recurrence:
        """One network. A longer recurrence of a seed starts with the shorter."""
        self.check(T, seed)
        D = self.dim
        weights, inputs, guess = (np.random.default_rng([seed, part]) for part in range(3))
        own, drive = (scale * weights.standard_normal((3, D, D)) / np.sqrt(D) for scale in (self.gain, 1.0))
        z0, tangent = weights.uniform(-1, 1, D), direction(weights, D)
        step = jax.tree_util.Partial(_step, (own, drive))
        return Recurrence(step, z0, inputs.standard_normal((T, D)), guess.standard_normal((T, D)), tangent)


RECURRENCES = {"gru": GRU}
