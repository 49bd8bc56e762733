"""What the growth of a recurrence says of the constant μ: Theorem 2 of arXiv:2508.16817.

Let errors grow within b e^{λk} ≤ ‖J_{t+k−1} … J_t‖ ≤ a e^{λk} for all t and k, with a ≥ 1 ≥ b > 0. Block (t, s) of 𝒥⁻¹ is such
a product, and ‖𝒥⁻¹‖ = 1/√μ, so that

    (1/a) (e^λ − 1)/(e^{λT} − 1)  ≤  √μ  ≤  min(1, (1/b) e^{−λ(T−1)})         λ ≠ 0
    1/(a T)                       ≤  √μ  ≤  min(1, (1/b) √(2M/(T+1)))         λ = 0

The lower bound sums a geometric series of blocks; the first upper bound looks at the largest block, the second at the mean square
of all of them, ‖𝒥⁻¹‖² ≥ ‖𝒥⁻¹‖_F²/(T M). That argument holds for any λ, so the better of both is taken here, and nothing jumps
at λ = 0.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import ArrayLike, Float


class Regularity(NamedTuple):
    """How far growth strays from its mean rate, `(...)`: a ≥ 1 and b ≤ 1 of the bounds, as logarithms in nats."""

    log_a: Float[np.ndarray, "..."]
    log_b: Float[np.ndarray, "..."]


def pl_bounds(
    exponent: Float[ArrayLike, "..."],
    T: int,
    M: int,
    *,
    log_a: Float[ArrayLike, "..."] = 0.0,
    log_b: Float[ArrayLike, "..."] = 0.0,
) -> tuple[Float[np.ndarray, "..."], Float[np.ndarray, "..."]]:
    """Lower and upper bound of log μ (not of log √μ), natural logarithm, for exponents λ in nats per step.

    T, M  time steps and dimensions of the recurrence
    log_a, log_b  logarithms of a ≥ 1 ≥ b; the default, a = b = 1, stands for a recurrence that grows at one rate always. For any
                  other the bounds with a = b = 1 are none: they leave out transients.

    Evaluated in logarithms, so that nothing overflows; O(T). For an exponent of -inf, Jacobians that are 0, μ = 1: both are 0.
    """
    if T < 1 or M < 1:
        raise ValueError(f"T = {T}, M = {M}; wanted 1 or more of each.")
    exponent, log_a, log_b = np.broadcast_arrays(*(np.asarray(each, np.float64) for each in (exponent, log_a, log_b)))
    if (log_a < 0).any() or (log_b > 0).any():
        raise ValueError(f"log_a = {log_a}, log_b = {log_b}; wanted a >= 1 >= b, that is log_a >= 0 >= log_b.")
    k = np.arange(T)
    with np.errstate(invalid="ignore"):
        powers = np.where(k == 0, 0.0, exponent[..., None] * k)  # 0 times -inf is 0 here: the empty product is the identity
    lower = -log_a - np.logaddexp.reduce(powers, axis=-1)
    largest_block = -log_b - powers[..., -1]
    mean_square = 0.5 * (np.log(T * M) - np.logaddexp.reduce(np.log(T - k) + 2 * powers, axis=-1)) - log_b
    upper = np.minimum(0, np.minimum(largest_block, mean_square))
    return np.asarray(2 * lower), np.asarray(2 * upper)


def regularity(growth: Float[np.ndarray, "T ..."]) -> Regularity:
    """a and b for the mean rate of `growth`, the logarithms by which one direction grew in each step. O(T).

    They are the largest gain and the largest loss of any stretch of time over the mean rate. A product of Jacobians has at least
    the norm by which one direction grows, so that this b is one for the matrices too, and the upper bound with it is a bound for
    these steps. This a is a lower estimate of theirs: other directions may have grown more. For M = 1 both are exact.
    Without a step, a = b = 1; NaN where a direction has died.
    """
    growth = np.asarray(growth, np.float64)
    mean = growth.mean(axis=0) if len(growth) else 0.0
    with np.errstate(invalid="ignore"):  # -inf less -inf
        excess = np.concatenate([np.zeros((1, *growth.shape[1:])), np.cumsum(growth - mean, axis=0)])
        gain = (excess - np.minimum.accumulate(excess)).max(axis=0)
        loss = (excess - np.maximum.accumulate(excess)).min(axis=0)
    return Regularity(np.asarray(gain), np.asarray(loss))
