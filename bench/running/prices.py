"""What cells cost, learnt from those that are finished.

What a single cell took says little: the seeds of a job train in one program, and all of its time falls on the first of them. So
costs are known by unit, which is one method's part of a job, with what its cells took together.
"""

import dataclasses
import json
import math
from pathlib import Path

from bench import files
from bench.measure import environment
from bench.measure.outcome import ANSWERS
from bench.question import catalogue
from bench.question.cell import CORE, PARAMETERS, Cell
from bench.running.jobs import jobs
from bench.storage.collect import cells

# Compiling does not grow with the work. A cell compiles several programs, of which one is in the column `compile_s`.
PROGRAMS = 4
DEVICES = {"cuda": "gpu"}  # what rows call the devices that have two names
_COLUMNS = ("measure", *CORE, *PARAMETERS, "job", "device", "isolation", "status")
_MEMORY = ("program_bytes", "temp_bytes")  # rows of earlier versions have the second one alone
_COSTS = ("wall_s", "compile_s", "compile_cached", *_MEMORY)


@dataclasses.dataclass(frozen=True)
class Unit:
    """One method's part of a job: what it asks, how much work that is and, where it is finished, what it took.

    work      T × batch × seeds × updates
    compile_s the part of `seconds` that does not grow with the work
    """

    cells: tuple[str, ...]
    measure: str
    method: str
    settings: dict
    work: float
    seconds: float = math.nan
    compile_s: float = math.nan
    bytes: float = math.nan
    device: str | None = None
    source: Path | None = None


def asked(missing: list[Cell], isolation: str) -> list[list[Unit]]:
    """The units of each job, in the order in which jobs are run."""
    found = []
    for job in jobs(missing, isolation):
        parts: dict = {}
        for cell in job.cells:
            parts.setdefault((cell.method, json.dumps(cell.method_parameters, sort_keys=True)), []).append(cell)
        found.append([_unit(part[0].measure, part[0].method, part[0].settings, part) for part in parts.values()])
    return found


def finished(folder: Path) -> list[Unit]:
    """The units among the answered cells of a run."""
    groups: dict = {}
    for row in cells(folder, *_COLUMNS, *_COSTS):
        if row["status"] in ANSWERS and row["wall_s"] is not None:
            together = "seed" in _together(row["measure"]) and row["isolation"] != "cell"
            key = [row[name] for name in _COLUMNS if name not in ("seed", "job", "isolation", "status")]
            part = row["job"] or (None if together else row["seed"])  # rows of before there was a column `job` have none
            groups.setdefault((*key, part), []).append(row)
    return [_finished(rows, folder) for rows in groups.values()]


def sources(out: Path, experiment: str) -> list[Path]:
    """Folders with finished cells of an experiment: `out`, those beside it, and what is delivered with the source."""
    beside = [path.parent for path in sorted(out.parent.glob("*/experiment.json"))]
    delivered = environment.ROOT / "results" / experiment
    named = [folder for folder in beside if (files.read_json(folder / "experiment.json") or {}).get("name") == experiment]
    folders = [out, *named, *([delivered] if delivered.is_dir() else [])]
    return list({folder.resolve(): folder for folder in reversed(folders)}.values())[::-1]


def paired(units: list[Unit], out: Path, experiment: str, device: str | None) -> list[tuple[Unit, Unit | None]]:
    """Each unit with the finished one to go by, if there is one."""
    known = [each for folder in sources(out, experiment) for each in finished(folder)]
    return [(unit, nearest(unit, known, device)) for unit in units]


def nearest(unit: Unit, known: list[Unit], device: str | None = None) -> Unit | None:
    """The finished unit of the same method that is nearest in work and latent dimension, and then in other settings.

    Those on the kind of `device` that is asked for go before all others.
    """
    alike = [each for each in known if (each.measure, each.method) == (unit.measure, unit.method)]
    return min(alike, key=lambda each: (elsewhere(each, device), *_distance(unit, each)), default=None)


def elsewhere(finished: Unit, device: str | None) -> bool:
    """Whether a finished unit says little of one on `device`, as it ran on another kind; not where none is asked for."""
    return device is not None and finished.device != DEVICES.get(device, device)


def scaled(unit: Unit, by: Unit) -> tuple[float, float]:
    """Seconds and bytes that `unit` will take, going by a finished one: all but its compiling grows with the work."""
    factor = unit.work / by.work
    fixed = min(by.seconds, PROGRAMS * by.compile_s) if by.compile_s == by.compile_s else 0.0
    return fixed + (by.seconds - fixed) * factor, by.bytes * factor


def _distance(unit: Unit, other: Unit) -> tuple[float, int]:
    def apart(a, b) -> float:
        return abs(math.log(a / b)) if a and b else 0.0

    keys = unit.settings.keys() | other.settings.keys()
    differing = sum(unit.settings.get(key) != other.settings.get(key) for key in keys)
    sizes = [unit.settings.get("latent_dim"), other.settings.get("latent_dim")]
    return round(apart(unit.work, other.work) + apart(*sizes), 6), differing


def _finished(rows: list[dict], folder: Path) -> Unit:
    def most(name: str, among: list[dict]) -> float:
        return max((row[name] for row in among if row[name] is not None), default=math.nan)

    first = rows[0]
    settings = {key: value for name in reversed(PARAMETERS) for key, value in json.loads(first[name] or "{}").items()}
    settings |= {key: first[key] for key in ("system", "T", "batch", "dtype")}
    unit = _unit(first["measure"], first["method"], settings, rows)
    seconds, where = sum(row["wall_s"] for row in rows), {"device": first["device"], "source": folder}
    compiled = most("compile_s", [row for row in rows if not row["compile_cached"]])  # what came from the cache took no time here
    size = next((found for name in _MEMORY if (found := most(name, rows)) == found), math.nan)
    return dataclasses.replace(unit, seconds=seconds, compile_s=compiled, bytes=size, **where)


def _unit(measure: str, method: str, settings: dict, cells: list) -> Unit:
    work = settings["T"] * settings["batch"] * len(cells) * (settings.get("updates") or 1)
    settings = {key: _plain(value) for key, value in settings.items() if key not in ("seed", "method", "measure")}
    ids = tuple(cell.id if isinstance(cell, Cell) else cell["cell"] for cell in cells)
    return Unit(ids, measure, method, settings, float(work))


def _plain(value):
    """A setting as it comes back from json, where a tuple has become a list."""
    return list(value) if isinstance(value, tuple) else value


def _together(measure: str) -> tuple[str, ...]:
    registry = catalogue.plugins("measure")
    return registry[measure].together if measure in registry.names() else ()
