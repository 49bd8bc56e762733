"""What did not end well in a run, why, and where the logs lie."""

import json
from pathlib import Path

from advice import ADVICE
from bench.measure.outcome import FAILED, SKIPPED, STATUSES, WRONG
from bench.storage.collect import cells
from bench.storage.folder import remembered
from bench.text import filled

NAMED = 5  # cells that are named under one reason; more are counted
_QUESTION = ("method", "system", "T", "batch", "alpha", "dtype", "seed")
_COLUMNS = ("status", "error_type", "error_message", "log", *_QUESTION, "method_parameters", "wall_s")


def failures(folder: Path) -> str:
    """Each reason once, whole, with the cells that it befell and what their workers printed; then what to do about it."""
    asked = {cell["id"] for cell in remembered(folder)["cells"]}
    rows = [row for row in cells(folder, *_COLUMNS) if row["cell"] in asked]
    bad = [row for row in rows if row["status"] != "ok"]
    if not bad:
        return f"All {len(rows)} cells that have a row are ok."
    failed = [row for row in bad if row["status"] in FAILED]
    skipped = [row for row in bad if row["status"] == SKIPPED]
    answered = [row for row in bad if row["status"] in WRONG]
    parts = []
    if failed:
        parts.append(f"{len(failed)} of {len(rows)} cells failed; `pitbench run` with --rerun failed tries them again.")
        parts += _reasons(folder, failed)
    if answered:
        parts.append(f"{len(answered)} of {len(rows)} cells have another answer than ok; --rerun diverged asks them again.")
        parts += _reasons(folder, answered)
    if skipped:
        parts.append(f"{len(skipped)} of {len(rows)} cells were skipped, as their parts do not go together.")
        parts += _reasons(folder, skipped)
    return "\n\n".join([*parts, "\n".join(["What to do next:", *advice(row["status"] for row in bad)])])


def advice(statuses) -> list[str]:
    """One line, or as many as its length takes, for each of the statuses; each once, in the order of `STATUSES`."""
    present = set(statuses)
    lines = [f"  {status}: {ADVICE[status]}" for status in STATUSES if status in present]
    return [part for line in lines for part in filled(line, rest="    ").split("\n")]


def _reasons(folder: Path, rows: list[dict]) -> list[str]:
    groups: dict = {}
    for row in rows:
        groups.setdefault((row["status"], row["error_type"], row["error_message"]), []).append(row)
    return [_reason(folder, *reason, some) for reason, some in sorted(groups.items(), key=lambda item: -len(item[1]))]


def _reason(folder: Path, status: str, kind: str | None, message: str | None, rows: list[dict]) -> str:
    lines = [f"{len(rows)} {status}" + (f": {kind}" if kind else "")]
    for line in (message or "no reason was given").splitlines():
        lines.append(filled(line, "    ", "    "))
    lines += [f"  {_cell(row)}" for row in rows[:NAMED]]
    lines += [f"  and {len(rows) - NAMED} more"] if len(rows) > NAMED else []
    logs = dict.fromkeys(path for row in rows if row["log"] and (path := folder / row["log"]).exists())
    lines += [f"  log: {path}" for path in list(logs)[:NAMED]]
    lines += [f"  and {len(logs) - NAMED} more logs in {folder / 'logs'}"] if len(logs) > NAMED else []
    return "\n".join(lines)


def _cell(row: dict) -> str:
    parameters = json.loads(row["method_parameters"] or "{}")
    where = [f"{key}={row[key]}" for key in _QUESTION[2:] if row[key] is not None]
    sizes = [f"latent_dim={parameters['latent_dim']}"] if parameters.get("latent_dim") else []
    took = f", after {row['wall_s']:.1f} s" if row["wall_s"] else ""
    return f"{row['method']} {row['system']} {' '.join(where + sizes)}{took}"
