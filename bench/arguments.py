"""The arguments and options that verbs share, and the rule that what is given once may not be given twice."""

import collections
import dataclasses
import functools
import inspect
from pathlib import Path
from typing import Annotated

import typer
from typer.core import TyperCommand

from bench.errors import UserError

Name = Annotated[
    str, typer.Argument(metavar="EXPERIMENT", help="A name from `pitbench list experiments`, a path to a TOML file, or all.")
]
Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The folder of a run.")]
Folders = Annotated[list[Path], typer.Argument(metavar="DIR", help="Folders of runs; by default all in results.")]
Kind = Annotated[str, typer.Argument(help="methods, models, systems, recurrences, metrics, measures or experiments.")]
Names = Annotated[list[str], typer.Argument(help="Of these also the settings.", metavar="NAME")]
Cited = Annotated[
    list[str],
    typer.Argument(help="Folders of runs, methods, models, systems, recurrences or metrics.", metavar="DIR|NAME"),
]
Methods = Annotated[list[str], typer.Option("-m", "--method", help="Only methods that match, as in 'gtf-*'; repeatable.")]
Systems = Annotated[list[str], typer.Option("-s", "--system", help="Only systems that match; repeatable.")]
Where = Annotated[
    list[str], typer.Option("-w", "--where", help="Only cells for which this holds, as in 'T<=1e4'; repeatable, all must hold.")
]
Set = Annotated[
    list[str], typer.Option("--set", help="A setting in place of the file's: 'path=series.csv', 'T=[100, 200]'; repeatable.")
]
Seeds = Annotated[list[str], typer.Option(help="Seeds in place of the file's: 0:5 for 0 to 4, or one number; repeatable.")]
Profile = Annotated[
    str | None, typer.Option(help="A profile of the file: quick, cpu, gpu, paper. By default cpu where there is one.")
]
Out = Annotated[
    Path | None,
    typer.Option(
        help="Where results go; those of all in DIR/EXPERIMENT. By default results/runs/EXPERIMENT/PROFILE in the checkout."
    ),
]
Plugins = Annotated[
    list[Path],
    typer.Option("--plugin", help="A Python file with methods, models, systems, recurrences, metrics or measures; repeatable."),
]
Budget = Annotated[str | None, typer.Option(help="End after this time, cells of most worth first: 90s, 8m, 1h30m.")]
Rerun = Annotated[
    list[str],
    typer.Option(
        help="Also answer again: failed (error, crashed, timeout, out_of_memory, unavailable), diverged (and not_converged and "
        "wrong_answer, which repeat themselves), stale (of another commit) or all; repeatable."
    ),
]
Device = Annotated[str | None, typer.Option(help="cpu or gpu. By default what jax chooses.")]
Isolation = Annotated[str | None, typer.Option(help="shared: one worker for all cells; cell: a new one for each.")]
Executor = Annotated[str, typer.Option(help="Where jobs run: local.")]
Format = Annotated[str, typer.Option(help="text, markdown, latex or csv.")]
CardFormat = Annotated[str, typer.Option("--format", help="text or markdown.")]


@dataclasses.dataclass
class Selection:
    """Which cells are meant, and by which plug-ins: what `run` and `plan` are both told."""

    experiment: Name
    method: Methods = ()
    system: Systems = ()
    where: Where = ()
    settings: Set = ()
    seeds: Seeds = ()
    profile: Profile = None
    out: Out = None
    plugin: Plugins = ()
    isolation: Isolation = None


def selecting(verb):
    """A verb `verb(selection, ...)` with the arguments of a `Selection` on the command line, before its own."""
    chosen, (_, *own) = inspect.signature(Selection).parameters, inspect.signature(verb).parameters.values()

    @functools.wraps(verb)
    def told(**given):
        return verb(Selection(**{name: given.pop(name) for name in chosen}), **given)

    told.__signature__ = inspect.Signature([*chosen.values(), *own])
    told.__annotations__ = {each.name: each.annotation for each in (*chosen.values(), *own)}
    return told


class Verb(TyperCommand):
    """A command whose options either add up or are given once: none is dropped for a later one without a word."""

    def parse_args(self, ctx, args: list[str]) -> list[str]:
        given = collections.Counter(id(each) for each in self.make_parser(ctx).parse_args(args=list(args))[2])
        for each in self.params:
            single = not getattr(each, "multiple", False) and each.param_type_name == "option"
            if single and given[id(each)] > 1:
                raise UserError(f"{each.opts[-1]} is given {given[id(each)]} times. Give it once.")
        return super().parse_args(ctx, args)
