"""Made-up runs of the experiments on forced models and on words: plausible shapes, no measurements."""

import numpy as np
from synthetic_tables import Tables, recurrence

ALPHAS = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 1.0)
METHODS = ("gtf-deer", "gtf-quasi-deer", "gtf-schwarz")


def gtf_threshold(zero=0.03, falls=None, onset=0.6, latent=0.3, seeds=3, cap=500, alphas=ALPHAS, methods=METHODS) -> dict:
    """Exponents that cross 0 at the strength `zero`, and updates that fall from the cap to a few at `falls`, the same by default.

    latent  where the exponent crosses 0 of a model of which only x is observed, and for which nothing is promised; inf: nowhere
    """
    made = Tables()
    for observed, M, place in (("", 3, zero), ("x", 16, latent)):
        for method, alpha, seed in ((m, a, s) for m in methods for a in alphas for s in range(seeds)):
            exponent = _exponent(alpha, place, full=not observed)
            at = place if falls is None else falls
            many = alpha <= at
            updates = cap if many else 3 + methods.index(method) * 4
            parameters = {"method_parameters": {"max_iterations": cap}, "system_parameters": {"observed": observed}}
            sizes = {"latent_dim": M, "alpha": alpha, "seed": seed, "T": 2000, "iterations": float(updates), "batch": 1}
            cell = made.cell("predictability", method, "not_converged" if many else "ok", **sizes, **parameters)
            promised = _exponent(0.0 if observed else alpha, onset, full=True)
            rows = {"lyapunov": exponent, "lyapunov_error": 1e-4}
            rows |= {"contraction": promised, "contraction_onset": np.nan if observed else onset}
            made.add("metrics", cell, metric=list(rows), value=list(rows.values()), unit="")
    return made.frames()


def _exponent(alpha: float, zero: float, *, full: bool) -> float:
    """0 at the strength `zero`; where data determine all of the state it is minus infinity at 1, else it stays small."""
    if not full:
        return 0.1 * (zero - alpha) if np.isfinite(zero) else 0.05
    with np.errstate(divide="ignore"):
        return float(np.log(1 - alpha) - np.log(1 - zero))


def words(full=1, power=1.0, seeds=3, T=1000, cap=2000, prefixes=True, lengths=(10, 30, 100, 300, 1000)) -> dict:
    """Newton takes `full` updates; its diagonal form as many as steps, to a `power`. Prefixes of one solve, or one per length."""
    made = Tables()
    for seed, (method, grows) in ((s, each) for s in range(seeds) for each in {"deer": None, "quasi-deer": power}.items()):
        recurrence(made, "sequential", None, T=T, system="s5-words", seed=seed, exponent=0.0)
        updates = {own: full if grows is None else int(np.ceil(0.9 * own**grows)) for own in range(1, T + 1)}
        common = {"system": "s5-words", "seed": seed, "cap": cap, "exponent": 0.0}
        for length in [T] if prefixes else lengths:
            recurrence(made, method, updates[length], T=length, prefixes=updates if prefixes else None, **common)
    return made.frames()
