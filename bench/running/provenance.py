"""What an answer was made from beside the question: the contents of data files, and plug-ins of one's own.

An answer made from others is none to the question as it stands. Rows that do not say what they were made from, which earlier
versions wrote, are taken at their word.
"""

import collections
import hashlib
import json
from pathlib import Path

from bench.errors import say
from bench.question import catalogue
from bench.question.cell import Cell
from bench.storage import collect

COLUMNS = ("data_digest", "plugin_digest", "metric_digests")


def of(cell: Cell) -> dict[str, str | None]:
    """Paths and digests, as columns of `cells`; None where there is nothing to say, or nothing that can be read."""
    data, sources = _data(cell), _sources(cell)
    return {
        "data_path": ", ".join(cell.files.values()) or None if data else None,
        "data_digest": data,
        "plugin_path": ", ".join(source.path for source in sources) or None,
        "plugin_digest": _digest(source.digest for source in sources),
        "metric_digests": json.dumps(metrics) if (metrics := _metrics(cell)) else None,
    }


def standing(out: Path, asked: list[Cell], *columns: str) -> dict[str, dict]:
    """Some columns of `cells`, by cell, of the answers that hold; says which of those to the `asked` cells do not any more."""
    answers = {row["cell"]: row for row in collect.cells(out, *columns, *COLUMNS)}
    changed = outdated(asked, answers)
    for reason, count in collections.Counter(changed.values()).items():
        say(f"{reason} has changed. Answers in {out} that count as missing: {count}.")
    return {cell: row for cell, row in answers.items() if cell not in changed}


def outdated(cells: list[Cell], answers: dict[str, dict]) -> dict[str, str]:
    """Which of the cells have an answer that was made from other data or another plug-in, and which of them changed.

    answers  the row of each answered cell by its id, with `COLUMNS`
    """
    found = {}
    for cell in cells:
        before = answers.get(cell.id)
        if before is None or not any(before.get(column) for column in COLUMNS):
            continue
        now = of(cell)
        for kind, what in (("data", "What is in"), ("plugin", "The plug-in")):
            digest = f"{kind}_digest"
            if before.get(digest) and now[digest] and before[digest] != now[digest]:
                found[cell.id] = f"{what} {now[f'{kind}_path']}"
        scored, own = (json.loads(row.get("metric_digests") or "{}") for row in (before, now))
        for name in scored.keys() & own.keys():  # one that has come since is no reason to train again
            if scored[name] != own[name]:
                found[cell.id] = f"The metric {name}"
    return found


def _data(cell: Cell) -> str | None:
    if catalogue.why_unavailable("system", cell.system):
        return None
    try:
        return getattr(cell.build_system(), "digest", None)
    except ValueError:  # files that cannot be read
        return None


def _sources(cell: Cell) -> list:
    names = {"method": cell.method, "system": cell.system, "measure": cell.measure, "model": cell.method_parameters.get("model")}
    found = [catalogue.plugins(kind).source(name) for kind, name in names.items()]
    return list(dict.fromkeys(source for source in found if source))


def _metrics(cell: Cell) -> dict[str, str]:
    """Digests of the metrics of one's own that the cell is scored by, by name."""
    if not getattr(catalogue.owner("measure", cell.measure), "scores", False):
        return {}
    metrics = catalogue.plugins("metric")
    return {name: source.digest for name in metrics.names() if (source := metrics.source(name))}


def _digest(parts) -> str | None:
    parts = list(parts)
    if len(parts) < 2:
        return parts[0] if parts else None
    return hashlib.sha256(" ".join(parts).encode()).hexdigest()[:16]
