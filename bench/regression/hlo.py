"""How many launches a compiled program makes on a GPU, read off its text, which is XLA's optimised HLO.

There every instruction that computes or copies is one kernel or one call of a library. Loops whose turns are known count in full.
How often a loop turns that ends by its data is not known, nor which branch is taken, and the host has to wait for the GPU to ask.
"""

import re
from typing import NamedTuple

# Instructions that launch nothing: they name values, or wait for what another instruction has started.
FREE = {
    *("parameter", "constant", "tuple", "get-tuple-element", "bitcast", "optimization-barrier", "after-all"),
    *("partition-id", "replica-id", "async-update", "async-done", "copy-done"),
}


class Launches(NamedTuple):
    """Launches of a program, or of a part of it."""

    always: int  # whatever the data
    turns: tuple[int, ...] = ()  # in one turn of each loop that ends by its data, and in each branch; outer ones before inner
    waits: int = 0  # loops and choices of a branch that the host has to ask for

    def __add__(self, other):
        return Launches(self.always + other.always, self.turns + other.turns, self.waits + other.waits)

    def times(self, turns: int) -> "Launches":
        return self._replace(always=turns * self.always)

    def depends(self, waits: int = 0) -> "Launches":
        """The same, of which nobody knows how often it is done."""
        return Launches(0, (self.always, *self.turns), self.waits + waits)


def launches(text: str) -> Launches:
    """The launches of a program with this text."""
    computations, entry = _computations(text)
    return _of(computations, entry)


def _of(computations: dict, name: str) -> Launches:
    """The launches of one computation, with those that it calls."""
    total = Launches(0)
    for line in computations[name]:
        kind = _kind(line)
        if kind == "while":
            body = _of(computations, _named("body", line))
            known = re.search(r'"known_trip_count":\{"n":"(\d+)"', line)
            total += body.times(int(known[1])) if known else (body + _of(computations, _named("condition", line))).depends(1)
        elif kind == "conditional":
            branches = [_of(computations, branch).depends() for branch in _branches(line)]
            total = sum(branches, total + Launches(0, (), 1))
        elif kind == "call":
            total += _of(computations, _named("to_apply", line))
        elif kind not in FREE:
            total += Launches(1)
    return total


def _computations(text: str) -> tuple[dict[str, list[str]], str]:
    """The instructions of every computation by its name, and the name of the one that the program begins with."""
    found, entry, lines = {}, None, []
    for line in text.splitlines():
        if header := re.match(r"(ENTRY )?%?([\w.\-]+) \(.*\{$", line):
            lines = found[header[2]] = []
            entry = header[2] if header[1] else entry
        elif " = " in line:
            lines.append(line.strip())
    return found, entry


def _kind(line: str) -> str:
    """The opcode of an instruction `name = type opcode(...)`, whose type may be a tuple of types."""
    right, depth = line.split(" = ", 1)[1], 0
    for at, character in enumerate(right):
        depth += (character == "(") - (character == ")")
        if character == " " and depth == 0:
            return right[at + 1 :].partition("(")[0]
    raise ValueError(f"no instruction of HLO: {line!r}")


def _named(attribute: str, line: str) -> str:
    return re.search(rf"\b{attribute}=%?([\w.\-]+)", line)[1]


def _branches(line: str) -> list[str]:
    several = re.search(r"branch_computations=\{([^}]*)\}", line)
    if several:
        return [name.strip().removeprefix("%") for name in several[1].split(",")]
    return [_named(which, line) for which in ("true_computation", "false_computation")]
