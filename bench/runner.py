"""A run: the cells without a row are answered, then everything is collected and shown."""

import dataclasses
import signal
import time
from pathlib import Path

from bench import catalogue, environment, executors, files, store
from bench.cell import Cell
from bench.clock import now
from bench.collect import collect
from bench.config import Experiment
from bench.errors import UserError
from bench.executors.local import Finished, Plan
from bench.matrix import jobs
from bench.progress import Progress
from bench.rows import Context, failure, rows
from bench.worker import Orders

RERUNS = ("failed", "stale", "all")


@dataclasses.dataclass(frozen=True)
class Options:
    """What the command line says about a run, beside the question and the experiment's own options."""

    out: Path
    rerun: str | None = None
    budget_s: float | None = None
    executor: str = "local"
    plugins: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Result:
    """How a run ended: cells answered now, cells left without an answer, and whether Ctrl-C ended it."""

    answered: int
    left: int
    interrupted: bool = False


def default_out(experiment: Experiment) -> Path:
    """Where a run lives unless --out says otherwise: in the checkout, so that it is found again from any folder."""
    return environment.ROOT / "results" / "runs" / experiment.name / (experiment.profile or "default")


def run(experiment: Experiment, everything: list[Cell], chosen: list[Cell], options: Options) -> Result:
    """Answer those of the `chosen` cells that need it. `everything` is what the experiment asks for without filters.

    Whatever stops it, finished cells stay: the same command goes on where this one ended.
    """
    executor = executors.get(options.executor)
    git = environment.git_state()
    known = store.latest(options.out)
    todo = needed(chosen, known, options, git["git_sha"])
    _remember(experiment, everything, options.out)
    if not todo:
        return Result(answered=0, left=0)
    store.sweep(options.out)
    context = Context(experiment=experiment.name, isolation=experiment.options.isolation, **git)
    deadline = time.monotonic() + (options.budget_s if options.budget_s is not None else float("inf"))
    plan = Plan(
        out=options.out,
        orders=Orders(
            out=str(options.out),
            context=dataclasses.asdict(context),
            plugins=list(options.plugins),
            device=experiment.options.device,
            compile_cache=todo[0].build_measure().compile_cache,
        ),
        timeout_s=experiment.options.timeout_s,
        isolation=experiment.options.isolation,
        known=known,
        may_start=lambda: time.monotonic() < deadline,
    )
    answered, interrupted = 0, False
    possible = [cell for cell in todo if _reason(cell) is None]
    with Progress(len(todo)) as progress, _Interruptible():
        try:
            for finished in _unavailable([cell for cell in todo if _reason(cell)], context, options.out):
                progress.finished(finished)
                answered += 1
            answers = executor.run(jobs(possible, experiment.options.isolation), plan)
            try:
                for finished in answers:
                    progress.finished(finished)
                    answered += finished.final
            finally:
                answers.close()
        except KeyboardInterrupt:
            interrupted = True
    collect(options.out)
    latest = store.latest(options.out)
    return Result(answered, left=sum(latest.get(cell.id) == known.get(cell.id) for cell in todo), interrupted=interrupted)


def needed(chosen: list[Cell], known: dict[str, str], options: Options, git_sha: str | None) -> list[Cell]:
    """The cells without a row, and with `rerun` those whose latest row is not good enough."""
    if options.rerun not in (None, *RERUNS):
        raise UserError(f'--rerun "{options.rerun}": want one of {", ".join(RERUNS)}.')
    if options.rerun == "all":
        return chosen
    if options.rerun is None:
        return [cell for cell in chosen if cell.id not in known]
    column, good = ("status", "ok") if options.rerun == "failed" else ("git_sha", git_sha)

    def poor(cell: Cell) -> bool:
        return cell.id not in known or store.read(options.out, cell.id, known[cell.id], "cells")[column][0].as_py() != good

    return [cell for cell in chosen if poor(cell)]


def _remember(experiment: Experiment, everything: list[Cell], out: Path) -> None:
    """Store the resolved experiment beside its results. One folder holds one experiment.

    Its file may change in between: old cells stay, and their ids keep them apart from new ones.
    """
    path = out / "experiment.json"
    before = files.read_json(path)
    wanted, held = f'"{experiment.name}" ({experiment.measure})', before and f'"{before["name"]}" ({before["measure"]})'
    if held and held != wanted:
        raise UserError(f"{out}: holds the experiment {held}, not {wanted}. Choose another folder with --out.")
    described = {key: getattr(experiment, key) for key in ("name", "title", "reproduces", "measure", "figure", "profile")}
    grids = [{key: list(setting.values) for key, setting in grid.items()} for grid in experiment.grids]
    cells = [{"id": cell.id} | dataclasses.asdict(cell) for cell in everything]
    content = described | experiment.options.model_dump() | {"grids": grids, "cells": cells}
    if before != content:
        files.replace_json(path, content)


def _reason(cell: Cell) -> str | None:
    """Why a cell cannot be answered on this machine."""
    for kind in ("method", "system"):
        if reason := catalogue.why_unavailable(kind, getattr(cell, kind)):
            return f"{kind} {getattr(cell, kind)}: {reason}"
    return None


def _unavailable(cells: list[Cell], context: Context, out: Path):
    """Rows for cells that cannot be answered here: what was not run is not silently missing."""
    if not cells:
        return
    described = environment.row(environment.capture())
    store.write_environment(out, described)
    context = dataclasses.replace(context, environment=described["environment"])
    for cell in cells:
        outcome = failure("unavailable", None, _reason(cell))
        store.write(out, cell.id, rows(cell, outcome, context, started=now(), wall_s=0.0))
        yield Finished(cell, outcome.status, 0.0)


class _Interruptible:
    """Lets SIGTERM (a scheduler's way to ask) end a run as Ctrl-C does."""

    def __enter__(self):
        self._before = signal.signal(signal.SIGTERM, signal.default_int_handler)

    def __exit__(self, *_):
        signal.signal(signal.SIGTERM, self._before)
