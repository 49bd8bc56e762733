"""The state of a run, from its files alone."""

import collections
import dataclasses
import textwrap
from pathlib import Path

from bench.measure.disturbance import FOREIGN_CORES
from bench.running.claims import all_claims
from bench.storage.collect import cells
from bench.storage.folder import remembered


@dataclasses.dataclass(frozen=True)
class Status:
    """Cells by state.

    statuses  latest status of each answered cell of the experiment, counted
    running   `cell -> claim` of living runners
    lost      cells whose runner died before it left a row; running the experiment again answers them
    missing   cells of the experiment without a row, neither running nor lost
    others    answered cells that the experiment, as it was run last, does not ask for (any more)
    disturbed answered cells of the experiment that were measured while other programs were busy
    """

    statuses: collections.Counter
    running: dict[str, dict]
    lost: list[str]
    missing: int
    others: int
    disturbed: int = 0

    def __str__(self):
        lines = [f"{count:6d} {status}" for status, count in self.statuses.most_common()]
        lines += [f"{len(self.running):6d} running" + _where(self.running)] if self.running else []
        lines += [f"{len(self.lost):6d} lost: their runner died; run the experiment again to answer them"] if self.lost else []
        lines += [f"{self.missing:6d} missing"] if self.missing else []
        lines += [f"{self.others:6d} of other settings than the experiment was last run with"] if self.others else []
        busy = f"measured while other programs took more than {FOREIGN_CORES:g} of a core on average: their times may be off"
        lines += [f"{self.disturbed:6d} {busy}"] if self.disturbed else []
        return "\n".join(lines) or "No cells."


def described(folder: Path) -> str:
    """The state of the run in `folder`, or of each of several runs in folders of it, as those of `all`."""
    folder = Path(folder)
    if (folder / "experiment.json").exists():
        return str(status(folder))
    runs = sorted(path.parent for path in [*folder.glob("*/experiment.json"), *folder.glob("*/*/experiment.json")])
    if not runs:
        return str(status(folder))  # which says that there is none
    return "\n".join(f"{run.relative_to(folder)}\n{textwrap.indent(str(status(run)), '    ')}" for run in runs)


def status(folder: Path) -> Status:
    """The state of the run stored in `folder`."""
    asked = {cell["id"] for cell in remembered(folder)["cells"]}
    rows = cells(folder, "status", "foreign_cores")
    answered = {row["cell"]: row["status"] for row in rows}
    claims = all_claims(folder)
    running = {cell: claim for cell, claim in claims.items() if claim["held"]}
    lost = [cell for cell in claims if cell not in running and cell not in answered]
    return Status(
        statuses=collections.Counter(state for cell, state in answered.items() if cell in asked),
        running=running,
        lost=lost,
        missing=len(asked - answered.keys() - running.keys() - set(lost)),
        others=len(answered.keys() - asked),
        disturbed=sum(row["cell"] in asked and (row["foreign_cores"] or 0.0) > FOREIGN_CORES for row in rows),
    )


def _where(running: dict[str, dict]) -> str:
    return ": " + ", ".join(
        sorted({f"pid {claim['pid']} on {claim['host']} since {claim['since_utc']}" for claim in running.values()})
    )
