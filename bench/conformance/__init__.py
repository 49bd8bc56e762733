"""Is a plug-in right? The laws every method, system and metric must keep, for `pitbench check NAME` and for the tests."""

import importlib
from collections.abc import Iterator
from typing import NamedTuple

import registry


class Result(NamedTuple):
    law: str
    passed: bool
    detail: str  # why it failed; empty where it passed


def laws(kind: str) -> dict:
    """Law by name for one kind of plug-in: a function of the plug-in's name that raises AssertionError where it is broken."""
    module = importlib.import_module(f"bench.conformance.{kind}s")
    return {law.__name__: law for law in module.LAWS}


def check(name: str) -> Iterator[tuple[str, Result]]:
    """Each law of the plug-in `name` with its result, as they are tried; the first item of a pair is the kind of plug-in."""
    import jax

    import methods
    import metrics
    import systems

    rooms = {"method": methods, "system": systems, "metric": metrics}
    kinds = [kind for kind, room in rooms.items() if name in room.names()]
    if not kinds:
        known = [each for room in rooms.values() for each in room.names()]
        reasons = {key: why for room in rooms.values() for key, why in room.unavailable().items()}
        unavailable = "".join(f"\n{key} is unavailable: {why}" for key, why in reasons.items())
        raise registry.UnknownName(f'"{name}": no such plug-in.{registry.suggest(name, known)} Known: {", ".join(known)}.{unavailable}')
    with jax.enable_x64(True), jax.default_matmul_precision("highest"):
        for kind in kinds:
            for law in laws(kind).values():
                yield kind, _try(law, name)


def _try(law, name: str) -> Result:
    title = law.__doc__.strip().splitlines()[0]
    try:
        law(name)
    except Exception as error:  # a plug-in may break in any way; each is a broken law
        reason = str(error).strip() or "the law does not hold"
        return Result(title, False, reason if isinstance(error, AssertionError) else f"{type(error).__name__}: {reason}")
    return Result(title, True, "")
