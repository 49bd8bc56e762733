"""How busy the machine was with other work than ours while a cell was measured."""

import os
import time

import psutil

FOREIGN_CORES = 0.25  # other programs that take more than this from our cores disturb what is timed
SHORTEST_S = 1.0  # the kernel counts CPU time in hundredths of a second: less than this says nothing


def load_1m() -> float | None:
    """The machine's load average of the last minute, our own work included; None where the system has none."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else None


class Foreign:
    """CPU time that other programs take, from now on, of the cores that this process may use."""

    def __init__(self):
        self._since = _sample()

    def cores(self) -> float | None:
        """How many cores they kept busy on average until now; None after too short a time."""
        elapsed, busy, own = (now - then for now, then in zip(_sample(), self._since, strict=True))
        return max(busy - own, 0.0) / elapsed if elapsed >= SHORTEST_S else None


class Load:
    """What is recorded of the machine while a job is measured, from now on."""

    def __init__(self):
        self._load_1m, self._foreign = load_1m(), Foreign()

    @property
    def columns(self) -> dict:
        """Until now, as columns of the table `cells`."""
        return {"load_1m": self._load_1m, "foreign_cores": self._foreign.cores()}


def disturbed(cells):
    """Which rows of the table `cells` (pandas) were measured while other programs took more than `FOREIGN_CORES`."""
    return cells["foreign_cores"].astype(float).fillna(0.0) > FOREIGN_CORES


def notes(cells) -> list[str]:
    """A line that says how many cells were disturbed, by method, if any were."""
    counts = cells["method"][disturbed(cells)].value_counts(sort=False)
    if counts.empty:
        return []
    which = ", ".join(f"{method} {count}" for method, count in counts.items())
    busy = (
        f"{counts.sum()} of {len(cells)} cells were measured while other programs kept more than {FOREIGN_CORES:g} of a core busy"
    )
    return [f"{busy}, so that their times may be off: {which}."]


def _sample() -> tuple[float, float, float]:
    """Seconds: the time, and the CPU time until now of everybody on our cores and of this process."""
    process = psutil.Process()
    ours = process.cpu_affinity() if hasattr(process, "cpu_affinity") else range(psutil.cpu_count())
    every = psutil.cpu_times(percpu=True)
    idle = ("idle", "iowait", "guest", "guest_nice")  # a guest's time stands in its host's, too
    busy = sum(sum(getattr(every[core], name) for name in every[core]._fields if name not in idle) for core in ours)
    # with programs that it has called and that have ended: XLA has `ptxas` assemble a GPU's programs
    own = sum(getattr(process.cpu_times(), name, 0.0) for name in ("user", "system", "children_user", "children_system"))
    return time.monotonic(), busy, own
