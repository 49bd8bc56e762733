"""A run: the cells without an answer are answered, then everything is collected."""

import contextlib
import dataclasses
import itertools
import json
import math
import signal
import sys
import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

from bench import files
from bench.clock import now
from bench.errors import UserError
from bench.measure import environment
from bench.measure.outcome import SKIPPED
from bench.question import catalogue, worth
from bench.question.cell import Cell
from bench.question.config import Experiment
from bench.running import executors, gpu, prices, provenance
from bench.running.jobs import jobs
from bench.running.needed import check_rerun, needed
from bench.running.progress import Progress
from bench.running.protocol import Finished, Job, Orders, Plan
from bench.running.remaining import Remaining
from bench.storage import store
from bench.storage.collect import collect, keep
from bench.storage.rows import Context, failure, rows


@dataclasses.dataclass(frozen=True)
class Options:
    """What the command line says about a run, beside the question and the experiment's own options."""

    out: Path
    rerun: tuple[str, ...] = ()
    budget_s: float | None = None
    executor: str = "local"
    plugins: tuple[str, ...] = ()
    heading: str = ""  # said where there is something to do


@dataclasses.dataclass(frozen=True)
class Result:
    """How a run ended: cells answered now, cells left without an answer, and whether Ctrl-C or the budget ended it."""

    answered: int
    left: int
    interrupted: bool = False
    spent: bool = False


def default_out(experiment: Experiment) -> Path:
    """Where a run lives unless --out says otherwise: in the checkout, so that it is found again from any folder."""
    return environment.ROOT / "results" / "runs" / experiment.name / (experiment.profile or "default")


def run(experiment: Experiment, everything: list[Cell], chosen: list[Cell], options: Options) -> Result:
    """Answer those of the `chosen` cells that need it. `everything` is what the experiment asks for without filters.

    Whatever stops it, finished cells stay: the same command goes on where this one ended.
    """
    executor = executors.get(options.executor)
    git = environment.git_state()
    check_rerun(options.rerun, git["git_sha"])
    todo = _todo(experiment, everything, chosen, options, git["git_sha"])
    if not todo:
        return Result(answered=0, left=0)
    if options.heading and (options.budget_s is None or options.budget_s > 0):
        print(f"{options.heading}: {len(todo)} cells", file=sys.stderr, flush=True)
    store.prepare(options.out)
    keep(options.out)
    known, left_s = store.latest(options.out), _countdown(options.budget_s)
    context = Context(experiment=experiment.name, isolation=experiment.options.isolation, **git)
    reasons = {cell.id: ("unavailable", why) for cell in todo if (why := reason(cell))}
    reasons |= {cell.id: (SKIPPED, cell.misfit) for cell in todo if cell.misfit and cell.id not in reasons}
    possible = [cell for cell in todo if cell.id not in reasons]
    with Progress(len(todo), _remaining(experiment, possible, options.out)) as progress, _Interruptible():
        plan = Plan(
            out=options.out,
            orders=_orders(experiment, options, context),
            timeout_s=experiment.options.timeout_s,
            isolation=experiment.options.isolation,
            known=known,
            left_s=left_s,
            doing=progress.doing,
        )
        impossible = _without_asking([cell for cell in todo if cell.id in reasons], reasons, context, options.out)
        ordered = _ordered(experiment, everything, possible, options)
        answered, interrupted = _follow(impossible, executor.run(ordered, plan), progress)
    spent = left_s() <= 0
    collect(options.out)
    latest = store.latest(options.out, [cell.id for cell in todo])
    left = sum(latest.get(cell.id) == known.get(cell.id) for cell in todo)
    return Result(answered, left, interrupted=interrupted, spent=spent and left > 0)


def _ordered(experiment: Experiment, everything: list[Cell], possible: list[Cell], options: Options) -> list[Job]:
    """The jobs of a run, with a budget in the order of what they are worth: those of the main claim, and then as written."""
    if options.budget_s is None:
        return jobs(possible, experiment.options.isolation)
    first = {cell.id for cell in worth.claim(experiment, everything)}
    return jobs(possible, experiment.options.isolation, as_written=True, first=first)


def _countdown(budget_s: float | None) -> Callable[[], float]:
    """Says how many seconds of the budget are left; infinitely many without one."""
    end = time.monotonic() + (math.inf if budget_s is None else budget_s)
    return lambda: end - time.monotonic()


def _follow(impossible: Iterator[Finished], answers: Generator[Finished], progress: Progress) -> tuple[int, bool]:
    """Show each attempt as it ends; how many cells are answered, and whether Ctrl-C ended it. No worker is left behind."""
    answered = 0
    with contextlib.closing(answers):
        try:
            for finished in itertools.chain(impossible, answers):
                progress.finished(finished)
                answered += finished.final
        except KeyboardInterrupt:
            return answered, True
    return answered, False


def check_folder(experiment: Experiment, out: Path) -> None:
    """Refuse a folder that holds another experiment.

    An experiment is told by its name, its measure and its file. Where the file that the folder remembers is gone, the file was
    moved, and the experiment is taken for the one that it was.
    """
    held = files.read_json(out / "experiment.json") or {}
    if not held.keys() >= {"name", "measure"}:
        return
    wanted, there = f'"{experiment.name}" ({experiment.measure})', f'"{held["name"]}" ({held["measure"]})'
    file = held.get("file", experiment.own_file)  # earlier versions did not write it down
    if wanted == there and file != experiment.own_file and (not file or Path(file).exists()):
        wanted, there = (f"of {each or 'this project'}" for each in (experiment.own_file, file))
    if wanted != there:
        raise UserError(f"{out}: holds the experiment {there}, not {wanted}. Choose another folder with --out.")


def _todo(
    experiment: Experiment, everything: list[Cell], chosen: list[Cell], options: Options, git_sha: str | None
) -> list[Cell]:
    """The cells to answer, in a folder that has been put in order."""
    out = options.out
    if out.exists() and not out.is_dir():
        raise UserError(f"--out {out}: a file is there. Give a folder, new or of an earlier run.")
    check_folder(experiment, out)
    store.sweep(out)
    if store.attempts(out):
        collect(out)
    todo = needed(chosen, provenance.standing(out, chosen, "status", "git_sha"), options.rerun, git_sha)
    if todo:
        gpu.check(experiment.options.device)
    _remember(experiment, everything, out)
    return todo


def _remaining(experiment: Experiment, possible: list[Cell], out: Path) -> Remaining:
    units = [unit for job in prices.asked(possible, experiment.options.isolation) for unit in job]
    return Remaining(prices.paired(units, out, experiment.name, experiment.options.device or gpu.at_hand()))


def _orders(experiment: Experiment, options: Options, context: Context) -> Orders:
    return Orders(
        out=str(options.out),
        context=dataclasses.asdict(context),
        plugins=list(options.plugins),
        device=experiment.options.device,
    )


def _remember(experiment: Experiment, everything: list[Cell], out: Path) -> None:
    """Store the resolved experiment beside its results. One folder holds one experiment.

    Its file may change in between: old cells stay, and their ids keep them apart from new ones.
    """
    path = out / "experiment.json"
    before = files.read_json(path) or {}
    described = {key: getattr(experiment, key) for key in ("name", "title", "reproduces", "measure", "figure", "profile")}
    cells = [{"id": cell.id} | cell.to_json() for cell in everything]
    described |= {"file": experiment.own_file}
    content = described | experiment.options.model_dump() | {"grids": experiment.asked, "cells": cells}
    content = json.loads(json.dumps(content, default=str))  # as it comes back: a folder that is only read is not written to
    if before != content:
        files.replace_json(path, content)


def reason(cell: Cell) -> str | None:
    """Why a cell cannot be answered on this machine."""
    for kind in ("method", "system"):
        if why := catalogue.why_unavailable(kind, getattr(cell, kind)):
            return f"{kind} {getattr(cell, kind)}: {why}"
    return None


def _without_asking(missing: list[Cell], reasons: dict[str, tuple[str, str]], context: Context, out: Path):
    """Rows for cells that cannot be answered, status and reason by cell: what was not run is not silently missing."""
    if not missing:
        return
    described = environment.row(environment.capture())
    store.write_environment(out, described)
    context = dataclasses.replace(context, environment=described["environment"])
    for cell in missing:
        status, why = reasons[cell.id]
        store.write(out, cell.id, rows(cell, failure(status, None, why), context, started=now(), wall_s=0.0))
        yield Finished(cell, status, 0.0, reason=why)


class _Interruptible:
    """Lets SIGTERM (a scheduler's way to ask) end a run as Ctrl-C does."""

    def __enter__(self):
        self._before = signal.signal(signal.SIGTERM, signal.default_int_handler)

    def __exit__(self, *_):
        signal.signal(signal.SIGTERM, self._before)
