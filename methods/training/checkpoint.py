"""Checkpoints: a training between two blocks, as plain arrays, from which it goes on after whatever stopped it."""

import dataclasses
import hashlib
from typing import NamedTuple

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from methods.training.updates import Log, TrainingState


def question(method, series, *, T: int, batch: int, seeds, dtype, params=None) -> str:
    """A fingerprint of all that decides how a training ends: settings, sizes, seeds and data, in 16 hexadecimal digits.

    A checkpoint is resumed only by a call with the same fingerprint. The name of the method is no part of it, nor is the number
    of updates per block.
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

    arrays: list  # the leaves of the states; random keys as the numbers that they are made of
    log: Log
    question: str  # fingerprint of the training

    @classmethod
    def of(cls, states: TrainingState, log: Log, question: str) -> "Checkpoint":
        plain = jax.device_get(states._replace(key=jr.key_data(states.key)))
        return cls(jax.tree.leaves(plain), log, question)

    def restore(self, like: TrainingState, question: str) -> tuple[TrainingState, Log]:
        """The states and the log. `like` are the states with which this training starts; they lend their structure."""
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
