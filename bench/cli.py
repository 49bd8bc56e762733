"""The command line. Everything heavy is imported inside the verbs, so that `pitbench --help` answers at once."""

import json
import sys
import time
import warnings
from typing import Annotated

import typer

from bench import arguments as arg
from bench import selected
from bench.errors import UserError, refusal, say, show_notices
from bench.roofline.verb import roofline
from bench.selected import add_plugins
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
    """Run the missing cells of an experiment, or of `all`; run it again to go on.

    `all`: the experiments of this project that state their worth, the main claim of each first, and then the rest of each.
    Each has a folder of its own, with --out DIR in DIR/EXPERIMENT.

    Exit status:
    0 every chosen cell has an answer, not_converged, diverged and wrong_answer being some, or was skipped as it does not fit
    1 a chosen cell failed, now or earlier: error, crashed, timeout, out_of_memory or unavailable
    2 a mistake in what was asked, or a file or folder that cannot be used
    3 the budget is spent and cells are left, whatever became of the others
    130 interrupted
    Cells that another run is at do not count.
    """
    from bench.question import config, filters
    from bench.running import runner, suite
    from bench.showing import ending

    began, budget_s = time.monotonic(), filters.duration_s(budget) if budget is not None else None
    asked = selected.asked(selection, device)
    how = runner.Options(
        out=asked[0].out,
        rerun=tuple(rerun),
        budget_s=budget_s and max(budget_s - (time.monotonic() - began), 0.0),
        executor=executor,
        plugins=tuple(map(str, selection.plugin)),
    )
    if selection.experiment == config.ALL:
        raise typer.Exit(ending.end_all(asked, suite.run(asked, how), budget))
    (one,) = asked
    result = runner.run(one.experiment, one.everything, one.chosen, how)
    raise typer.Exit(ending.end(result, one.chosen, one.out, budget))


@app.command(cls=arg.Verb)
@arg.selecting
def plan(selection: arg.Selection):
    """Count cells done, missing and failed, and estimate time and memory, without running."""
    from bench.question import config
    from bench.running.plan import planned, planned_all

    asked = selected.asked(selection)
    print(planned_all(asked) if selection.experiment == config.ALL else planned(asked[0]))


@app.command(cls=arg.Verb)
def status(folder: arg.Folder):
    """Show what is running, done, failed and lost, of a run or of all runs in a folder; reads files only."""
    from bench.running.status import described

    print(described(folder))


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


@app.command(cls=arg.Verb)
def cards(
    folders: arg.Folders = (),
    format: arg.CardFormat = "text",
):
    """Show what papers claim of their figures, and what became of each claim on a GPU and on a CPU."""
    from bench.showing.cards.command import shown

    print(shown(folders, format))


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
    name: Annotated[str, typer.Argument(help="The name of a method, model, system, recurrence or metric.")],
    plugin: arg.Plugins = (),
):
    """Test one plug-in against the laws that it must keep; exit status 1 if it breaks one."""
    from bench import conformance

    add_plugins(plugin)
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

    add_plugins(plugin)
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
app.command(cls=arg.Verb)(roofline)


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
