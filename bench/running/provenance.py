"""Which stored answers still stand: those that were made from what the question means today.

An answer made from other data or another plug-in is none to the question as it stands. Rows that do not say what they were made
from, which earlier versions wrote, are taken at their word.
"""

import collections
import json
from pathlib import Path

from bench.errors import say
from bench.question import digests
from bench.question.cell import Cell
from bench.storage import collect


def standing(out: Path, asked: list[Cell], *columns: str) -> dict[str, dict]:
    """Some columns of `cells`, by cell, of the answers that hold; says which of those to the `asked` cells do not any more."""
    answers = {row["cell"]: row for row in collect.cells(out, *columns, *digests.COLUMNS)}
    changed = outdated(asked, answers)
    for reason, count in collections.Counter(changed.values()).items():
        say(f"{reason} has changed. Answers in {out} that count as missing: {count}.")
    return {cell: row for cell, row in answers.items() if cell not in changed}


def outdated(cells: list[Cell], answers: dict[str, dict]) -> dict[str, str]:
    """Which of the cells have an answer that was made from other data or another plug-in, and which of them changed.

    answers  the row of each answered cell by its id, with `digests.COLUMNS`
    """
    found = {}
    for cell in cells:
        before = answers.get(cell.id)
        if before is not None and any(before.get(column) for column in digests.COLUMNS):
            if reason := _changed(before, digests.of(cell)):
                found[cell.id] = reason
    return found


def _changed(before: dict, now: dict) -> str | None:
    """What an answer was made from that is another today; the last of several."""
    reason = None
    for kind, what in (("data", "What is in"), ("plugin", "The plug-in")):
        digest = f"{kind}_digest"
        if before.get(digest) and now[digest] and before[digest] != now[digest]:
            reason = f"{what} {now[f'{kind}_path']}"
    scored, own = (json.loads(row.get("metric_digests") or "{}") for row in (before, now))
    for name in scored.keys() & own.keys():  # one that has come since is no reason to train again
        if scored[name] != own[name]:
            reason = f"The metric {name}"
    return reason
