"""Models to measure on: trained a little, because at its initial weights a model is nearly linear and too easy to solve."""

import functools

import jax
import jax.numpy as jnp
import numpy as np

from methods.forcing import Forcing
from methods.layout import host
from methods.method import Method

TRAINING_ROWS = 20_000
LONGEST_ORBIT = 2**21  # rows of the test orbit; more or longer windows overlap


@functools.lru_cache(maxsize=4)
def trained(trainer, system, *, updates: int, alpha: float, dtype: str, seed: int):
    """Parameters after `updates` of sequential teacher-forced training on the system by a `trainer`.

    The training sees 16 windows of 200 steps at a time, or the whole series where that is shorter, at forcing strength `alpha`.
    One model serves all methods that are compared, so that they solve one problem. It is trained on the CPU whatever is measured:
    step by step that is sooner there than on a GPU, and what is solved is the same on both.
    """
    stepwise = trainer.configure(updates=updates, **{"alpha": alpha} if "alpha" in trainer.parameters else {})
    series = rows(system, TRAINING_ROWS, seed=seed, split="train")
    sizes = {"T": min(200, len(series) - 1), "batch": 16, "seeds": (seed,), "dtype": dtype}
    params = host.run(lambda rows: jax.device_get(stepwise.fit(rows, **sizes).params), series)
    return jax.tree.map(lambda leaf: jnp.asarray(leaf[0]), params)


def trainer(method) -> Method:
    """The method that trains the model of `method`; all methods of one model share it, and so what they are measured on."""
    forcing = Forcing("projected") if "projected" in method.model.forcings else method.forcing
    trains = Method(method.stepwise.solver, forcing, method.model)
    masks = method.parameters.get("missing") == "mask" and "missing" in trains.parameters
    return trains.configure(missing="mask") if masks else trains


def needs(T: int) -> dict[str, int]:
    """Rows of each split that `trained` and `windows` of T steps cannot do without."""
    return {"train": 2, "test": T + 1}


@functools.lru_cache(maxsize=2)
def windows(system, *, T: int, batch: int, dtype: str, seed: int) -> jax.Array:
    """Data `(batch, T+1, N)`: windows of the test orbit, evenly spread and overlapping only where they must."""
    wanted = (T + 1) * min(batch, max(1, LONGEST_ORBIT // (T + 1)))
    values = rows(system, wanted, seed=seed, split="test")
    if len(values) < T + 1:
        raise ValueError(f"the test split has {len(values)} rows; T = {T} needs at least T + 1 = {T + 1}. Lower T.")
    starts = np.linspace(0, len(values) - (T + 1), batch).astype(int)
    return jax.numpy.asarray(np.stack([values[start : start + T + 1] for start in starts]), dtype)


def rows(system, wanted: int, *, seed: int, split: str) -> np.ndarray:
    """Up to `wanted` rows of a split: a series from a file may hold fewer."""
    from systems.series import SeriesError

    try:
        return system.sample(wanted, seed=seed, split=split).values
    except SeriesError:
        return system.sample(None, seed=seed, split=split).values
