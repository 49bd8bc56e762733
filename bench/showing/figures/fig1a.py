"""Time against sequence length: one panel per latent dimension, sequential in black, failures as crosses at the top."""

import numpy as np

from bench.showing.drawing import against_length, style
from bench.showing.frames.cells import of_measure
from bench.showing.frames.times import times
from bench.showing.vocabulary import appearance
from bench.showing.vocabulary.symbols import LENGTH, PHASES


def plot(tables, experiment: dict):
    """Medians with quartiles of right answers, log-log; rows are phases, columns latent dimensions.

    A point with a failed cell has a cross at the top edge. It stands for no time: a time-out of minutes would press milliseconds
    into a corner.
    """
    tables = of_measure(tables, "runtime")
    points = times(tables, by=("latent_dim", "T"))
    looks = appearance.looks(points)
    failing = against_length.failing(points, looks)
    dims = sorted(points["latent_dim"].dropna().unique()) or [np.nan]
    phases = list(dict.fromkeys(points["phase"])) or ["gradient"]
    # of one dimension the phases stand side by side, and the dimension is named with the other sizes
    one = len(dims) == 1
    panels = [[(phase, dims[0]) for phase in phases]] if one else [[(phase, dim) for dim in dims] for phase in phases]
    shown = ("T",) if one else ("T", "latent_dim")
    fig, area = style.canvas(experiment, tables["cells"], 1.4 + 1.45 * len(panels), shown)
    axes = area.subplots(len(panels), len(panels[0]), sharex=True, sharey=True, squeeze=False)
    for line, own in zip(axes, panels, strict=True):
        for ax, panel in zip(line, own, strict=True):
            against_length.draw(ax, _within(points, *panel), looks, failing, named=ax is line[-1])
    _name(axes, phases, dims)
    against_length.scale(axes[0, 0], points["T"], points["seconds_low"].min(), points["seconds_high"].max(), len(failing))
    area.supxlabel(LENGTH, fontsize=8.5)
    style.legend_of_lines(fig, looks, "failed (see table)" if failing else "")
    return fig, points


def _within(points, phase: str, dim: float):
    """The points of one panel. A method that could not even be loaded has no dimension: it failed in every panel."""
    return points[(points["phase"] == phase) & (points["latent_dim"].eq(dim) | points["latent_dim"].isna())]


def _name(axes, phases: list[str], dims: list[float]) -> None:
    """Phases along one row of panels; or else dimensions above the columns and phases beside the rows."""
    if len(dims) == 1:
        for ax, phase in zip(axes[0], phases, strict=True):
            ax.set_title(PHASES[phase])
        axes[0, 0].set_ylabel("time per call")
        return
    for ax, dim in zip(axes[0], dims, strict=True):
        ax.set_title(f"$M = {dim:g}$")
    for ax, phase in zip(axes[:, 0], phases, strict=True):
        ax.set_ylabel(f"{PHASES[phase]}\ntime per call")
