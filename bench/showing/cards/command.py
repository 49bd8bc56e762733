"""The verb `pitbench cards`."""

from pathlib import Path

from bench.measure.environment import ROOT
from bench.showing.cards import written
from bench.showing.cards.answers import Answers
from bench.storage import folder
from registry import UnknownName, suggest

FORMATS = {"text": written.text, "markdown": written.markdown}


def shown(folders: list[Path], format: str) -> str:
    """All cards with what the runs in these folders say of them; without folders all runs in `results`."""
    if format not in FORMATS:
        raise UnknownName(f'format "{format}": no such format.{suggest(format, FORMATS)} Known: {", ".join(FORMATS)}.')
    for each in folders:
        folder.remembered(each)
    found = [each.resolve() for each in folders] or sorted(path.parent for path in (ROOT / "results").rglob("experiment.json"))
    return FORMATS[format](Answers(list(map(folder.read, found))), ROOT)
