"""The command line. Everything heavy is imported inside the verbs, so that `pitbench --help` answers at once."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from bench.errors import UserError
from registry import UnknownName

app = typer.Typer(
    add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help="Benchmarks of parallel-in-time training."
)

Name = Annotated[
    str, typer.Argument(metavar="EXPERIMENT", help="A name from `pitbench list experiments`, or a path to a TOML file.")
]
Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The folder of a run.")]
Method = Annotated[str | None, typer.Option("-m", "--method", help="Only methods that match, as in 'gtf-*'.")]
System = Annotated[str | None, typer.Option("-s", "--system", help="Only systems that match.")]
Where = Annotated[list[str], typer.Option("-w", "--where", help="Only cells for which this holds, as in 'T<=1e4'; repeatable.")]
Set = Annotated[
    list[str], typer.Option("--set", help="A setting in place of the file's: 'path=series.csv', 'T=[100, 200]'; repeatable.")
]
Seeds = Annotated[str | None, typer.Option(help="Seeds in place of the file's: 0:5 for 0 to 4, or one number.")]
Profile = Annotated[
    str | None, typer.Option(help="A profile of the file: quick, cpu, gpu, paper. By default cpu where there is one.")
]
Out = Annotated[Path | None, typer.Option(help="Where results go. By default results/runs/EXPERIMENT/PROFILE in the checkout.")]
Plugins = Annotated[
    list[Path], typer.Option("--plugin", help="A Python file with methods, systems, metrics or measures; repeatable.")
]


@app.command()
def run(
    experiment: Name,
    method: Method = None,
    system: System = None,
    where: Where = [],  # noqa: B006  (typer copies it)
    settings: Set = [],  # noqa: B006
    seeds: Seeds = None,
    profile: Profile = None,
    out: Out = None,
    plugin: Plugins = [],  # noqa: B006
    budget: Annotated[str | None, typer.Option(help="Start nothing new after this time: 90s, 8m, 1h30m.")] = None,
    rerun: Annotated[str | None, typer.Option(help="Also answer again: failed, stale (another commit) or all.")] = None,
    device: Annotated[str | None, typer.Option(help="cpu or gpu. By default what jax chooses.")] = None,
    isolation: Annotated[str | None, typer.Option(help="shared: one worker for all cells; cell: a new one for each.")] = None,
    executor: Annotated[str, typer.Option(help="Where jobs run: local.")] = "local",
):
    """Run the missing cells of an experiment; run it again to go on."""
    from bench import filters, runner, show, status

    resolved, cells, chosen = _cells(
        experiment, method, system, where, settings, seeds, profile, plugin, device=device, isolation=isolation
    )
    out = out or runner.default_out(resolved)
    options = runner.Options(
        out=out,
        rerun=rerun,
        budget_s=filters.duration_s(budget) if budget else None,
        executor=executor,
        plugins=tuple(map(str, plugin)),
    )
    result = runner.run(resolved, cells, chosen, options)
    if not result.answered and not result.left:
        print(f"Nothing to do: all {len(chosen)} cells have a row (--rerun failed|stale|all answers them again).\n")
    elif result.answered and not result.interrupted:
        print(show.table(out, "text"))
        if show.has_figure(out):
            print("\nFigure: " + ", ".join(map(str, show.draw(out))))
        print()
    print(status.status(out))
    print(f"Tables: {out / 'tables'}. Shown by `pitbench table {out}` and `pitbench plot {out}`.")
    if result.left:
        reason = "Interrupted" if result.interrupted else f"Budget of {budget} spent" if budget else "Others are running the rest"
        print(f"{reason}: {result.left} cells left. The same command goes on with them.")
    if result.interrupted:
        raise typer.Exit(130)


@app.command()
def plan(
    experiment: Name,
    method: Method = None,
    system: System = None,
    where: Where = [],  # noqa: B006
    settings: Set = [],  # noqa: B006
    seeds: Seeds = None,
    profile: Profile = None,
    out: Out = None,
    plugin: Plugins = [],  # noqa: B006
):
    """Count cells done, missing and failed, and estimate time and memory, without running."""
    from bench import runner
    from bench.plan import estimate

    resolved, _, chosen = _cells(experiment, method, system, where, settings, seeds, profile, plugin)
    print(estimate(chosen, out or runner.default_out(resolved), resolved.name))


@app.command()
def status(folder: Folder):
    """Show what is running, done, failed and lost; reads files only."""
    from bench.status import status

    print(status(folder))


@app.command()
def collect(folder: Folder):
    """Compact the files of single cells into tables; idempotent."""
    from bench import show
    from bench.collect import collect

    show.remembered(folder)
    for path in collect(folder).values():
        print(path)


@app.command()
def table(folder: Folder, format: Annotated[str, typer.Option(help="text, markdown, latex or csv.")] = "text"):
    """Print the summary of a run."""
    from bench import show

    print(show.table(folder, format))
    if format != "text":  # which says it itself
        _say(show.note(folder))


@app.command()
def plot(folder: Folder):
    """Draw the figure of a run as pdf and png, with the plotted points as csv."""
    from bench import show

    for path in show.draw(folder):
        print(path)
    _say(show.note(folder))


@app.command("list")
def list_(
    kind: Annotated[str, typer.Argument(help="methods, systems, metrics, measures or experiments.")],
    plugin: Plugins = [],  # noqa: B006
):
    """List what exists, and why something is unavailable."""
    from bench.listing import listing

    _add_plugins(plugin)
    print(listing(kind))


@app.command()
def check(
    name: Annotated[str, typer.Argument(help="The name of a method, system or metric.")],
    plugin: Plugins = [],  # noqa: B006
):
    """Test one plug-in against the laws that it must keep; exit status 1 if it breaks one."""
    from bench import catalogue, conformance

    _add_plugins(plugin)
    for path in plugin:
        if reason := catalogue.broken(path):
            raise UserError(f"plug-in file {path}: unavailable: {reason}")
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


@app.command()
def env():
    """Print the environment that is stored with every run."""
    import json

    from bench import environment

    print(json.dumps(environment.capture() | environment.git_state(), indent=2))


def main() -> None:
    """Run a verb; a mistake that the user can mend is one message and exit status 2."""
    try:
        app()
    except (UserError, UnknownName, FileNotFoundError) as error:
        print(f"pitbench: {error}", file=sys.stderr)
        sys.exit(2)


def _say(note: str) -> None:
    """On standard error, so that standard output stays what was asked for."""
    if note:
        print(note, file=sys.stderr)


def _add_plugins(paths: list[Path]) -> None:
    if paths:
        from bench import catalogue

        for path in paths:
            catalogue.add_plugin(path)


def _cells(experiment, method, system, where, settings, seeds, profile, plugins, **options):
    """The resolved experiment, all its cells, and those that the filters leave."""
    from bench import config, filters, matrix

    _add_plugins(plugins)
    resolved = config.load(experiment, profile, **options).with_settings(settings)
    if seeds is not None:
        resolved = resolved.with_seeds(filters.seeds(seeds))
    cells = matrix.cells(resolved)
    return resolved, cells, filters.select(cells, method=method, system=system, where=where)
