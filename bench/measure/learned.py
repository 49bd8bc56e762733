"""The model that one seed of a training ended with, and how it runs free."""

import dataclasses
from typing import Any

import jax
import numpy as np

from methods.forcing.adaptive import adapts
from methods.method import Method
from methods.models.free_run import free_map
from methods.training.updates import Log


@dataclasses.dataclass(frozen=True)
class Learned:
    """One seed of a training: its parameters, its log, and the forcing strength that it ended with where that was adapted."""

    method: Method
    params: Any
    log: Log
    alpha: Any = None

    @classmethod
    def of(cls, method: Method, fit, i: int) -> "Learned":
        """Seed `i` of a training."""
        params, log = (jax.tree.map(lambda leaf: leaf[i], tree) for tree in (fit.params, fit.log))
        return cls(method, params, log, fit.alpha[i] if adapts(method.forcing) else None)

    @property
    def skipped(self) -> float:
        """The share of updates that were not made, since the solver had no answer to make them from."""
        return float(np.mean(self.log.skipped))

    def generate(self, history, length: int):
        """The states `(length, N)` that follow a history `(N_warm, N)`."""
        return self.method.generate(self.params, history, length, alpha=self.alpha)

    def free_map(self, history):
        """The free-running map on flat states, one program for all seeds, and the state that follows a history."""
        return free_map(self.method.forcing, self.params, history, self.alpha)
