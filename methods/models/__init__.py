"""One-step maps and read-outs, found by name: the `MODELS` of the files here, each the sizes of a model that make its weights.

`methods.get("gtf-deer", model="low-rank")` trains any of them by any method; what a model must give is in `model.Model`.
"""

import registry
from methods.models.low_rank import LowRankPLRNN as LowRankPLRNN
from methods.models.lssm import LSSM as LSSM
from methods.models.mamba2.model import Mamba2 as Mamba2
from methods.models.shplrnn.model import ShallowPLRNN as ShallowPLRNN

REGISTRY = registry.Registry("model", ("methods.models",), "MODELS", needs=("init", "forcings"))
names = REGISTRY.names
unavailable = REGISTRY.unavailable


def get(name: str):
    """Sizes of the model `name` with their defaults: a frozen dataclass with `init(key, observed_dim, dtype)` and `forcings`."""
    model = REGISTRY[str(name)]
    return model() if isinstance(model, type) else model


def name_of(sizes) -> str:
    """The name of the model that has these sizes; that of their class where it is not registered."""
    known = [name for name in names() if type(get(name)) is type(sizes)]
    return known[0] if known else type(sizes).__name__
