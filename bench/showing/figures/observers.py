"""Updates and exponents of flows and of their observers, published numbers beside ours."""

import numpy as np
import pandas as pd
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, NullLocator

from bench.showing.drawing import style, ticks
from bench.showing.drawing.band import cross_handle, crosses
from bench.showing.drawing.updates import scale_exponents
from bench.showing.frames.grouping import triple
from bench.showing.frames.observers import QUANTITIES, counting, is_observer, lengths, pairs
from bench.showing.frames.predictability import solves, stated
from bench.showing.frames.published import observers
from bench.showing.vocabulary.appearance import BLUE, RED
from bench.showing.vocabulary.symbols import EXPONENT_PER_TIME

WHOSE = {"": ("flow", RED, "o"), "_observer": ("its observer", BLUE, "s")}
BELOW = 0.24  # of a row: how far published numbers stand below ours


def plot(tables, experiment: dict):
    """A row per flow: its updates and those of its observer, joined by a line, and beside them the exponents of both.

    Open marks below are published, their counts less one, as they count one more. A solve whose rule was not met within the cap,
    or that left no answer, has a cross at the right edge. Of several methods that count updates the first is shown, at the
    longest sequence of each system.
    """
    found = solves(tables)
    points = _points(found)
    rows = pairs(found).sort_values("updates", ascending=False, kind="stable", ignore_index=True)
    note = ",  ".join(filter(None, [experiment.get("note", ""), counting(found), lengths(rows), stated(found)]))
    fig, area = style.canvas(experiment | {"note": note}, found, 1.9 + 0.32 * max(len(rows), 3), ("system", "latent_dim", "T"))
    left, right = area.subplots(1, 2, sharey=True, width_ratios=[1.5, 1])
    for ax, name in ((left, "updates"), (right, "lyapunov_per_time")):
        _draw(ax, rows, name, log=name == "updates")
    left.set_yticks(range(len(rows)), rows["system"])
    left.set_ylim(len(rows) - 0.4, -0.6)
    left.set_xlabel("updates")
    right.set_xlabel(EXPONENT_PER_TIME)
    _scale(left, right, rows)
    _legend(fig, rows)
    return fig, points


def _points(found) -> pd.DataFrame:
    """One row per system, length and method, with what is published of it: median and range of the updates, and the exponent."""
    out = []
    for (system, T, method, label), own in found.groupby(["system", "T", "method", "label"], sort=True):
        row = {"system": system, "T": T, "method": method, "label": label}
        for name in QUANTITIES:
            row |= triple(name, own[name].dropna(), 0, 1)
        row |= {"trajectory_error": own["trajectory_error"].max(), "seeds": own["seed"].nunique()}
        out.append(row | {"failed": int((~own["met"]).sum()), "cells": " ".join(own["cell"])})
    order = ["system", "T", "method", "label", "updates", "updates_low", "updates_high", "lyapunov_per_time"]
    order += ["lyapunov_per_time_low", "lyapunov_per_time_high", "trajectory_error", "seeds", "failed", "cells"]
    points, known = pd.DataFrame(out, columns=order), observers().rows
    flow, whose = points["system"].str.removesuffix("-observer"), is_observer(points["system"])
    for ours, theirs in QUANTITIES.items():
        points[f"{ours}_published"] = flow.map(known[theirs]).where(~whose, flow.map(known[f"observer_{theirs}"]))
    return points


def _draw(ax, rows, name: str, log: bool) -> None:
    ax.grid(axis="y", color="0.93", linewidth=0.6)
    y = np.arange(len(rows))
    for published, below, filled in (("", 0.0, True), ("_published", BELOW, False)):
        both = [rows[f"{name}{whose}{published}"].astype(float) for whose in WHOSE]
        if filled:
            joined = np.isfinite(both[0]) & np.isfinite(both[1])
            ax.hlines(y[joined] + below, both[0][joined], both[1][joined], color="0.75", linewidth=1.5, zorder=1)
        for values, (whose, (_, color, marker)) in zip(both, WHOSE.items(), strict=True):
            face = {"markerfacecolor": color if filled else "white", "markeredgecolor": color, "markersize": 5 if filled else 3.5}
            known = np.isfinite(values)
            ax.plot(values[known].clip(lower=0.7 if log else None), y[known] + below, marker, markeredgewidth=0.8, **face)
            gone = ~known & rows[f"T{whose}"].notna()  # what was not asked is no failure
            if filled and log and gone.any():
                crosses(ax, np.full(gone.sum(), 1.0), y[gone], color, transform=ax.get_yaxis_transform())


def _scale(left, right, rows) -> None:
    counts = rows[[name for name in rows if name.startswith("updates")]].to_numpy(float)
    counts = counts[np.isfinite(counts)]
    left.set_xscale("log")
    left.set_xlim(0.6, 3 * counts.max() if len(counts) else 10)
    left.xaxis.set_major_locator(FixedLocator([10.0**power for power in range(7)]))
    left.xaxis.set_minor_locator(NullLocator())
    left.xaxis.set_major_formatter(ticks.plainly)
    right.axvline(0, color="0.6", linewidth=0.8, zorder=0)
    exponents = rows[[name for name in rows if name.startswith("lyapunov_per_time")]].to_numpy(float).ravel()
    scale_exponents(right.xaxis, exponents[np.isfinite(exponents)], apart=0.11)
    right.tick_params(axis="y", length=0)


def _legend(fig, rows) -> None:
    handles = [Line2D([], [], marker=marker, color=color, linestyle="none", label=word) for word, color, marker in WHOSE.values()]
    if len(rows) and rows["updates_published"].notna().any():
        look = {"marker": "o", "color": "0.3", "markerfacecolor": "white", "linestyle": "none", "markersize": 3.5}
        paper = observers()
        handles.append(Line2D([], [], label=f"{paper.source} (T = {paper.T})", **look))
    if any((rows[f"T{whose}"].notna() & ~np.isfinite(rows[f"updates{whose}"].astype(float))).any() for whose in WHOSE):
        handles.append(cross_handle("failed: rule not met, or no answer"))
    style.legend(fig, handles)
