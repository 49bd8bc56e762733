"""What became of a card: the verdicts of stored runs, those of a GPU apart from those of a CPU.

A claim about a GPU is answered by rows of a GPU alone. The same question asked of a CPU is another one, and is shown beside it.
"""

import dataclasses
from pathlib import Path

from bench.showing import verdicts
from bench.showing.cards.card import Card
from bench.showing.frames.cells import on_device
from bench.showing.frames.machines import machines
from bench.storage.folder import Run

DEVICES = {"gpu": "on a GPU", "cpu": "on a CPU"}
NAMELESS = "a machine that is not known"
TRIAL = "quick"  # a profile whose sizes decide nothing


@dataclasses.dataclass(frozen=True)
class Answer:
    """The verdicts of one run on a card; none where the run has rows, but not those that it takes."""

    folder: Path
    machine: str
    verdicts: tuple[verdicts.Verdict, ...]


class Answers:
    """What some runs say of cards; each run is judged once for each kind of device."""

    def __init__(self, runs: list[Run]):
        self._runs = [run for run in runs if run.experiment and run.experiment.get("profile") != TRIAL]
        self._judged: dict = {}

    def on(self, card: Card, device: str) -> list[Answer]:
        """What the runs of the card's experiment say about it, from their rows of one kind of device, `gpu` or `cpu`."""
        found = []
        for number, run in enumerate(self._runs):
            if run.experiment.get("name") == card.experiment:
                judged, machine = self._of(number, device)
                if machine:
                    own = tuple(each for each in judged if card.verdict in each.claim)
                    found.append(Answer(run.folder, machine, own))
        return found

    def _of(self, number: int, device: str) -> tuple[list[verdicts.Verdict], str]:
        """The verdicts from a run's rows of one kind of device, and what it is; no machine where there are none."""
        if (number, device) not in self._judged:
            run = self._runs[number]
            tables = on_device(run.tables, device)
            found = verdicts.judged(run.experiment["name"], tables), ", ".join(machines(tables)) or NAMELESS
            self._judged[number, device] = found if len(tables["cells"]) else ([], "")
        return self._judged[number, device]
