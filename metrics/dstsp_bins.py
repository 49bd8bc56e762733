"""State-space divergence by counting points in boxes: do two orbits visit the same places equally often?"""

import numpy as np
from jaxtyping import ArrayLike, Float

from metrics.embedding import delay_embedding
from metrics.metric import Metric
from metrics.orbits import as_orbits, diverged, observed, scales
from references import Reference
from registry import UnknownName, suggest

PSEUDO_COUNT = 1e-5
MAX_DIMENSION = 5  # with more, the pseudo-counts of empty boxes outweigh the data
LIMITS = ("default", "legacy")
OUTSIDE = ("overflow", "drop", "clip")

KOPPE2019 = Reference(
    key="koppe2019",
    kind="article",
    author=("Georgia Koppe", "Hazem Toutounji", "Peter Kirsch", "Stefanie Lis", "Daniel Durstewitz"),
    title="Identifying nonlinear dynamical systems via generative recurrent neural networks with applications to fMRI",
    journal="PLOS Computational Biology",
    year=2019,
    eprint="1902.07186",
)
BRENNER2022 = Reference(
    key="brenner2022",
    kind="inproceedings",
    author=(
        *("Manuel Brenner", "Florian Hess", "Jonas M. Mikhaeil", "Leonard F. Bereska", "Zahra Monfared", "Po-Chen Kuo"),
        "Daniel Durstewitz",
    ),
    title="Tractable Dendritic RNNs for Reconstructing Nonlinear Dynamical Systems",
    booktitle="International Conference on Machine Learning",
    year=2022,
    eprint="2207.02542",
)


def binned_divergence(
    truth: Float[ArrayLike, "T N"],
    generated: Float[ArrayLike, "length N"],
    *,
    bins: int = 30,
    limits: str = "default",
    outside: str = "overflow",
    delay: int = 1,
    lag: int = 1,
    missing: str = "refuse",
) -> float:
    """Kullback-Leibler divergence of two histograms in nats, D_stsp as it is often published. Smaller is better, asymmetric.

    There are `bins` boxes in each of d = delay N <= 5 dimensions, K boxes in all. A count c becomes the probability
    (c + ε) / (Σc + ε K) with ε = 1e-5, so that an empty box is no division by 0. Only boxes with points are held: O(T log T)
    whatever K. Some 10⁵ points are wanted: with 10⁴, two true orbits of Lorenz-63 score 0.5. Values cannot be compared with
    those of `dstsp_gmm`.

    limits   of the boxes: "default": [min - 0.1σ, max + 0.1σ] of the truth; "legacy": its mean ± 2σ
    outside  points beyond the limits: "overflow" counts them in one more box, so that leaving costs; "drop" forgets them; "clip"
             moves them to the border. The last two are for comparison with published numbers.
    missing  "mask": of a truth with NaN, only rows that are complete after embedding count

    Identical orbits give 0. A diverged orbit, or one with no point within the limits, gives inf.
    Koppe et al. 2019, arXiv:1902.07186; Brenner et al. 2022, arXiv:2207.02542.
    """
    for key, value, known in (("limits", limits, LIMITS), ("outside", outside, OUTSIDE)):
        if value not in known:
            raise UnknownName(f'{key} = "{value}": no such choice.{suggest(str(value), known)} Known: {", ".join(known)}.')
    truth, generated = as_orbits(truth, generated, missing)
    if diverged(truth, generated):
        return np.inf
    truth, generated = observed(delay_embedding(truth, delay, lag)), delay_embedding(generated, delay, lag)
    sigma, d = scales(truth), truth.shape[1]
    if d > MAX_DIMENSION:
        raise ValueError(f"{d} dimensions, at most {MAX_DIMENSION} can be binned. Use dstsp_gmm, or observe fewer variables.")
    if limits == "default":
        low, high = truth.min(axis=0) - 0.1 * sigma, truth.max(axis=0) + 0.1 * sigma
    else:
        low, high = truth.mean(axis=0) - 2 * sigma, truth.mean(axis=0) + 2 * sigma
    if outside != "clip" and not np.any(np.all((generated >= low) & (generated <= high), axis=1)):
        return np.inf
    boxes = bins**d + (outside == "overflow")
    return _divergence(*(_box(x, low, high, bins, outside) for x in (truth, generated)), boxes)


def _box(x: Float[np.ndarray, "T d"], low, high, bins: int, outside: str) -> np.ndarray:
    """Number of the box that each row falls in; the overflow box is the last, number bins^d."""
    within = np.all((x >= low) & (x <= high), axis=1)
    if outside == "drop":
        x, within = x[within], within[within]
    position = (np.clip(x, low, high) - low) / (high - low) * bins
    index = np.minimum(position.astype(np.int64), bins - 1)  # the upper border belongs to the last bin
    box = index @ bins ** np.arange(x.shape[1])
    return np.where(within, box, bins ** x.shape[1]) if outside == "overflow" else box


def _divergence(p_box: np.ndarray, q_box: np.ndarray, boxes: int) -> float:
    """The divergence over `boxes` boxes. Empty ones all contribute alike, so only those with points are held."""
    occupied, which = np.unique(np.concatenate([p_box, q_box]), return_inverse=True)
    counts = (np.bincount(side, minlength=len(occupied)) for side in (which[: len(p_box)], which[len(p_box) :]))
    empty = boxes - len(occupied)
    p, q = ((np.append(c, 0.0) + PSEUDO_COUNT) / (c.sum() + PSEUDO_COUNT * boxes) for c in counts)
    terms = p * np.log(p / q)
    return float(terms[:-1].sum() + empty * terms[-1])


METRICS = {
    "dstsp_bins": Metric(
        binned_divergence,
        unit="nats",
        higher_is_better=False,
        max_dimensions=MAX_DIMENSION,
        references=(KOPPE2019, BRENNER2022),
        summary="Kullback–Leibler divergence of histograms of two orbits, in nats: smaller is better",
    )
}
