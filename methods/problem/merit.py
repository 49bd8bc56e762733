"""The merit: one number that says how far states are from being a trajectory.

A small merit does not say that states are close to the true trajectory. An error of 1e-8 at one step leaves a merit of 5e-17, and
where the map expands it has grown to the size of the attractor some dozens of steps later. With e the distance of all states from
the trajectory, 𝓜 ≥ ½ μ e² near it, and the constant μ of Polyak and Łojasiewicz (`methods.predictability`) shrinks as fast as
errors grow. So a merit below a tolerance bounds the error of the states only together with μ.
"""

from jaxtyping import Array, Float


def merit(residual: Float[Array, "T ... M"]) -> Float[Array, "..."]:
    """𝓜 = ½ Σ r² over time and components, for each sequence; in the square of the unit of states, and 0 for a trajectory.

    The stopping rule `merit` compares 𝓜 / T with its tolerance. Gonzalez et al. 2025, arXiv:2508.16817.
    """
    return 0.5 * (residual**2).sum((0, -1))
