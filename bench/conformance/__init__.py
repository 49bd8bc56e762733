"""Is a plug-in right? The laws each kind of plug-in must keep, for `pitbench check NAME` and for the tests."""

import importlib
import unittest
from collections.abc import Iterator
from typing import Literal, NamedTuple

import registry


class PassedOver(unittest.SkipTest):
    """Raised by a law that says nothing about this plug-in, with the reason; pytest shows it as skipped."""


class Result(NamedTuple):
    kind: str  # of the plug-in
    law: str  # its name
    claim: str
    outcome: Literal["ok", "broken", "passed over"]
    detail: str  # why it is broken or was passed over; empty where it holds


def laws(kind: str) -> dict:
    """Law by name for one kind of plug-in: a function of the plug-in's name that raises AssertionError where it is broken."""
    module = importlib.import_module(f"bench.conformance.{kind}s")
    return {law.__name__: law for law in module.LAWS}


def check(name: str) -> Iterator[Result]:
    """Each law of the plug-in `name` with its result, as they are tried."""
    import jax

    import methods
    import metrics
    import systems
    from systems import recurrences

    rooms = {"method": methods, "model": methods.models, "system": systems, "recurrence": recurrences, "metric": metrics}
    kinds = [kind for kind, room in rooms.items() if name in room.names()]
    if not kinds:
        raise registry.UnknownName(_no_such(name, rooms.values()))
    with jax.enable_x64(True), jax.default_matmul_precision("highest"):
        for kind in kinds:
            for law in laws(kind).values():
                yield Result(kind, law.__name__, law.__doc__.strip().splitlines()[0], *_tried(law, name))


def _no_such(name: str, rooms) -> str:
    known = [each for room in rooms for each in room.names()]
    lines = [f'"{name}": no such plug-in.{registry.suggest(name, known)}', f"Known: {', '.join(known)}."]
    reasons = {key: reason for room in rooms for key, reason in room.unavailable().items()}  # a file may serve several rooms
    return "\n".join(lines + [f"{key} is unavailable: {reason}" for key, reason in reasons.items()])


def _tried(law, name: str) -> tuple[str, str]:
    """Outcome and detail."""
    try:
        law(name)
    except PassedOver as reason:
        return "passed over", str(reason)
    except Exception as error:  # a plug-in may break in any way; each is a broken law
        reason = str(error).strip() or "the law does not hold"
        return "broken", reason if isinstance(error, AssertionError) else f"{type(error).__name__}: {reason}"
    return "ok", ""
