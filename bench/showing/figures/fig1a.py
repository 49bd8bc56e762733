"""Time against sequence length: one panel per latent dimension, sequential in black, failures as crosses at the top."""

import numpy as np

from bench.showing.figures import style, vocabulary
from bench.showing.tables.grouping import of_measure
from bench.showing.tables.runtime import times

PHASES = {"forward": "forward", "gradient": "forward + backward", "update": "training update"}


def plot(tables, experiment: dict):
    """Medians with quartiles of right answers, log-log; rows are phases, columns latent dimensions.

    A point with a failed cell has a cross at the top edge. It stands for no time: a time-out of minutes would press milliseconds
    into a corner.
    """
    tables = of_measure(tables, "runtime")
    points = times(tables, by=("latent_dim", "T"))
    dims = sorted(points["latent_dim"].dropna().unique()) or [np.nan]
    phases = list(dict.fromkeys(points["phase"])) or ["gradient"]
    looks = vocabulary.looks(points)
    failing = [label for label in looks if (points.loc[points["label"] == label, "failed"] > 0).any()]

    one = len(dims) == 1  # then the phases are columns, and the dimension is named with the other sizes
    shown = ("T",) if one else ("T", "latent_dim")
    panels = {(phase, dim): (0, i) if one else (i, j) for i, phase in enumerate(phases) for j, dim in enumerate(dims)}
    shape = (1, len(phases)) if one else (len(phases), len(dims))
    fig, area = style.canvas(experiment, tables["cells"], 1.4 + 1.45 * shape[0], shown)
    axes = area.subplots(*shape, sharex=True, sharey=True, squeeze=False)
    for (phase, dim), at in panels.items():
        # A method that could not even be loaded has no dimension: it failed in every panel.
        panel = points[(points["phase"] == phase) & (points["latent_dim"].eq(dim) | points["latent_dim"].isna())]
        draw_times(axes[at], panel, looks, failing, named=at[1] == shape[1] - 1)
        if at[0] == 0:
            axes[at].set_title(PHASES[phase] if one else f"$M = {dim:g}$")
        if at[1] == 0:
            axes[at].set_ylabel("time per call" if one else f"{PHASES[phase]}\ntime per call")
    style.time_against_length(axes[0, 0], points["T"], points["seconds_low"].min(), points["seconds_high"].max(), len(failing))
    area.supxlabel("sequence length $T$ (time steps)", fontsize=8.5)
    handles = [style.handle(label, look) for label, look in looks.items()]
    style.legend(fig, handles + ([style.cross_handle("failed (see table)")] if failing else []))
    return fig, points


def draw_times(ax, points, looks: dict, failing: list[str], named: bool) -> None:
    """A line per label, and in the strip at the top the crosses of those that failed somewhere; `named`: it says so beside it."""
    heights = dict(zip(failing, style.failure_band(ax, len(failing), named=named), strict=True))
    for label in (label for label in looks if label in set(points["label"])):
        line = points[points["label"] == label].sort_values("T")
        style.errorbar(ax, line["T"], line["seconds"], line["seconds_low"], line["seconds_high"], looks[label])
        failed = line.loc[line["failed"] > 0, "T"]
        if len(failed):
            transform = ax.get_xaxis_transform()
            style.crosses(ax, failed, [heights[label]] * len(failed), looks[label]["color"], transform=transform)
