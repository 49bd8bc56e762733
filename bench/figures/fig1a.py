"""Time against sequence length: one panel per latent dimension, sequential in black, failures as crosses at the top."""

import numpy as np

from bench.tables.grouping import of_measure
from bench.tables.runtime import times

from . import style

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
    looks = style.looks(points)
    failing = [label for label in looks if (points.loc[points["label"] == label, "failed"] > 0).any()]

    one = len(dims) == 1  # then the phases are columns, and the dimension is named with the other sizes
    shown = ("T",) if one else ("T", "latent_dim")
    panels = {(phase, dim): (0, i) if one else (i, j) for i, phase in enumerate(phases) for j, dim in enumerate(dims)}
    shape = (1, len(phases)) if one else (len(phases), len(dims))
    fig, area = style.canvas(experiment, tables["cells"], 1.4 + 1.45 * shape[0], shown)
    axes = area.subplots(*shape, sharex=True, sharey=True, squeeze=False)
    for (phase, dim), at in panels.items():
        rows = dict(zip(failing, style.failure_band(axes[at], len(failing), named=at[1] == shape[1] - 1), strict=True))
        # A method that could not even be loaded has no dimension: it failed in every panel.
        panel = points[(points["phase"] == phase) & (points["latent_dim"].eq(dim) | points["latent_dim"].isna())]
        for label, line in panel.groupby("label"):
            line = line.sort_values("T")
            style.errorbar(axes[at], line["T"], line["seconds"], line["seconds_low"], line["seconds_high"], looks[label])
            failed = line[line["failed"] > 0]
            if len(failed):
                top = axes[at].get_xaxis_transform()
                style.crosses(axes[at], failed["T"], [rows[label]] * len(failed), looks[label]["color"], transform=top)
        if at[0] == 0:
            axes[at].set_title(PHASES[phase] if one else f"$M = {dim:g}$")
        if at[1] == 0:
            axes[at].set_ylabel("time per call" if one else f"{PHASES[phase]}\ntime per call")
    style.time_against_length(axes[0, 0], points["T"], points["seconds_low"].min(), points["seconds_high"].max(), len(failing))
    area.supxlabel("sequence length $T$ (time steps)", fontsize=8.5)
    handles = [style.handle(label, look) for label, look in looks.items()]
    style.legend(fig, handles + ([style.cross_handle("failed (see table)")] if failing else []))
    return fig, points
