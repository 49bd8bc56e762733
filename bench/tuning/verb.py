"""`pitbench tune` on the command line."""

from typing import Annotated

import typer

from bench import arguments as arg
from bench.errors import UserError


def tune(
    device: arg.Device = None,
    quick: Annotated[bool, typer.Option("--quick", help="Only see what would be measured, in small; stores nothing.")] = False,
    show: Annotated[bool, typer.Option("--show", help="Print the numbers in force and where they come from.")] = False,
    forget: Annotated[bool, typer.Option("--forget", help="Remove what is stored for this machine.")] = False,
):
    """Measure in a few minutes how fast this machine computes, and store the numbers by which methods are laid out on it.

    Runs on this machine use them from then on and keep them in the environment of every row; PITBENCH_TUNED=off leaves them out.
    No answer depends on them.
    """
    if quick + show + forget > 1:
        raise UserError("tune: give one of --quick, --show and --forget, or none of them to measure.")
    from bench.running import worker

    worker.set_flags(device)
    from bench.storage import tuned
    from bench.tuning import command

    if device:
        tuned.demand(device, "tune")
    print(command.show() if show else command.forget() if forget else command.tune(quick))
