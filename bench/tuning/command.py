"""The verb `tune`: measure, show old beside new, store."""

import dataclasses
import time

from bench.measure.disturbance import FOREIGN_CORES, Foreign
from bench.running.alone import undisturbed
from bench.storage import tuned
from bench.storage.tuned import Device
from bench.tuning import table


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
    device, old = Device.at_hand(), cost.here()
    with undisturbed() as say:
        started, others = time.monotonic(), Foreign()
        new = measures.measured(old, quick=quick, doing=say)
    new = dataclasses.replace(new, source=tuned.today())
    lines = [table.shown(("old: ", old), ("new: ", new)), f"{device}, {time.monotonic() - started:.0f} s."]
    if (busy := others.cores() or 0.0) > FOREIGN_CORES:
        lines.append(f"Other programs kept {busy:.1f} cores busy meanwhile: measure again when the machine is idle.")
    if quick:
        lines.append("A quick look, at sizes too small to go by: nothing is stored.")
    else:
        lines += [f"Stored in {tuned.write(new, device)}.", "Runs on this machine use the new numbers from now on."]
    return "\n".join(lines)
