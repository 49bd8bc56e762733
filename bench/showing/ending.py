"""How a run ends: what it says last, and its exit status."""

import shlex
from collections.abc import Sequence
from pathlib import Path

from bench.measure.outcome import FAILED
from bench.question.cell import Cell
from bench.running.runner import Result
from bench.running.status import status
from bench.running.suite import Asked
from bench.showing import show
from bench.showing.failures import advice
from bench.storage.collect import cells

ANSWERED, FAULT, SPENT, INTERRUPTED = 0, 1, 3, 130  # 2 is the user's mistake


def end(result: Result, chosen: list[Cell], out: Path, budget: str | None) -> int:
    """Print table, figures and state of a run; the exit status.

    130 interrupted; 3 budget spent and cells left; 1 a chosen cell failed, now or earlier; 0 all have an answer.
    """
    answers = {row["cell"]: row["status"] for row in cells(out, "status")}
    failed = [answers[cell.id] for cell in chosen if answers.get(cell.id) in FAILED]
    if not result.answered and not result.left:
        print(f"Nothing to do: all {len(chosen)} cells have a row (--rerun failed|diverged|stale|all answers them again).\n")
    elif result.answered and not result.interrupted:
        _show(out)
    print(status(out))
    print(f"Tables: {out / 'tables'}. Shown by `pitbench table {quoted(out)}` and `pitbench plot {quoted(out)}`.")
    if failed:
        why = f"`pitbench failures {quoted(out)}` says why; --rerun failed tries again."
        print("\n".join([f"{len(failed)} of {len(chosen)} cells failed: {why}", *advice(failed)]))
    if result.left:
        others = "Others are running the rest"
        reason = "Interrupted" if result.interrupted else f"Budget of {budget} spent" if result.spent else others
        print(f"{reason}: {result.left} cells left. The same command goes on with them.")
    if result.interrupted:
        return INTERRUPTED
    return SPENT if result.spent else FAULT if failed else ANSWERED


def end_all(asked: Sequence[Asked], results: Sequence[Result], budget: str | None) -> int:
    """Print how each of several experiments ended, and at last what they have left; the exit status of all of them.

    Those that were not touched say no more than what state they are in.
    """
    codes = []
    for each, result in zip(asked, results, strict=True):
        if result.answered:
            print(f"{each.experiment.name}: {each.experiment.title}")
            codes.append(end(result, each.chosen, each.out, budget))
            print()
        else:
            answers = {row["cell"]: row["status"] for row in cells(each.out, "status")}
            done = sum(cell.id in answers for cell in each.chosen)
            failed = [cell for cell in each.chosen if answers.get(cell.id) in FAILED]
            failures = f", {len(failed)} of them failed" if failed else ""
            print(f"{each.experiment.name}: nothing new, {done} of {len(each.chosen)} cells have a row{failures}.")
            interrupted, spent = result.interrupted, result.spent
            codes.append(INTERRUPTED if interrupted else SPENT if spent else FAULT if failed else ANSWERED)
    left = {each.experiment.name: result.left for each, result in zip(asked, results, strict=True) if result.left}
    if left:
        listed = ", ".join(f"{name} {count}" for name, count in left.items())
        print(f"Cells left: {listed}. The same command goes on with them.")
    return next((code for code in (INTERRUPTED, SPENT, FAULT) if code in codes), ANSWERED)


def quoted(path: Path) -> str:
    """A path as a shell takes it."""
    return shlex.quote(str(path))


def _show(out: Path) -> None:
    print(show.table(out, "text"))
    if show.has_figure(out):
        print("\nFigure: " + ", ".join(map(str, show.draw(out))))
    print()
