"""Made-up runs of the experiments on predictability: plausible shapes, no measurements."""

import numpy as np
import synthetic_tables as synthetic

from bench.showing.frames import predictability
from bench.showing.frames.published import observers as published

GAINS = tuple(np.round(np.linspace(0.5, 2.0, 16), 2))
LENGTHS = np.unique(np.geomspace(1, 10_000, 21).round().astype(int))
AWAY = 1e9  # updates that no cap allows


def exponent(gain: float) -> float:
    """Of a mean-field network with a drive: below 0 up to a gain of about 1.2."""
    return float(0.35 * np.log(gain / 1.2) if gain > 1.2 else 0.8 * np.log(gain / 1.2))


def newton(T, gain: float, sharp: float = 1.0):
    """Updates of Newton's method for a prefix: they grow with the length where the exponent is above 0."""
    growing = np.asarray(T, float) * max(exponent(gain), 0.0) * sharp
    return np.ceil(3 + 0.3 * np.log(T) / (1 + 10 * max(-exponent(gain), 0)) + growing)


def threshold(
    sharp=1.0, slow=(), methods=("deer", "quasi-deer", "picard"), seeds=3, T=10_000, gains=GAINS, cap=1500, power=None, growth=150
):
    """Above gain 1.2 updates rise, by `sharp`; solves of (gain, seed) in `slow` take 200 although their exponent is negative.

    growth  of the error of the trajectory with a positive exponent
    power   of T with which updates grow where the exponent is negative; None: with its logarithm
    """
    made, T = synthetic.Tables(), LENGTHS[-1]
    for gain, seed in ((gain, seed) for gain in gains for seed in range(seeds)):
        own = exponent(gain) + 0.01 * made.random.standard_normal()
        for method in ("deer", "quasi-deer", "picard"):
            worse = {"deer": 1.0}.get(method, 12.0 * gain**6)
            counts = newton(LENGTHS, gain, sharp) if power is None else np.ceil(LENGTHS**power)
            counts = np.maximum.accumulate(np.ceil(counts * worse))
            counts = np.maximum(counts, np.minimum(LENGTHS, 200)) if (gain, seed) in slow else counts
            found = {"exponent": own, "error": 1e-9 * np.exp(growth * max(own, 0)), "cap": cap}
            sizes = {"T": T, "seed": seed, "dtype": "float64", "system_parameters": {"gain": gain, "dim": 100}}
            prefixes = dict(zip(LENGTHS.tolist(), counts.tolist(), strict=True))
            synthetic.recurrence(made, method, int(counts[-1]), prefixes=prefixes, **found, **sizes)
    return made.frames()


def langevin(power=0.25, most=17, seeds=5, T=10_000, own=-0.0145, methods=("deer", "quasi-deer"), cap=400):
    """Updates grow with this power of T, up to `most`."""
    made = synthetic.Tables()
    lengths = LENGTHS[LENGTHS <= T]
    for seed, method in ((seed, method) for seed in range(seeds) for method in methods):
        counts = np.ceil((most - seed % 2) * (lengths / T) ** power) * (1 if method == "deer" else 9)
        found = {"exponent": own + 0.0006 * (seed - 2), "error": 4e-3, "merit": 3e-11, "cap": cap, "T": T, "seed": seed}
        prefixes = dict(zip(lengths.tolist(), counts.tolist(), strict=True))
        given = {"dt": 0.01}
        synthetic.recurrence(
            made, method, int(counts[-1]), prefixes=prefixes, system="two-well", system_parameters=given, **found
        )
    return made.frames()


def observers(watching=None, flow=None, off=0.0, T=30_000, cap=30_000, seeds=1, without=()):
    """The published table as we count: `watching` and `flow` replace counts, `off` moves exponents of observers."""
    made = synthetic.Tables()
    for system, row in published().rows.drop(index=list(without)).iterrows():
        for seed in range(seeds):
            for name, count, value in (
                (system, flow or row["updates"], row["exponent"]),
                (f"{system}-observer", watching or row["observer_updates"], row["observer_exponent"] + off),
            ):
                given = {"system": name, "T": T, "seed": seed, "latent_dim": 3, "system_parameters": {"dt": 0.01}, "cap": cap}
                synthetic.recurrence(made, "deer", int(count), exponent=0.01 * value, error=1.0 if count > 99 else 1e-9, **given)
    return made.frames()


def walltime(speed=12.0, slow=0.05, earlier=True, gains=GAINS, seeds=3, device="cpu", cap=1000):
    """DEER is `speed` times as fast as going step by step where the exponent is negative, and `slow` times elsewhere."""
    made = synthetic.Tables()
    for gain, seed in ((gain, seed) for gain in gains for seed in range(seeds)):
        for method in ("sequential", "deer", "quasi-deer", "merit-descent"):
            growing = exponent(gain) > 0
            updates = int(newton(1000, gain))
            if method in ("quasi-deer", "merit-descent"):
                updates = int(4 * np.exp(6 * max(gain - 0.6, 0))) if earlier else 5
            factor = {"sequential": 1.0, "deer": slow if growing else speed}.get(method, 0.5)
            sizes = {
                "T": 1000,
                "seed": seed,
                "device": device,
                "system_parameters": {"gain": gain, "dim": 100},
                "job": f"{gain} {seed}",
            }
            found = {
                "exponent": exponent(gain),
                "seconds": 1e-2 / factor,
                "cap": cap,
                "error": 1e-3 * np.exp(40 * exponent(gain)),
            }
            synthetic.recurrence(made, method, None if method == "sequential" else updates, **found, **sizes)
    return made.frames()


def solved(tables):
    """As figures and verdicts read it."""
    return predictability.solves(tables)
