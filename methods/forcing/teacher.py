"""Generalised teacher forcing: data pulls the state before each step, `z̃ = E z + D x` with strength α.

    gtf        z̃ = (1−α) z + α B⁺ x            E = (1−α) I     every direction is damped, latent memory too
    projected  z̃ = z + α B⁺ (x − B z)          E = I − α B⁺B   only what is observed is damped (the default)
    sparse     projected with α = 1 at every τ-th step, none in between
    none       z̃ = z
    input      for models that read the data as their input: they are always told the data

For M ≤ N both forced forms agree. Hess et al. 2023, arXiv:2306.04406; sparse: Mikhaeil et al. 2022, arXiv:2110.07238.
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
    """Kind and strength of teacher forcing, and what of it the gradient sees."""

    forcing: Literal["none", "gtf", "projected", "sparse", "input"] = "projected"
    alpha: Fraction = 0.5  # 0 free run, 1 the data replace what they determine
    # Where α comes from: the field above, or an estimate that training follows from α = 1 on, see `adaptive`.
    alpha_from: Literal["constant", "bound", "batch_max", "product", "arithmetic"] = "constant"
    interval: Count = 10  # τ of sparse forcing; ln 2 / λ, the time in which errors double, is a good choice
    # NaN in the data: not taken by `fit`, or a value that is missing, for which the read-out stands in (`forcing.missing`).
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
        """Settings that play no part in this kind of forcing."""
        return _UNUSED.get(self.forcing, ())

    @property
    def references(self) -> tuple[Reference, ...]:
        """Those of its kind; a model that reads data, or is trained without, takes none."""
        return {"gtf": (HESS2023,), "projected": (HESS2023,), "sparse": (MIKHAEIL2022,)}.get(self.forcing, ())

    def operators(self, B: Float[Array, "N M"], alpha) -> "Operators":
        """The affine map of one forcing step, and the data's image in latent space."""
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
        """1 where sparse forcing acts before a step, else 0."""
        at = (jnp.arange(x.shape[0]) % self.interval == 0).astype(x.dtype)
        return jnp.broadcast_to(at.reshape(-1, *[1] * (x.ndim - 1)), (*x.shape[:-1], 1))


@dataclasses.dataclass(frozen=True)
class Operators:
    """z̃ = E z + D x, and z̄ = B⁺ x."""

    E: Float[Array, "M M"]
    D: Float[Array, "M N"] | None
    pinv: Float[Array, "M N"]

    def apply(self, z: Float[Array, "... M"], x: Float[Array, "... N"]) -> Float[Array, "... M"]:
        forced = z @ self.E.T
        return forced if self.D is None else forced + x @ self.D.T

    def teacher(self, x: Float[Array, "... N"]) -> Float[Array, "... M"]:
        """z̄ = B⁺ x."""
        return x @ self.pinv.T
