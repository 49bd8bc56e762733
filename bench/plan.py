"""What a run would do, and a guess at what it would cost, without running anything."""

import dataclasses
from pathlib import Path

from bench import files
from bench.cell import Cell
from bench.collect import load
from bench.errors import UserError


@dataclasses.dataclass(frozen=True)
class Estimate:
    """Hours and memory of the missing cells; `unknown` of them have no finished cell to go by."""

    done: int
    failed: int
    missing: int
    hours: float
    bytes: float
    unknown: int

    def __str__(self):
        lines = [
            f"{self.done + self.failed + self.missing} cells: {self.done} done, {self.failed} failed, {self.missing} missing."
        ]
        if self.unknown < self.missing:
            known = self.missing - self.unknown
            memory = f", up to {_bytes(self.bytes)} of temporary memory" if self.bytes else ""
            lines.append(
                f"About {_time(self.hours)} for {known} of the missing cells{memory}, scaled by T × batch from finished ones."
            )
        if self.unknown:
            lines.append(
                f"Unknown cost of {self.unknown} missing cells: no cell of their method has been finished in this experiment."
            )
        return "\n".join(lines)


def estimate(chosen: list[Cell], out: Path, experiment: str) -> Estimate:
    """Time and memory from the finished cells of the same measure and method, the nearest in size, scaled by T × batch.

    Finished cells of the experiment's other profiles, in the folders beside `out`, count too.
    """
    finished = [row for folder in [out, *_siblings(out, experiment)] for row in _rows(folder)]
    here = {row["cell"]: row["status"] for row in _rows(out)}
    missing = [cell for cell in chosen if cell.id not in here]
    seconds, memory, unknown = 0.0, 0.0, 0
    for cell in missing:
        size = cell.T * cell.batch
        alike = [row for row in finished if (row["measure"], row["method"], row["status"]) == (cell.measure, cell.method, "ok")]
        if not alike:
            unknown += 1
            continue
        nearest = min(alike, key=lambda row: max(row["size"] / size, size / row["size"]))
        seconds += nearest["wall_s"] * size / nearest["size"]
        if nearest["temp_bytes"] == nearest["temp_bytes"]:  # not NaN
            memory = max(memory, nearest["temp_bytes"] * size / nearest["size"])
    ok = sum(here.get(cell.id) == "ok" for cell in chosen)
    return Estimate(ok, len(chosen) - ok - len(missing), len(missing), seconds / 3600, memory, unknown)


def _siblings(out: Path, experiment: str) -> list[Path]:
    stored = {path.parent: files.read_json(path) for path in out.parent.glob("*/experiment.json")}
    return [folder for folder, content in stored.items() if folder != out and content and content["name"] == experiment]


def _rows(folder: Path) -> list[dict]:
    try:
        cells = load(folder)["cells"]
    except UserError:
        return []
    cells["size"] = cells["T"] * cells["batch"]
    return cells[["cell", "status", "measure", "method", "size", "wall_s", "temp_bytes"]].to_dict("records")


def _time(hours: float) -> str:
    if hours >= 1:
        return f"{hours:.1f} hours"
    return f"{60 * hours:.0f} minutes" if hours >= 1 / 30 else f"{3600 * hours:.0f} seconds"


def _bytes(count: float) -> str:
    for unit, size in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count:.0f} B"
