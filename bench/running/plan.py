"""What a run would do, and a guess at what it would cost, without running anything."""

import dataclasses
import textwrap
from pathlib import Path

from bench.measure.outcome import FAILED, SKIPPED
from bench.question.cell import Cell
from bench.running import gpu, prices, provenance
from bench.running.runner import check_folder
from bench.running.suite import Asked
from bench.text import in_bytes, in_words


@dataclasses.dataclass(frozen=True)
class Estimate:
    """Time and memory of the missing cells; `unknown` of them have no finished cell to go by.

    skipped   cells whose parts do not go together, which are neither done nor missing
    sources   the folders with the finished cells that this is estimated from
    devices   the kinds of device that those ran on
    factors   how much more work the missing units are than those, the least and the most
    wanted    the kind of device that the missing cells are for, where that is known
    elsewhere how many of the missing cells go by cells of other kinds
    """

    done: int
    failed: int
    missing: int
    seconds: float
    bytes: float
    unknown: int
    sources: tuple[Path, ...] = ()
    devices: tuple[str, ...] = ()
    factors: tuple[float, float] = (1.0, 1.0)
    skipped: int = 0
    wanted: str | None = None
    elsewhere: int = 0

    def __str__(self):
        total = self.done + self.failed + self.missing + self.skipped
        skipped = f", {self.skipped} skipped as their parts do not go together" if self.skipped else ""
        lines = [f"{total} cells: {self.done} done, {self.failed} failed, {self.missing} missing{skipped}."]
        if self.unknown < self.missing:
            known = self.missing - self.unknown
            memory = f", up to {in_bytes(self.bytes)} of memory" if self.bytes else ""
            about = "A guess: about" if self.elsewhere else "About"
            lines.append(f"{about} {in_words(self.seconds)} for {known} of the missing cells{memory}.")
            where = f"on {' and '.join(self.devices)} in {', '.join(map(str, self.sources))}"
            lines.append(f"Based on cells of the same method {where}, {self._scaling()}.")
        if self.elsewhere:
            lines.append(f"Of the method of {self.elsewhere} missing cells none has been finished on {self.wanted}.")
        if self.unknown:
            reason = "no cell of their method has been finished in this experiment"
            lines.append(f"Unknown cost of {self.unknown} missing cells: {reason}.")
        return "\n".join(lines)

    def _scaling(self) -> str:
        least, most = self.factors
        if 0.9 < least and most < 1.1:
            return "of the same work"
        span = f"{least:.3g}" if most / least < 1.1 else f"{least:.3g} to {most:.3g}"
        return f"scaled to {span} times their work"


def planned(asked: Asked) -> Estimate:
    """What an experiment has left to do."""
    experiment = asked.experiment
    check_folder(experiment, asked.out)
    options = experiment.options
    return estimate(asked.chosen, asked.out, experiment.name, options.isolation, options.device)


def planned_all(asked: list[Asked]) -> str:
    """What each of several experiments has left to do, and what they have together."""
    found = [planned(each) for each in asked]
    lines = []
    for each, own in zip(asked, found, strict=True):
        lines += [f"{each.experiment.name}: {each.experiment.title}", textwrap.indent(str(own), "    ")]
    counts = ", ".join(f"{sum(getattr(own, state) for own in found)} {state}" for state in ("done", "failed", "missing"))
    known = "a guess" if any(own.elsewhere for own in found) else "as far as that is known"
    lines.append(f"All together: {counts}; about {in_words(sum(own.seconds for own in found))}, {known}.")
    return "\n".join(lines)


def estimate(chosen: list[Cell], out: Path, experiment: str, isolation: str, device: str | None = None) -> Estimate:
    """Time and memory of the cells without an answer, job by job.

    Each job is expected to cost what the finished job that is nearest to it in work has cost, scaled to its work. Finished jobs
    are looked for in `out`, in the folders of the experiment's other runs beside it, and among the results that come with the
    source; those on the kind of `device` that the experiment asks for, or would get here, go before others.
    """
    device = device or gpu.at_hand()
    here = {cell: row["status"] for cell, row in provenance.standing(out, chosen, "status").items()}
    skipped = [cell for cell in chosen if here.get(cell.id, SKIPPED if cell.misfit else "") == SKIPPED]
    missing = [cell for cell in chosen if cell.id not in here and not cell.misfit]
    pairs = prices.paired([unit for job in prices.asked(missing, isolation) for unit in job], out, experiment, device)
    priced = [(unit, by, *prices.scaled(unit, by)) for unit, by in pairs if by]
    factors = [unit.work / by.work for unit, by, *_ in priced]
    failed = sum(here.get(cell.id) in FAILED for cell in chosen)
    return Estimate(
        done=len(chosen) - failed - len(missing) - len(skipped),
        failed=failed,
        missing=len(missing),
        seconds=sum(seconds for *_, seconds, _ in priced),
        bytes=max((size for *_, size in priced if size == size), default=0.0),  # NaN where nobody says
        unknown=sum(len(unit.cells) for unit, by in pairs if not by),
        sources=tuple(dict.fromkeys(by.source for _, by, *_ in priced)),
        devices=tuple(dict.fromkeys(by.device or "an unknown device" for _, by, *_ in priced)),
        factors=(min(factors, default=1.0), max(factors, default=1.0)),
        skipped=len(skipped),
        wanted=device,
        elsewhere=sum(len(unit.cells) for unit, by, *_ in priced if prices.elsewhere(by, device)),
    )
