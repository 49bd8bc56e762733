"""Models to measure on: trained a little, because at its initial weights a model is nearly linear and too easy to solve."""

import functools

import jax
import numpy as np


@functools.lru_cache(maxsize=4)
def trained(method, system, *, updates: int, alpha: float, dtype: str, seed: int):
    """Parameters of the method's model after `updates` of sequential teacher-forced training on the system.

    Windows of 200 steps, 16 at a time, forcing strength `alpha`. The same model serves every method that is compared.
    """
    import methods

    shape = {name: method.parameters[name] for name in ("latent_dim", "hidden_dim", "clipped")}
    stepwise = methods.get("sequential", alpha=alpha, updates=updates, **shape)
    series = system.sample(TRAINING_ROWS, seed=seed).values
    fit = stepwise.fit(series, T=200, batch=16, seeds=(seed,), dtype=dtype)
    return jax.tree.map(lambda leaf: leaf[0], fit.params)


TRAINING_ROWS = 20_000


def windows(system, *, T: int, batch: int, dtype: str, seed: int) -> jax.Array:
    """Data `(batch, T+1, N)`: windows of the test orbit, evenly spread and overlapping only where they must."""
    rows = (T + 1) * min(batch, max(1, LONGEST_ORBIT // (T + 1)))
    values = system.sample(rows, seed=seed, split="test").values
    starts = np.linspace(0, rows - (T + 1), batch).astype(int)
    return jax.numpy.asarray(np.stack([values[start : start + T + 1] for start in starts]), dtype)


LONGEST_ORBIT = 2**21
