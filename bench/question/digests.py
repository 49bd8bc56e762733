"""What an answer is made from beside the question: the contents of data files, and plug-ins of one's own.

A cell's id says what is asked, and not what lies in a file that the question names. These digests say it, so that an answer from
before the file changed is not taken for one to the question as it stands, see `bench.running.provenance`.
"""

import hashlib
import json

from bench.question import catalogue

COLUMNS = ("data_digest", "plugin_digest", "metric_digests")


def of(cell) -> dict[str, str | None]:
    """Paths and digests, as columns of `cells`; None where there is nothing to say, or nothing that can be read."""
    data, sources = _data(cell), _sources(cell)
    return {
        "data_path": ", ".join(cell.files.values()) or None if data else None,
        "data_digest": data,
        "plugin_path": ", ".join(source.path for source in sources) or None,
        "plugin_digest": _digest(source.digest for source in sources),
        "metric_digests": json.dumps(metrics) if (metrics := _metrics(cell)) else None,
    }


def _data(cell) -> str | None:
    if catalogue.why_unavailable("system", cell.system):
        return None
    try:
        return getattr(cell.build_system(), "digest", None)
    except ValueError:  # files that cannot be read
        return None


def _sources(cell) -> list:
    names = {"method": cell.method, "system": cell.system, "measure": cell.measure, "model": cell.method_parameters.get("model")}
    found = [catalogue.source(kind, name) for kind, name in names.items()]
    return list(dict.fromkeys(source for source in found if source))


def _metrics(cell) -> dict[str, str]:
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
