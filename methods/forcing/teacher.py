"""Generalised teacher forcing: data pull the state before each step, `z̃ = E z + D x`, with strength α.

In a chaotic system the smallest error grows until a long free run, and the gradient through it, say nothing any more. Pulled
towards the data before each step, the model stays close to them, and the forced map forgets where it started. The kinds:

    gtf        z̃ = (1−α) z + α B⁺ x            E = (1−α) I     every direction is damped, unobserved ones too
    projected  z̃ = z + α B⁺ (x − B z)          E = I − α B⁺B   only observed directions are damped (the default)
    sparse     projected with α = 1 at every τ-th step, none in between
    none       z̃ = z
    input      for models that read the data as their input, at every step

For M ≤ N, gtf and projected agree. Hess et al. 2023, arXiv:2306.04406; sparse: Mikhaeil et al. 2022, arXiv:2110.07238.
"""

import dataclasses
from typing import Literal

import jax.numpy as jnp
from jax.lax import stop_gradient
from jaxtyping import Array, Float

from methods.linear.pseudoinverse import by_decomposition
from methods.linear.pseudoinverse import pinv as pseudoinverse
from references import Reference
from references.papers import HESS2023, MIKHAEIL2022
from settings import Count, Fraction, Misfit

_UNUSED = {
    "none": ("alpha", "alpha_from"),
    "input": ("alpha", "alpha_from", "interval", "missing", "differentiate"),
    "sparse": ("alpha", "alpha_from"),
}


@dataclasses.dataclass(frozen=True)
class Forcing:
    """Kind and strength of teacher forcing, and which parts of it are differentiated."""

    forcing: Literal["none", "gtf", "projected", "sparse", "input"] = "projected"
    alpha: Fraction = 0.5  # 0: a free run; 1: data replace all of the state that they determine
    # Where α comes from: the field above, or an estimate that it follows from α = 1 on, see `adaptive`.
    alpha_from: Literal["constant", "bound", "batch_max", "product", "arithmetic"] = "constant"
    interval: Count = 10  # τ of sparse forcing; ln 2 / λ, the time in which errors double, is a good choice
    # NaN in the data: an error in `fit`, or a missing value, for which the read-out stands in (`forcing.missing`).
    missing: Literal["refuse", "mask"] = "refuse"
    # Which occurrences of B are differentiated: `readout` x̂ = B z only; `residual` also B in x − B z; `full` also B⁺ and z_0.
    differentiate: Literal["readout", "residual", "full"] = "readout"

    def __post_init__(self):
        if self.forcing == "input" and self.missing == "mask":
            raise Misfit(
                'missing = "mask": a model that reads data needs all of them, and reading itself in their place is no linear '
                "recurrence any more. Fill them in, or take a method that is forced by data."
            )

    @property
    def unused(self) -> tuple[str, ...]:
        """Settings that have no effect with this kind of forcing."""
        return _UNUSED.get(self.forcing, ())

    @property
    def references(self) -> tuple[Reference, ...]:
        """The papers of its kind of forcing; none for a model that reads data or is trained without forcing."""
        return {"gtf": (HESS2023,), "projected": (HESS2023,), "sparse": (MIKHAEIL2022,)}.get(self.forcing, ())

    def operators(self, B: Float[Array, "N M"], alpha) -> "Operators":
        """E, D and B⁺ for the read-out B: what forcing does before a step, and how data become states."""
        pinv = by_decomposition(B) if self.differentiate == "full" else stop_gradient(pseudoinverse(stop_gradient(B)))
        if self.differentiate == "readout":
            B = stop_gradient(B)
        N, M = B.shape
        identity = jnp.eye(M, dtype=B.dtype)
        if self.forcing == "none":
            return Operators(identity, None, pinv)
        alpha = stop_gradient(jnp.asarray(1.0 if self.forcing == "sparse" else alpha, B.dtype))
        if self.forcing == "gtf":
            return Operators((1 - alpha) * identity, alpha * pinv, pinv)
        return Operators(identity - alpha * pinv @ B, alpha * pinv, pinv)

    def forced_steps(self, x: Float[Array, "T ... N"]) -> Float[Array, "T ... 1"]:
        """1 where sparse forcing acts before a step, else 0, for data x of these steps."""
        at = (jnp.arange(x.shape[0]) % self.interval == 0).astype(x.dtype)
        return jnp.broadcast_to(at.reshape(-1, *[1] * (x.ndim - 1)), (*x.shape[:-1], 1))


@dataclasses.dataclass(frozen=True)
class Operators:
    """The matrices of forcing: z̃ = E z + D x, and z̄ = B⁺ x, the state that data suggest."""

    E: Float[Array, "M M"]
    D: Float[Array, "M N"] | None
    pinv: Float[Array, "M N"]

    def apply(self, z: Float[Array, "... M"], x: Float[Array, "... N"]) -> Float[Array, "... M"]:
        """z̃, the state after forcing."""
        forced = z @ self.E.T
        return forced if self.D is None else forced + x @ self.D.T

    def teacher(self, x: Float[Array, "... N"]) -> Float[Array, "... M"]:
        """z̄ = B⁺ x, the teacher signal."""
        return x @ self.pinv.T
