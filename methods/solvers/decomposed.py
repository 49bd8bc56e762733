"""Methods whose training, not whose solver, is decomposed in time: each window is run step by step, all of them side by side."""

from methods.forcing import Forcing
from methods.solvers.sequential import Sequential
from methods.training.decomposed import Decomposition


def _method(training: Decomposition) -> dict:
    return dict(solver=Sequential(), forcing=Forcing("projected"), training=training)


METHODS = {
    "schwarz-shared": _method(Decomposition()),
    "schwarz-gossip": _method(Decomposition(sharing="gossip", local_steps=10, match_weight=1.0)),
    "schwarz-mean": _method(Decomposition(sharing="mean", local_steps=10, match_weight=1.0)),
    "schwarz-local": _method(Decomposition(sharing="local", local_steps=10, match_weight=1.0)),
}
