"""One line and one source for each plug-in, for someone who meets its name for the first time.

A plug-in that is not named here is introduced by the first line of its own docstring.
"""

from typing import NamedTuple


class About(NamedTuple):
    line: str
    source: str = ""


_GTF, _GTF_DEER, _DEER = "Hess 2023, arXiv:2306.04406", "Hess 2026, arXiv:2605.12683", "Lim 2024, arXiv:2309.12252"
_ELK, _FIXED = "Gonzalez 2024, arXiv:2407.19115", "Gonzalez 2025, arXiv:2509.21716"
_SIGNS, _LSSM, _SAMPLING = "Zoltowski 2025, arXiv:2508.18413", "Orvieto 2023, arXiv:2303.06349", "Bengio 2015, arXiv:1506.03099"
_SCHWARZ, _MAMBA = "D'Amore 2025, doi 10.17352/tcsit.000091", "Dao 2024, arXiv:2405.21060"
_BINS = "Koppe 2019, arXiv:1902.07186"

METHODS = {
    "sequential": About("one state after the other: the baseline of accuracy and of speed", _GTF),
    "sequential-free": About("one state after the other without forcing: the baseline of `deer`, `elk` and `quasi-deer`"),
    "sequential-parallel-adjoint": About("step by step forwards; backwards, windows of time side by side"),
    "auto": About("measures how soon the forced map forgets, then takes windows or one pass, and says which and why"),
    "deer": About("Newton on the whole trajectory, one parallel scan per update, without forcing", _DEER),
    "gtf-deer": About("Newton on the whole trajectory under teacher forcing", _GTF_DEER),
    "gtf-deer-published": About(
        "`gtf-deer` as DEER is published: Jacobians by autodiff, associative scan, rule `increment`", _DEER
    ),
    "gtf-deer-windowed": About("Newton in windows of time, one window after the other: less memory"),
    "gtf-deer-damped": About("Newton with Jacobians scaled down, for where the plain update overshoots", _ELK),
    "gtf-deer-clipped": About("Newton with Jacobians of bounded norm", _ELK),
    "quasi-deer": About("Newton with the diagonal of the Jacobian alone, without forcing", _ELK),
    "gtf-quasi-deer": About("Newton with the diagonal of the Jacobian under teacher forcing", _GTF_DEER),
    "gtf-quasi-deer-clipped": About("`gtf-quasi-deer` with a bounded diagonal", _ELK),
    "gtf-quasi-deer-hutchinson": About(
        "`gtf-quasi-deer` with a diagonal estimated by random signs", "Zoltowski 2025, arXiv:2508.18413"
    ),
    "elk": About("Levenberg–Marquardt by a parallel Kalman smoother, without forcing", _ELK),
    "gtf-elk": About("Levenberg–Marquardt by a parallel Kalman smoother under teacher forcing", _ELK),
    "gtf-elk-filter": About("`gtf-elk` with the Kalman filter in place of the smoother, as in the released code", _ELK),
    "quasi-elk": About("`elk` with the diagonal of the Jacobian alone", _ELK),
    "gtf-quasi-elk": About("`gtf-elk` with the diagonal of the Jacobian alone", _ELK),
    "gtf-quasi-elk-filter": About("`gtf-elk-filter` with the diagonal of the Jacobian alone", _ELK),
    "jacobi": About("each state becomes the image of the one before, all at once: no Jacobian", _FIXED),
    "picard": About("the first state plus the sum of all increments: the identity as Jacobian", _FIXED),
    "gtf-schwarz": About("windows of time run side by side and hand their ends on", "Gander 2008"),
    "gtf-shooting": About("windows, with Newton on the few directions that survive one", "Nievergelt 1964"),
    "gtf-parareal": About("windows, corrected by a coarse model of the map", "Lions, Maday, Turinici 2001"),
    "gtf-mgrit": About("windows, run twice per coarse correction", "Falgout 2014, doi 10.1137/130944230"),
    "low-rank": About("`gtf-deer` for a shPLRNN whose coupling has rank N + `extra_rank`", _GTF_DEER),
    "low-rank-schwarz": About("`gtf-schwarz` for the model of `low-rank`"),
    "lssm": About("linear state-space model: one linear scan, no iteration", "Orvieto 2023, arXiv:2303.06349"),
    "lssm-scheduled": About(
        "an LSSM under scheduled sampling, which only a step-by-step scan can solve", "Bengio 2015, arXiv:1506.03099"
    ),
    "mamba2": About("Mamba-2 block in JAX, by a chunked scan for any T", _MAMBA),
    "mamba2-cuda": About("that block as published: mamba-ssm's Triton kernels, trained in torch on an NVIDIA GPU", _MAMBA),
    "schwarz-shared": About("the training itself is cut into overlapping windows, which share their parameters", _SCHWARZ),
    "schwarz-gossip": About("windows train parameters of their own, which move towards those of their neighbours", _SCHWARZ),
    "schwarz-mean": About("windows train parameters of their own, and take the mean of all after each round", _SCHWARZ),
    "schwarz-local": About("windows train parameters of their own that never meet: the baseline of failure", _SCHWARZ),
}

MODELS = {
    "shplrnn": About("`z' = A z + W1 φ(W2 z + h2) + h1`: shallow, piecewise linear, the model of most methods", _GTF),
    "low-rank": About("a shPLRNN whose coupling `W1` has rank N + `extra_rank`", _GTF_DEER),
    "lssm": About("linear in its state while it is trained, with a non-linear read-out", _LSSM),
    "mamba2": About("a Mamba-2 block between two linear maps; `latent_dim` 16 and 32 are the 7k and 17k models", _MAMBA),
}

SYSTEMS = {
    "lorenz63": About('chaos; with `observed = "x"` two of three variables are hidden', "Lorenz 1963"),
    "forced-lorenz96": About("chaos and cycles take turns under a slow drive that nobody observes", _GTF_DEER),
    "bursting-neuron": About("spikes of milliseconds, bursts of a hundred; the slow gate is hidden", _GTF_DEER),
    "file": About("your own series"),
}

METRICS = {
    "dstsp_gmm": About("D_stsp: how far the generated attractor is from the true one, by Gaussian mixtures, in nats", _GTF),
    "dstsp_bins": About("D_stsp by histograms, as it is often published, in at most five dimensions", _BINS),
    "power_spectrum_hellinger": About("D_H: how far the power spectra are apart, 0 to 1", "Mikhaeil 2022, arXiv:2110.07238"),
    "n_step_rmse": About("error of a forecast after n steps, in units of the data"),
    "rmse": About("error between two orbits, step by step; it says little once chaos has parted them"),
    "lyapunov": About("the largest Lyapunov exponents of the model's free map: how fast nearby states part", "Benettin 1980"),
}

KINDS = {"method": METHODS, "model": MODELS, "system": SYSTEMS, "metric": METRICS}
