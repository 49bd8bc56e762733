"""Trainings as the experiments on quality leave them, made up: numbers a reader would believe, no measurements."""

import numpy as np
from synthetic_tables import Tables

REFERENCES = {  # floor and what white noise scores
    "dstsp_gmm": (0.31, 3.04),
    "power_spectrum_hellinger": (0.014, 0.86),
    "n_step_rmse": (None, 1.41),
}
PLAIN = (None, None)


def train(made: Tables, method: str, scores: dict, seeds=5, spread=0.12, lost=(), orbit=0, **values) -> None:
    """One job: every seed of one setting scores about `scores`; `lost` seeds diverge, the first one leaves an orbit."""
    for seed in range(seeds):
        status = "diverged" if seed in lost else "ok"
        cell = made.cell("reconstruction", method, status, seed=seed, **values)
        for metric, typical in scores.items():
            floor, noise = REFERENCES.get(metric, PLAIN)
            value = np.inf if seed in lost else typical * made.noise(spread)
            made.add("metrics", cell, metric=metric, value=value, unit="", higher_is_better=False, floor=floor, noise=noise)
        if orbit and seed == 0:
            _add_orbit(made, cell, orbit, scores["dstsp_gmm"], seed in lost)


def _add_orbit(made: Tables, cell: str, steps: int, error: float, lost: bool, variables: int = 5) -> None:
    step = np.arange(steps)
    for n in range(variables):
        swell = 1 + 0.6 * np.sin(2 * np.pi * step / 1000)
        truth = swell * np.sin(0.21 * step + n) + 0.3 * np.sin(0.57 * step + 2 * n)
        generated = truth + min(error, 1.5) * (1 - np.exp(-step / 150)) * np.sin(0.13 * step + 3 * n)
        if lost:
            generated = np.where(step < steps // 3, generated, np.exp(np.minimum(step - steps // 3, 600)))
        made.add("orbits", cell, step=step, variable=n, truth=truth, generated=generated)


def scores(divergence: float, error: float = 0.6) -> dict:
    return {"dstsp_gmm": divergence, "power_spectrum_hellinger": 0.1 * divergence**0.5, "n_step_rmse": error}


def fig3a(gain=0.5, control=0.0, later=0.0, lengths=(128, 256, 512, 1024, 2048, 4096), lost=(), orbit=0, **options) -> dict:
    """D_stsp falls as T to the power of `-gain`, on Lorenz-63 `-control`; the error as `-later` from the middle length on."""
    made = Tables()
    for system, M, alpha, power in (
        ("forced-lorenz96", 24, 0.2, gain),
        ("bursting-neuron", 16, 0.1, gain),
        ("lorenz63", 10, 0.1, control),
    ):
        for T in lengths:
            error = 0.5 * (1 + 60 / T) * max(T / lengths[len(lengths) // 2], 1) ** -later
            sizes = {"latent_dim": M, "alpha": alpha, "T": T, "batch": 2**15 // T, "method_parameters": {"warmup": T // 4}}
            own = lost if T == lengths[0] and system != "lorenz63" else ()
            found = scores(2.4 * (T / lengths[0]) ** -power, error)
            train(made, "gtf-schwarz", found, system=system, lost=own, orbit=orbit, **sizes, **options)
    return made.frames()


def recipe(lost=(0, 1, 2, 3, 4), clipped_lost=(), seeds=5) -> dict:
    """From T = 800 on runs `lost` of the plain recipe diverge, and `clipped_lost` of the others."""
    made = Tables()
    for T in (200, 800, 2048):
        for settings in ({"clip_norm": 0.0}, {"clip_norm": 1.0}, {"clip_norm": 1.0, "curriculum": [200]}):
            own = (clipped_lost if settings["clip_norm"] else lost) if T >= 800 else ()
            sizes = {"system": "lorenz63", "T": T, "method_parameters": {"curriculum": []} | settings}
            train(made, "gtf-schwarz", scores(0.2), seeds=seeds, lost=own, **sizes)
    return made.frames()


FIG3B = {
    "full": 0.45,
    "rank 0": 1.8,
    "rank 1": 0.6,
    "rank 2": 0.5,
    "lssm": 1.8,
    "lssm mar": 1.8,
    "scheduled": 1.5,
    "mamba 16": 3.0,
    "mamba 32": 3.5,
}


def fig3b(lost=(), orbit=0, wide=0.6, without=(), **options) -> dict:
    """The published order of the model classes, or others by arm; `lost` arms lose their first seed, `wide` is Mamba's spread."""
    changed = {name.replace("_", " "): options.pop(name) for name in list(options) if name.replace("_", " ") in FIG3B}
    typical, made = FIG3B | changed, Tables()
    arms = {
        "full": ("gtf-schwarz", {}),
        **{f"rank {extra}": ("low-rank", {"extra_rank": extra}) for extra in range(3)},
        "lssm": ("lssm", {"mar_weight": 0.0}),
        "lssm mar": ("lssm", {"mar_weight": 1e-3}),
        "scheduled": ("lssm-scheduled", {}),
        "mamba 16": ("mamba2", {}),
        "mamba 32": ("mamba2", {}),
    }
    for name, (method, parameters) in arms.items():
        if name not in without:
            M = int(name.split()[1]) if "mamba" in name else 24
            sizes = {"system": "forced-lorenz96", "T": 4096, "batch": 8, "latent_dim": M, "alpha": 0.2}
            given = {"lost": (0,) if name in lost else (), "spread": wide if "mamba" in name else 0.12} | options
            train(made, method, scores(typical[name]), orbit=orbit, method_parameters=parameters, **sizes, **given)
    return made.frames()


def decomposition(local=1.0, gossip=1.0, shared=1.0, flatters=5.0, jump=1.0, lost=(), methods=None, **options) -> dict:
    """Losses of the variants as multiples of that of sequential training; `jump` that of local windows over shared ones."""
    made = Tables()
    sizes = {"T": 1620, "batch": 1, "latent_dim": 10, "alpha": 0.05}
    factors = {"schwarz-shared": shared, "schwarz-gossip": gossip, "schwarz-mean": 1.0, "schwarz-local": local}
    if methods is None or "sequential" in methods:
        train(made, "sequential", scores(0.3) | {"sequence_loss": 0.02}, **sizes, **options)
    for method, factor in factors.items():
        for order, start in (("additive", "schwarz"), ("red-black", "schwarz"), ("additive", "data")):
            if (methods and method not in methods) or (start == "data" and method != "schwarz-shared"):
                continue
            own = scores(0.3 * factor) | {"sequence_loss": 0.02 * factor, "local_loss": 0.02 * factor / flatters}
            own |= {"interface_jump": 0.3 * (jump if method == "schwarz-local" else 1.0)}
            own |= {"parameter_spread": 0.0 if method == "schwarz-shared" else 0.2}
            parameters = {"windows": 8, "overlap": 20, "order": order, "window_start": start}
            parameters["match_weight"] = 0.0 if method == "schwarz-shared" else 1.0
            gone = (0, 1) if method in lost else ()
            train(made, method, own, lost=gone, method_parameters=parameters, **sizes, **options)
    return made.frames()


def ecg(parallel=1.0, divergence=0.6, bins=3.8, seeds=3, **options) -> dict:
    """`parallel` times the scores of sequential training, `bins` being that of the published estimator."""
    made = Tables()
    for method, factor in {"sequential": 1.0, "gtf-schwarz": parallel}.items():
        given = {"system": "file", "system_parameters": {"path": "data/ecg.npy"}, "T": 1000} | options
        train(made, method, scores(divergence * factor) | {"dstsp_bins": bins * factor}, seeds, **given)
    return made.frames()
