"""Numbers of `methods.layout.cost` that `pitbench tune` has measured on this machine, one file for each of its devices.

    ~/.config/pitbench/tuned/<machine>-<cores>cores-<device>.json        $XDG_CONFIG_HOME in place of ~/.config where it is set

Machines with the same CPU and as many usable cores share a file, as nodes of a cluster do that share a home. A file that is torn,
of another machine, or of a version of pitbench with other numbers is said and left aside: then the defaults hold.
"""

import dataclasses
import datetime
import json
import math
import os
import re
from pathlib import Path
from typing import NamedTuple

from bench import files
from bench.errors import UserError, say
from bench.measure import environment

VARIABLE = "PITBENCH_TUNED"  # "off" keeps stored numbers out
MEASURED = "measured here"


class Device(NamedTuple):
    """What numbers are measured on."""

    kind: str = "cpu"  # or "gpu", as `cost.kind` says
    model: str = ""  # as jax says; of a CPU the file's name says it

    def __str__(self):
        return f"{self.kind} {self.model}".strip()

    @classmethod
    def at_hand(cls) -> "Device":
        import jax

        from methods.layout import cost

        kind = cost.kind()
        return cls() if kind == "cpu" else cls(kind, jax.devices()[0].device_kind)


def demand(wanted: str, verb: str) -> None:
    """Refuse a device that is not there: jax falls back on the CPU without a word."""
    found = Device.at_hand()
    if (wanted == "cpu") != (found.kind == "cpu"):
        raise UserError(
            f'{verb}: --device {wanted}, but jax finds {found} here. Install ".[cuda]" on a machine with a GPU, or use cpu.'
        )


def install() -> list[Device]:
    """Put what is stored for the device at hand, and for the CPU beside it, in force, or else the defaults."""
    from methods.layout import cost

    devices = sorted({Device(), Device.at_hand()})
    for device in devices:
        cost.use(read(device) if wanted() else None, device.kind)
    return devices


def in_force() -> dict:
    """`install`, and what the table `environments` keeps of it: the numbers of each kind of device, and where they are from."""
    from methods.layout import cost

    of = {device: cost.of(device.kind) for device in install()}
    for device, costs in of.items():
        if costs.source == cost.GUESS and wanted():
            say(f"{device}: how methods are laid out there rests on guesses. `pitbench tune` measures the numbers.")
    return {device.kind: {"source": costs.source, "numbers": numbers(costs)} for device, costs in of.items()}


def wanted() -> bool:
    """Whether stored numbers are to be used."""
    value = os.environ.get(VARIABLE, "")
    if value not in ("", "on", "off"):
        raise UserError(f"{VARIABLE} = {value}: wanted off, which keeps numbers of `pitbench tune` out, or on, as without it.")
    return value != "off"


def read(device: Device):
    """The stored `Costs` of a device; None where there are none, or none that can be used, which is said."""
    path = place(device)
    if not path.exists():
        return None
    try:
        return _costs(path, _machine(device))
    except (ValueError, TypeError, OSError) as problem:  # TypeError: where types are checked, as in tests
        again = "Measure again by `pitbench tune`, or remove them by `pitbench tune --forget`."
        reason = f"{problem.strerror}." if isinstance(problem, OSError) else problem
        say(f"{path}: {reason} The default numbers are used. {again}")
        return None


def write(costs, device: Device) -> Path:
    """Store the numbers of a device in place of those that were."""
    content = {"machine": _machine(device), "source": costs.source, "numbers": numbers(costs)}
    files.replace_json(place(device), content)
    return place(device)


def forget(device: Device) -> bool:
    """Remove what is stored for a device; whether there was anything."""
    try:
        place(device).unlink()
    except FileNotFoundError:
        return False
    return True


def place(device: Device) -> Path:
    """Where the numbers of a device of this machine are."""
    name = re.sub(r"[^a-z0-9]+", "-", str(device).lower()).strip("-")
    return _folder() / f"{environment.machine_kind()}-{environment.usable_cores()}cores-{name}.json"


def today() -> str:
    """The source of numbers that are measured now."""
    return f"{MEASURED} {datetime.datetime.now(datetime.UTC):%Y-%m-%d}"


def numbers(costs) -> dict:
    """The numbers as JSON can hold them, which knows no infinity."""
    found = {field.name: getattr(costs, field.name) for field in dataclasses.fields(costs) if field.name != "source"}
    return {name: [*map(_plain, value)] if isinstance(value, tuple) else _plain(value) for name, value in found.items()}


def _plain(value):
    return "inf" if isinstance(value, float) and math.isinf(value) else value


def _folder() -> Path:
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "pitbench" / "tuned"


def _machine(device: Device) -> dict:
    return {"cpu": environment.machine_kind(), "cores": environment.usable_cores(), **device._asdict()}


def _costs(path: Path, machine: dict):
    """What a file says; ValueError, with what is wrong, where it is of no use here."""
    from methods.layout.cost import Costs

    content = files.read_json(path)
    if content is None or not isinstance(content.get("numbers"), dict):
        raise ValueError("This is no file of tuned numbers, or half of one.")
    if content.get("machine") != machine:
        raise ValueError(f"These numbers are of another machine ({json.dumps(content.get('machine'))}).")
    given, known = content["numbers"], {field.name for field in dataclasses.fields(Costs)} - {"source"}
    if given.keys() != known:
        differing = ", ".join(sorted(given.keys() ^ known))
        raise ValueError(f"Another version of pitbench has measured these numbers; the two differ in {differing}.")
    return Costs(source=str(content.get("source")), **{name: _number(value) for name, value in given.items()})


def _number(value):
    if isinstance(value, list):
        return tuple(map(_number, value))
    return math.inf if value == "inf" else value
