"""What the command line selects: experiments with their cells, plug-ins found first."""

import dataclasses
from pathlib import Path

from bench import arguments as arg
from bench.errors import UserError, say


def asked(selection: arg.Selection, device: str | None = None) -> list:
    """Each selected experiment as `bench.running.suite.Asked`: one, or for `all` those of the suite, of most worth first."""
    from bench.question import config, worth

    add_plugins(selection.plugin)
    if selection.experiment != config.ALL:
        return [_chosen(_whole(selection, selection.experiment, device), selection)]
    found = [_whole(selection, name, device) for name in worth.suite()]
    return _with_cells(found, selection)


def add_plugins(paths: list[Path]) -> None:
    """Add files that can be used; one that cannot is the user's mistake, a part of one that cannot is said."""
    if paths:
        from bench.question import catalogue

        for path in paths:
            catalogue.add_plugin(path)
            if reason := catalogue.broken(path):
                raise UserError(f"plug-in file {path}: unavailable: {reason}")
            for reason in catalogue.left_out(path):
                say(f"plug-in file {path}: {reason}")


def _whole(selection: arg.Selection, name: str, device: str | None):
    """An experiment with all its cells, and the folder of its results: for `all` one of several in `--out`."""
    from bench.question import config, filters, matrix
    from bench.running import runner, suite
    from bench.showing import figures

    resolved = config.load(name, selection.profile, device=device, isolation=selection.isolation)
    figures.check(resolved)
    resolved = resolved.with_settings(selection.settings)
    if selection.seeds:
        resolved = resolved.with_seeds(filters.seeds(selection.seeds))
    cells = matrix.cells(resolved)
    out = selection.out / name if selection.out and selection.experiment == config.ALL else selection.out
    return suite.Asked(resolved, cells, cells, out or runner.default_out(resolved))


def _chosen(whole, selection: arg.Selection):
    """The experiment with those of its cells that the filters leave."""
    from bench.question import feasible, filters

    chosen = filters.select(whole.everything, method=selection.method, system=selection.system, where=selection.where)
    feasible.tell(chosen)
    return dataclasses.replace(whole, chosen=chosen)


def _with_cells(wholes: list, selection: arg.Selection) -> list:
    """The experiments of which the filters leave cells; filters that leave none of any are the user's mistake."""
    from bench.question import filters

    everything = [cell for each in wholes for cell in each.everything]
    left = {
        cell.id for cell in filters.select(everything, method=selection.method, system=selection.system, where=selection.where)
    }
    return [_chosen(each, selection) for each in wholes if any(cell.id in left for cell in each.everything)]
