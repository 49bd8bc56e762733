"""What a run says about the claims it was made to test: reproduced, not reproduced, or undecided, with the numbers behind it.

One module per experiment, named after it, with `judge(tables) -> list[Verdict]`.
"""

import dataclasses
import importlib
import pkgutil
from typing import Literal

from bench.text import filled

SHARED = {"ranks", "learned", "speed", "headline", "predictable"}  # modules here that are no experiment's
VERDICTS = ("reproduced", "not reproduced", "undecided")


@dataclasses.dataclass(frozen=True)
class Verdict:
    """A claim, what became of it, and why."""

    claim: str
    source: str
    verdict: Literal["reproduced", "not reproduced", "undecided"]
    evidence: str  # numbers, with the seeds they come from


def judged(experiment: str, tables) -> list[Verdict]:
    """The verdicts on the claims of an experiment; none where it tests no claim, or nothing has been run."""
    known = {module.name.replace("_", "-") for module in pkgutil.iter_modules(__path__)} - SHARED
    if experiment not in known or tables["cells"].empty:
        return []
    return importlib.import_module(f"{__name__}.{experiment.replace('-', '_')}").judge(tables)


def text(verdicts: list[Verdict]) -> str:
    """For a terminal."""
    lines = []
    for each in verdicts:
        lines.append(filled(f"{each.verdict.upper()}: {each.claim} ({each.source})", rest="  "))
        lines.append(filled(each.evidence, "  ", "  "))
    return "\n".join(lines)


def decide(holds: bool | None, seeds: int, enough: int) -> str:
    """The verdict on a claim that `holds` or not, undecided for None and with fewer seeds than are `enough`."""
    return "undecided" if holds is None or seeds < enough else "reproduced" if holds else "not reproduced"
