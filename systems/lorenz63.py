"""The Lorenz-63 system."""

import dataclasses
from typing import ClassVar

import jax.numpy as jnp
from jaxtyping import Array, Float

from references import Reference
from settings import Natural, Positive, Real
from systems.flow import Flow

LORENZ1963 = Reference(
    key="lorenz1963",
    kind="article",
    author=("Edward N. Lorenz",),
    title="Deterministic Nonperiodic Flow",
    journal="Journal of the Atmospheric Sciences",
    volume="20",
    number="2",
    pages="130–141",
    year=1963,
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Lorenz63(Flow):
    """Chaotic convection, `x' = σ(y - x)`, `y' = x(ρ - z) - y`, `z' = xy - βz`.

    Dimensionless. Lyapunov exponents 0.906, 0, -14.57 per unit time: a Lyapunov time is 110 steps of the default dt.
    Lorenz, J. Atmos. Sci. 20, 1963.
    """

    name: ClassVar[str] = "lorenz63"
    summary: ClassVar[str] = "chaotic convection in three variables"
    references: ClassVar[tuple[Reference, ...]] = (LORENZ1963,)
    variables: ClassVar[tuple[str, ...]] = ("x", "y", "z")
    start: ClassVar[tuple[float, ...]] = (1.0, 1.0, 1.0)

    dt: Positive = 0.01
    transient: Natural = 2000
    sigma: Real = 10.0
    rho: Real = 28.0
    beta: Real = 8 / 3

    def field(self, t: Float[Array, ""], y: Float[Array, "3"]) -> Float[Array, "3"]:
        x, y, z = y
        return jnp.stack([self.sigma * (y - x), x * (self.rho - z) - y, x * y - self.beta * z])


SYSTEMS = {"lorenz63": Lorenz63}
