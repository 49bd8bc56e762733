"""Made-up runs of the experiments on predictability: plausible shapes, no measurements."""

import numpy as np
import synthetic_tables as synthetic

GAINS = tuple(np.round(np.linspace(0.5, 2.0, 16), 2))
LENGTHS = np.unique(np.geomspace(1, 10_000, 60).round().astype(int))
AWAY = 1e9  # updates that no cap allows


def exponent(gain: float) -> float:
    """Of a mean-field network with a drive: below 0 up to a gain of about 1.2."""
    return float(0.35 * np.log(gain / 1.2) if gain > 1.2 else 0.8 * np.log(gain / 1.2))


def newton(T, gain: float, sharp: float = 1.0):
    """Updates of Newton's method for a prefix: they grow with the length where the exponent is above 0."""
    growing = np.asarray(T, float) * max(exponent(gain), 0.0) * sharp
    return np.ceil(3 + 0.3 * np.log(T) / (1 + 10 * max(-exponent(gain), 0)) + growing)


def threshold(sharp=1.0, slow=(), methods=("deer", "quasi-deer", "picard"), seeds=3, T=10_000, gains=GAINS, cap=1500, power=None):
    """Above gain 1.2 updates rise, by `sharp`; solves of (gain, seed) in `slow` take 200 although their exponent is negative.

    power  of T with which updates grow where the exponent is negative; None: with its logarithm
    """
    made = synthetic.Tables()
    lengths = LENGTHS[LENGTHS <= T]
    for gain, seed in ((gain, seed) for gain in gains for seed in range(seeds)):
        own = exponent(gain) + 0.01 * made.random.standard_normal()
        for method in methods:
            worse = {"deer": 1.0}.get(method, 12.0 * gain**6)
            counts = newton(lengths, gain, sharp) if power is None else np.ceil(lengths**power)
            counts = np.maximum.accumulate(np.ceil(counts * worse))
            counts = np.maximum(counts, np.minimum(lengths, 200)) if (gain, seed) in slow else counts
            found = {"exponent": own, "error": 1e-9 * np.exp(60 * max(own, 0)), "cap": cap}
            sizes = {"T": T, "seed": seed, "dtype": "float64", "system_parameters": {"gain": gain, "dim": 100}}
            prefixes = dict(zip(lengths.tolist(), counts.tolist(), strict=True)) if method != "merit-descent" else None
            synthetic.recurrence(made, method, int(counts[-1]), prefixes=prefixes, **found, **sizes)
    return made.frames()
