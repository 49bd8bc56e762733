"""Time against sequence length: one panel per latent dimension, sequential in black, failures as crosses above the data."""

import numpy as np
from matplotlib.ticker import LogLocator

from bench.tables.grouping import of_measure
from bench.tables.runtime import times

from . import style

PHASES = {"forward": "forward", "gradient": "forward + backward", "update": "training update"}


def plot(tables, experiment: dict):
    """Medians with quartiles of right answers, log-log; rows are phases, columns latent dimensions.

    A point with a failed cell has a cross, at the time-out where the experiment names one and that is what happened.
    """
    tables = of_measure(tables, "runtime")
    points = times(tables, by=("latent_dim", "T"))
    points["cross"] = np.nan
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
    base = _failure_base(points, experiment)
    for (phase, dim), at in panels.items():
        rows = dict(zip(failing, style.failure_rows(axes[at], base, len(failing), step=1.9), strict=True))
        # A method that could not even be loaded has no dimension: it failed in every panel.
        panel = points[(points["phase"] == phase) & (points["latent_dim"].eq(dim) | points["latent_dim"].isna())]
        for label, line in panel.groupby("label"):
            line = line.sort_values("T")
            style.errorbar(axes[at], line["T"], line["seconds"], line["seconds_low"], line["seconds_high"], looks[label])
            failed = line[line["failed"] > 0]
            if len(failed):
                style.crosses(axes[at], failed["T"], [rows[label]] * len(failed), looks[label]["color"])
                points.loc[failed.index, "cross"] = rows[label]
        if at[0] == 0:
            axes[at].set_title(PHASES[phase] if one else f"$M = {dim:g}$")
        if at[1] == 0:
            axes[at].set_ylabel("time per call (s)" if one else f"{PHASES[phase]}\ntime per call (s)")
    _limits(axes[0, 0], points, base, len(failing))
    area.supxlabel("sequence length $T$ (time steps)", fontsize=8.5)
    handles = [style.handle(label, look) for label, look in looks.items()]
    style.legend(fig, handles + ([style.cross_handle("failed (see table)")] if failing else []))
    return fig, points


def _failure_base(points, experiment) -> float:
    highest = points["seconds_high"].max()
    base = 3 * highest if np.isfinite(highest) else 1.0
    budget = experiment.get("timeout_s")
    timed_out = points["status"].str.contains("timeout").any()
    return max(base, float(budget)) if budget and timed_out else base


def _limits(ax, points, base: float, failing: int) -> None:
    lengths = np.array(sorted(points["T"].unique()), dtype=float)
    powers = bool(len(lengths)) and bool(np.all(np.log2(lengths) % 1 == 0))
    ax.set_xscale("log", base=2 if powers else 10)
    ax.set_yscale("log")
    ax.xaxis.set_minor_locator(LogLocator(base=2 if powers else 10, subs=[]))
    if len(lengths):
        margin = 1.5 if len(lengths) > 1 else 4
        ax.set_xlim(lengths[0] / margin, lengths[-1] * margin)
    lowest = points["seconds_low"].min()
    lowest = lowest / 2 if np.isfinite(lowest) else base / 100
    ax.set_ylim(lowest, base * 1.9**failing if failing else base)
