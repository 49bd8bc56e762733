"""The verb `tune`: measure, show old beside new, store."""

import dataclasses
import sys
import time

from bench.errors import UserError
from bench.measure.disturbance import FOREIGN_CORES, Foreign
from bench.running.alone import Alone
from bench.storage import tuned
from bench.storage.tuned import Device
from bench.tuning import table


def check(wanted: str) -> None:
    """Whether the device that is asked for is there: jax falls back on the CPU without a word."""
    found = Device.at_hand()
    if (wanted == "cpu") != (found.kind == "cpu"):
        raise UserError(
            f'tune: --device {wanted}, but jax finds {found} here. Install ".[cuda]" on a machine with a GPU, or use cpu.'
        )


def show() -> str:
    """The numbers in force on the device at hand."""
    from methods.layout import cost

    tuned.install()
    costs = cost.here()
    return f"{table.shown(('', costs))}\nOn {Device.at_hand()}: {costs.source}."


def forget() -> str:
    device = Device.at_hand()
    where = tuned.place(device)
    return f"Removed {where}." if tuned.forget(device) else f"Nothing is stored for {device} ({where})."


def tune(quick: bool) -> str:
    """Measure and store the numbers of the device at hand; old beside new. A quick look is shown, not stored.

    Nothing is stored before all is measured: a run that is ended leaves what was there.
    """
    from bench.tuning import measures
    from methods.layout import cost

    tuned.install()
    device, old, machine = Device.at_hand(), cost.here(), Alone()
    machine.take(_waiting())
    started, others = time.monotonic(), Foreign()
    try:
        new = measures.measured(old, quick=quick, doing=_say)
    finally:
        machine.give()
    new = dataclasses.replace(new, source=tuned.today())
    lines = [table.shown(("old: ", old), ("new: ", new)), f"{device}, {time.monotonic() - started:.0f} s."]
    if (busy := others.cores() or 0.0) > FOREIGN_CORES:
        lines.append(f"Other programs kept {busy:.1f} cores busy meanwhile: measure again when the machine is idle.")
    if quick:
        lines.append("A quick look, at sizes too small to go by: nothing is stored.")
    else:
        lines += [f"Stored in {tuned.write(new, device)}.", "Runs on this machine use the new numbers from now on."]
    return "\n".join(lines)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _waiting():
    """A function that lets the lock wait, and says once that it does."""
    said = []

    def wait() -> bool:
        if not said:
            said.append(True)
            _say("waiting until the run on this machine has finished its job")
        return True

    return wait
