"""The verb `roofline`: pose a problem, measure the device, then the programs."""

from bench.measure import environment
from bench.roofline import peaks, programs, table
from bench.roofline.programs import Posed
from bench.running.alone import undisturbed
from bench.storage import tuned


def roofline(sizes: dict[str, int], *, quick: bool, interpret: bool, format: str, device: str | None) -> str:
    """The table at these sizes T, S, M, L and N on the device at hand."""
    table.check(format)
    if device:
        tuned.demand(device, "roofline")
    tuned.install()
    with undisturbed() as say:
        posed = Posed.of(**sizes, kernels="interpret" if interpret else "auto")
        shown = ", ".join(f"{name}={size}" for name, size in sizes.items())
        setting = table.Setting(_device(), shown, peaks.here(quick), peaks.empty_call_s(), interpret)
        rows = table.frame([*programs.of_kernels(posed), *programs.of_methods(posed)], setting, say)
    return table.shown(rows, setting, format)


def _device() -> str:
    """As jax calls it; of a CPU, which it calls that, the model."""
    found = tuned.Device.at_hand()
    return str(found) if found.model else f"{environment.capture()['cpu']}, {environment.usable_cores()} cores"
