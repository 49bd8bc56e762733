"""In which order methods and settings stand, in every table, legend and figure."""

SETTINGS = [  # that tell cells apart and have a column of their own, in the order of those columns
    *("system", "latent_dim", "hidden_dim", "T", "batch", "alpha", "dtype", "device"),
]
BASELINE = "sequential"  # as the papers have it
# The same baseline, ever stronger: one scan, the same scan in larger strides, one launch of a kernel for all steps.
BASELINES = (BASELINE, "sequential-unrolled", "sequential-fused")
METHODS = [  # the baselines, then by family; methods that are not named here come last, by name
    *(*BASELINES, "sequential-free"),
    *("deer", "quasi-deer", "gtf-deer", "gtf-quasi-deer", "gtf-schwarz", "gtf-shooting", "gtf-parareal", "gtf-mgrit"),
    *("elk", "quasi-elk", "picard", "jacobi", "lssm", "lssm-scheduled", "mamba2", "low-rank", "low-rank-schwarz"),
    *("schwarz-shared", "schwarz-gossip", "schwarz-mean", "schwarz-local", "mamba2-cuda"),
    *("gtf-deer-published", "gtf-deer-windowed", "gtf-deer-damped", "gtf-deer-clipped", "gtf-quasi-deer-clipped"),
    *("gtf-quasi-deer-hutchinson", "gtf-elk", "gtf-elk-filter", "gtf-quasi-elk", "gtf-quasi-elk-filter", "auto"),
    *("merit-descent", "gtf-merit-descent"),
]


def rank(method: str) -> int:
    """The place of a method in every table and legend."""
    return METHODS.index(method) if method in METHODS else len(METHODS)
