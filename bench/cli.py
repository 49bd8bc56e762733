"""The command line. Everything heavy is imported inside the verbs, so that `pitbench --help` answers at once."""

import json
import sys
import warnings
from pathlib import Path
from typing import Annotated

import typer

from bench import arguments as arg
from bench.errors import UserError, refusal, say, show_notices
from bench.tuning.verb import tune
from registry import UnknownName

app = typer.Typer(
    add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help="Benchmarks of parallel-in-time training."
)


@app.command(cls=arg.Verb)
@arg.selecting
def run(
    selection: arg.Selection,
    budget: arg.Budget = None,
    rerun: arg.Rerun = (),
    device: arg.Device = None,
    executor: arg.Executor = "local",
):
    """Run the missing cells of an experiment; run it again to go on.

    Exit status:
    0 every chosen cell has an answer, not_converged, diverged and wrong_answer being some, or was skipped as it does not fit
    1 a chosen cell failed, now or earlier: error, crashed, timeout, out_of_memory or unavailable
    2 a mistake in what was asked, or a file or folder that cannot be used
    3 the budget is spent and cells are left, whatever became of the others
    130 interrupted
    Cells that another run is at do not count.
    """
    from bench.question import filters
    from bench.running import runner
    from bench.showing import ending

    resolved, cells, chosen = _cells(selection, device)
    out = selection.out or runner.default_out(resolved)
    how = runner.Options(
        out=out,
        rerun=tuple(rerun),
        budget_s=filters.duration_s(budget) if budget is not None else None,
        executor=executor,
        plugins=tuple(map(str, selection.plugin)),
    )
    raise typer.Exit(ending.end(runner.run(resolved, cells, chosen, how), chosen, out, budget))


@app.command(cls=arg.Verb)
@arg.selecting
def plan(selection: arg.Selection):
    """Count cells done, missing and failed, and estimate time and memory, without running."""
    from bench.running import runner
    from bench.running.plan import estimate

    resolved, _, chosen = _cells(selection)
    out = selection.out or runner.default_out(resolved)
    runner.check_folder(resolved, out)
    print(estimate(chosen, out, resolved.name, resolved.options.isolation))


@app.command(cls=arg.Verb)
def status(folder: arg.Folder):
    """Show what is running, done, failed and lost; reads files only."""
    from bench.running.status import status

    print(status(folder))


@app.command(cls=arg.Verb)
def failures(folder: arg.Folder):
    """Show why cells of a run failed or have another answer than ok, and where their logs lie."""
    from bench.showing.failures import failures

    print(failures(folder))


@app.command(cls=arg.Verb)
def collect(folder: arg.Folder):
    """Compact the files of single cells into tables; idempotent."""
    from bench.showing import show
    from bench.storage.collect import collect

    show.remembered(folder)
    for path in collect(folder).values():
        print(path)


@app.command(cls=arg.Verb)
def table(folder: arg.Folder, format: arg.Format = "text"):
    """Print the summary of a run."""
    from bench.showing import show

    print(show.table(folder, format))
    if format != "text":  # which says it itself
        _say(show.note(folder))


@app.command(cls=arg.Verb)
def plot(folder: arg.Folder):
    """Draw the figure of a run as pdf and png, with the plotted points as csv."""
    from bench.showing import show

    for path in show.draw(folder):
        print(path)
    _say(show.note(folder))


@app.command("list", cls=arg.Verb)
def list_(
    kind: arg.Kind,
    names: arg.Names = (),
    plugin: arg.Plugins = (),
):
    """List what exists, and why something is unavailable; of those that are named, their settings."""
    from bench.question import catalogue
    from bench.question.listing import listing

    for path in plugin:
        catalogue.add_plugin(path)
    print(listing(kind, names))
    for path in plugin:
        if reason := catalogue.broken(path):
            say(f"plug-in file {path}: {reason}")


@app.command(cls=arg.Verb)
def check(
    name: Annotated[str, typer.Argument(help="The name of a method, model, system or metric.")],
    plugin: arg.Plugins = (),
):
    """Test one plug-in against the laws that it must keep; exit status 1 if it breaks one."""
    from bench import conformance

    _add_plugins(plugin)
    broken, before = 0, ""
    for result in conformance.check(name):
        broken += result.outcome == "broken"
        mark = "BROKEN" if result.outcome == "broken" else result.outcome
        print(f"{mark:11} {result.kind} {result.law}: {result.claim}", flush=True)
        if result.detail:
            print("    " + ("as before" if result.detail == before else result.detail.replace("\n", "\n    ")), flush=True)
        before = result.detail
    print(f"{name} keeps every law." if not broken else f"{name} breaks {broken} of its laws.")
    if broken:
        raise typer.Exit(1)


@app.command(cls=arg.Verb)
def cite(
    what: arg.Cited = (),
    plugin: arg.Plugins = (),
):
    """Print the BibTeX of what was run in a folder, or of what is named; without either that of pitbench."""
    from bench.showing.cite import cite

    _add_plugins(plugin)
    print(cite(what))


@app.command(cls=arg.Verb)
def pages(check: Annotated[bool, typer.Option("--check", help="Change nothing; exit status 1 if a page is stale.")] = False):
    """Write the generated parts of the README and of the other pages anew, from stored results and from what exists."""
    from bench.measure.environment import ROOT
    from bench.showing import pages

    found = pages.stale(ROOT) if check else pages.write(ROOT)
    for path in found:
        print(path.relative_to(ROOT), "is stale: `pitbench pages` writes it anew" if check else "is written anew")
    if check and found:
        raise typer.Exit(1)


@app.command(cls=arg.Verb)
def env(device: arg.Device = None):
    """Print what a run would store of the machine, the versions, the flags and the commit."""
    from bench.measure import environment
    from bench.running import worker
    from bench.storage import tuned

    worker.set_flags(device)
    captured = environment.capture() | {"costs": tuned.in_force()}
    print(json.dumps({"environment": environment.row(captured)["environment"]} | captured | environment.git_state(), indent=2))


app.command(cls=arg.Verb)(tune)


def main() -> None:
    """Run a verb; a mistake that the user can mend is one message and exit status 2."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="replace")  # whatever the locale: α, λ and units are in most tables
    try:
        with warnings.catch_warnings():
            show_notices()
            app()
    except (UserError, UnknownName, OSError) as error:
        print(f"pitbench: {refusal(error) if isinstance(error, OSError) else error}", file=sys.stderr)
        sys.exit(2)


def _say(note: str) -> None:
    """On standard error, so that standard output stays what was asked for."""
    if note:
        print(note, file=sys.stderr)


def _add_plugins(paths: list[Path]) -> None:
    """Add files that can be used; one that cannot is the user's mistake, a part of one that cannot is said."""
    if paths:
        from bench.question import catalogue

        for path in paths:
            catalogue.add_plugin(path)
            if reason := catalogue.broken(path):
                raise UserError(f"plug-in file {path}: unavailable: {reason}")
            for reason in catalogue.left_out(path):
                say(f"plug-in file {path}: {reason}")


def _cells(selection: arg.Selection, device: str | None = None):
    """The resolved experiment, all its cells, and those that are selected."""
    from bench.question import config, feasible, filters, matrix
    from bench.showing import figures

    _add_plugins(selection.plugin)
    resolved = config.load(selection.experiment, selection.profile, device=device, isolation=selection.isolation)
    figures.check(resolved)
    resolved = resolved.with_settings(selection.settings)
    if selection.seeds:
        resolved = resolved.with_seeds(filters.seeds(selection.seeds))
    cells = matrix.cells(resolved)
    chosen = filters.select(cells, method=selection.method, system=selection.system, where=selection.where)
    feasible.tell(chosen)
    return resolved, cells, chosen
