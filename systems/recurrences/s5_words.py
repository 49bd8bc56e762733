"""The word problem of S5: linear, so that one update solves it, and as sequential as any."""

import dataclasses
import itertools
from typing import ClassVar

import numpy as np
from jaxtyping import Array, Float

from references import Reference
from references.papers import PREDICTABILITY
from systems.recurrences.family import Family

MERRILL2024 = Reference(
    key="merrill2024",
    kind="inproceedings",
    author=("William Merrill", "Jackson Petty", "Ashish Sabharwal"),
    title="The Illusion of State in State-Space Models",
    booktitle="International Conference on Machine Learning",
    year=2024,
    eprint="2404.08819",
)
MATRICES = np.array([np.eye(5)[list(order)] for order in itertools.permutations(range(5))])


@dataclasses.dataclass(frozen=True, kw_only=True)
class S5Words(Family):
    """`z_t = P_t z_{t-1}`, where each P_t is one of the 120 permutations of five things: z_t says what the product of all is.

    No diagonal recurrence can follow such products (Merrill et al. 2024, arXiv:2404.08819). The map is linear, so that Newton
    with full Jacobians takes one update; the diagonal of a permutation says almost nothing, so that quasi-Newton takes about T.
    """

    summary: ClassVar[str] = "products of permutations of five things"
    references: ClassVar[tuple[Reference, ...]] = (MERRILL2024, PREDICTABILITY)
    start: ClassVar[tuple[float, ...]] = (1.0, 2.0, 3.0, 4.0, 5.0)

    def inputs(self, T: int, rng: np.random.Generator) -> Float[np.ndarray, "T 25"]:
        """The matrix of each permutation, row after row."""
        return MATRICES[rng.integers(len(MATRICES), size=T)].reshape(T, -1)

    def step(self, z: Float[Array, "5"], u: Float[Array, "25"]) -> Float[Array, "5"]:
        return u.reshape(5, 5) @ z


RECURRENCES = {"s5-words": S5Words}
