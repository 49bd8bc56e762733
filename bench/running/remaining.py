"""How long a run will still take, by what its jobs are expected to cost and what those that are over have cost."""

import math

from bench.running.prices import Unit, scaled

TRUST = 0.1  # an expectation weighs as much as this part of the run, once finished


class Remaining:
    """The remaining time; each unit is paired with a finished one to go by, or None."""

    def __init__(self, pairs: list[tuple[Unit, Unit | None]]):
        expected = [scaled(unit, by)[0] if by else math.nan for unit, by in pairs]
        known = [(seconds, unit.work) for seconds, (unit, _) in zip(expected, pairs, strict=True) if seconds == seconds]
        self._known = bool(known)
        # without any expectation, work stands for seconds until the first job says what it costs
        rate = sum(seconds for seconds, _ in known) / sum(work for _, work in known) if known else 1.0
        self._share = {}
        for seconds, (unit, _) in zip(expected, pairs, strict=True):
            whole = seconds if seconds == seconds else rate * unit.work
            self._share |= dict.fromkeys(unit.cells, whole / len(unit.cells))
        self._total = sum(self._share.values())
        self._done = self._spent = 0.0

    def finished(self, cell: str, wall_s: float) -> None:
        """Count one cell that is over, with what it took."""
        self._done += self._share.pop(cell, 0.0)
        self._spent += wall_s

    def seconds(self, running_s: float = 0.0) -> float | None:
        """What is left when the cell in progress has run for `running_s`; None as long as nothing tells."""
        trust = TRUST * self._total if self._known else 0.0
        if not self._done + trust:
            return None
        factor = (self._spent + trust) / (self._done + trust)
        return max(factor * (self._total - self._done) - running_s, 0.0)
