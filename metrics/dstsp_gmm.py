"""State-space divergence by Gaussian mixtures: do two orbits visit the same places equally often?"""

import numpy as np
from jaxtyping import ArrayLike, Float
from scipy.spatial.distance import cdist
from scipy.special import logsumexp

from metrics.embedding import delay_embedding
from metrics.metric import Metric
from metrics.orbits import as_orbits, diverged, observed, scales
from references.papers import HESS2023

CHUNK = 10**6  # squared distances held at once: 8 MB


def state_space_divergence(
    truth: Float[ArrayLike, "T N"],
    generated: Float[ArrayLike, "length N"],
    *,
    samples: int = 1000,
    components: int = 10_000,
    delay: int = 1,
    lag: int = 1,
    bandwidth: float | str = "silverman",
    seed: int = 0,
    points: Float[ArrayLike, "samples d"] | None = None,
    missing: str = "refuse",
) -> float:
    """Kullback-Leibler divergence D_stsp of the generated from the true measure in nats. Smaller is better, asymmetric.

    A Gaussian on every point makes a density of an orbit. D = 1/n Σ_i log p(ξ_i)/q(ξ_i) with p = mean_t N(x_t, Σ) for the truth,
    q = mean_t N(x̂_t, Σ) for the generated orbit, and ξ_i drawn from p; O(samples components d). For both Σ = h² diag(σ²), σ of
    the embedded truth. No sample is dropped and no likelihood capped.

    samples     n, drawn with `seed` unless `points` (n, d) are given, in the embedded space
    components  the most points that a mixture is made of, spread evenly over the orbit; T_c are left of the truth
    delay, lag  embedding of both orbits, d = delay N
    bandwidth   "silverman": h = (4 / ((d + 2) T_c))^(1/(d+4)); a number is h itself, where 1.0 on standardised data is the unit
                covariance of earlier work
    missing     "mask": of a truth with NaN, only rows that are complete after embedding count

    Identical orbits give 0; a good one may come out slightly negative, by the error of sampling. A diverged orbit gives inf.
    Raises `ValueError` for a truth that does not fit, is too short or constant. Hess et al. 2023, arXiv:2306.04406, with
    log-sum-exp.
    """
    if bandwidth != "silverman" and not (isinstance(bandwidth, (int, float)) and bandwidth > 0):
        raise ValueError(f'bandwidth = {bandwidth!r}; wanted "silverman" or a positive number.')
    truth, generated = as_orbits(truth, generated, missing)
    if diverged(truth, generated):
        return np.inf
    truth, generated = observed(delay_embedding(truth, delay, lag)), delay_embedding(generated, delay, lag)
    sigma, d = scales(truth), truth.shape[1]
    truth, generated = _evenly(truth, components), _evenly(generated, components)
    h = (4 / ((d + 2) * len(truth))) ** (1 / (d + 4)) if bandwidth == "silverman" else float(bandwidth)
    if points is None:
        draws = np.random.default_rng(seed)
        points = truth[draws.integers(len(truth), size=samples)] + h * sigma * draws.standard_normal((samples, d))
    points = np.asarray(points, dtype=np.float64)
    if points.shape[1:] != (d,):
        raise ValueError(f"points have shape {points.shape}; wanted (n, {d}), the dimension after embedding.")
    ratio = _log_density(points, truth, h * sigma) - _log_density(points, generated, h * sigma)
    return float(ratio.mean())


def _evenly(x: Float[np.ndarray, "T d"], components: int) -> Float[np.ndarray, "components d"]:
    """At most `components` rows of x, spread evenly."""
    return x if len(x) <= components else x[np.arange(components) * len(x) // components]


def _log_density(points: Float[np.ndarray, "n d"], centres, width) -> Float[np.ndarray, "n"]:
    """Log of the mixture at each point, up to the constant that both mixtures share."""
    rows = max(1, CHUNK // len(centres))
    pieces = [
        logsumexp(-0.5 * cdist(points[i : i + rows] / width, centres / width, "sqeuclidean"), axis=1)
        for i in range(0, len(points), rows)
    ]
    return np.concatenate(pieces) - np.log(len(centres))


METRICS = {
    "dstsp_gmm": Metric(
        state_space_divergence,
        unit="nats",
        higher_is_better=False,
        references=(HESS2023,),
        summary="Kullback–Leibler divergence of Gaussian mixtures on two orbits, in nats: smaller is better",
    )
}
