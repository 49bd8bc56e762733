"""A training between two blocks, as plain arrays, to go on from after whatever stopped it."""

import dataclasses
import hashlib
from typing import NamedTuple

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from methods.training.updates import Log, TrainingState


def question(method, series, *, T: int, batch: int, seeds, dtype, params=None) -> str:
    """What decides how a training ends: all settings, sizes, seeds and data, in 16 hexadecimal digits.

    The name of the method is no part of it, nor is the number of updates per block.
    """
    settings = repr((dataclasses.replace(method, name=""), T, batch, [int(seed) for seed in seeds], jnp.dtype(dtype).name))
    digest = hashlib.sha256(settings.encode())
    for leaf in jax.tree.leaves((jnp.asarray(series, dtype), params)):
        array = np.asarray(leaf)
        digest.update(f"{array.shape} {array.dtype}".encode())
        digest.update(np.ascontiguousarray(array))
    return digest.hexdigest()[:16]


class Checkpoint(NamedTuple):
    """A training between two blocks, as plain arrays."""

    arrays: list  # leaves of the states, keys as their data
    log: Log
    question: str

    @classmethod
    def of(cls, states: TrainingState, log: Log, question: str) -> "Checkpoint":
        plain = jax.device_get(states._replace(key=jr.key_data(states.key)))
        return cls(jax.tree.leaves(plain), log, question)

    def restore(self, like: TrainingState, question: str) -> tuple[TrainingState, Log]:
        """The states, in the structure of those that the same training starts with."""
        plain = like._replace(key=jr.key_data(like.key))
        leaves, structure = jax.tree.flatten(plain)
        same_shapes = [leaf.shape for leaf in leaves] == [np.shape(array) for array in self.arrays]
        if self.question != question or not same_shapes:
            raise ValueError(
                "resume: the checkpoint is of another training: settings, sizes, seeds or data differ from those of this call. "
                "Give what it was kept with, or leave `resume` out to start anew."
            )
        states = jax.tree.unflatten(structure, [jnp.asarray(array) for array in self.arrays])
        return states._replace(key=jr.wrap_key_data(states.key)), Log(*self.log)
