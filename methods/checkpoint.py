"""A training between two blocks, as plain arrays, to go on from after whatever stopped it."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from methods.updates import Log, State


class Checkpoint(NamedTuple):
    """A training between two blocks, as plain arrays."""

    arrays: list  # leaves of the states, keys as their data
    log: Log

    @classmethod
    def of(cls, states: State, log: Log) -> "Checkpoint":
        plain = jax.device_get(states._replace(key=jr.key_data(states.key)))
        return cls(jax.tree.leaves(plain), log)

    def restore(self, like: State) -> tuple[State, Log]:
        """The states, in the structure of those that the same training starts with."""
        plain = like._replace(key=jr.key_data(like.key))
        leaves, structure = jax.tree.flatten(plain)
        if [leaf.shape for leaf in leaves] != [np.shape(array) for array in self.arrays]:
            raise ValueError("resume: the checkpoint is of another training: its arrays have other shapes.")
        states = jax.tree.unflatten(structure, [jnp.asarray(array) for array in self.arrays])
        return states._replace(key=jr.wrap_key_data(states.key)), Log(*self.log)
