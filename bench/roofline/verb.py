"""`pitbench roofline` on the command line."""

from typing import Annotated

import typer

from bench import arguments as arg


def roofline(
    T: Annotated[int, typer.Option("--T", min=1, help="Time steps.")] = 131072,
    batch: Annotated[int, typer.Option(min=1, help="Sequences.")] = 1,
    latent_dim: Annotated[int, typer.Option(min=1, help="States, M.")] = 16,
    hidden_dim: Annotated[int, typer.Option(min=1, help="Hidden units, L.")] = 64,
    observed_dim: Annotated[int, typer.Option(min=1, help="Observations, N.")] = 1,
    quick: Annotated[bool, typer.Option("--quick", help="In small, T = 512 at most: to see what is measured.")] = False,
    interpret: Annotated[
        bool,
        typer.Option("--interpret", help="Run kernels by jax's interpreter, without a GPU too: their times mean nothing."),
    ] = False,
    format: Annotated[str, typer.Option(help="text, markdown or csv.")] = "text",
    device: arg.Device = None,
):
    """Hold the time of each fused kernel, and of scans step by step, against what the device can do at all.

    One table: operations, bytes, the bound that follows from them, the measured time and the share of it that the bound is.
    Without a GPU there are no kernels, and XLA's scans stand alone.
    """
    from bench.running import worker

    worker.set_flags(device)
    from bench.roofline import command

    sizes = {"T": min(T, 512) if quick else T, "S": batch, "M": latent_dim, "L": hidden_dim, "N": observed_dim}
    print(command.roofline(sizes, quick=quick, interpret=interpret, format=format, device=device))
