"""Methods whose training, not whose solver, is decomposed in time: each window is run step by step, all of them side by side."""

from methods.forcing import Forcing
from methods.solvers.sequential import Sequential
from methods.training.decomposed import Decomposition


def _method(training: Decomposition, summary: str) -> dict:
    return dict(solver=Sequential(), forcing=Forcing("projected"), training=training, summary=summary)


_OWN = "training cut into windows with parameters of their own, {}"
METHODS = {
    "schwarz-shared": _method(Decomposition(), "training cut into overlapping windows of time that share their parameters"),
    "schwarz-gossip": _method(
        Decomposition(sharing="gossip", local_steps=10, match_weight=1.0),
        _OWN.format("averaged with the neighbours'"),
    ),
    "schwarz-mean": _method(
        Decomposition(sharing="mean", local_steps=10, match_weight=1.0),
        _OWN.format("averaged over all windows"),
    ),
    "schwarz-local": _method(
        Decomposition(sharing="local", local_steps=10, match_weight=1.0),
        _OWN.format("never averaged: it fails"),
    ),
}
