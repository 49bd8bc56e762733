"""Updates on the word problem of S5 against length: one with full Jacobians, about one per step with their diagonals."""

import numpy as np
import pandas as pd
from matplotlib.ticker import NullLocator

from bench.showing.drawing import style, ticks
from bench.showing.drawing.band import FailureBand, fit_below
from bench.showing.frames import predictability
from bench.showing.frames.grouping import triple
from bench.showing.vocabulary import appearance
from bench.showing.vocabulary.symbols import LENGTH

PER_STEP = ("one per step", {"color": "0.6", "linestyle": (0, (1, 1.2)), "linewidth": 1.0})


def plot(tables, experiment: dict):
    """Medians with range over seeds, log-log, of every prefix of a solve that keeps them; a cross where a solve was not done."""
    found = predictability.by_length(tables)
    points = _points(found)
    iterating = points[points["updates"].notna() | points["failed"].gt(0)]  # going step by step takes no updates
    looks = appearance.looks(iterating)
    failing = [label for label in looks if (points.loc[points["label"] == label, "failed"] > 0).any()]
    fig, area = style.canvas(experiment, tables["cells"], 3.2, shown=("T",), width=4.6)
    ax = area.subplots()
    band = FailureBand(ax, failing, named=True)
    for label, line in iterating.groupby("label"):
        style.errorbar(ax, line["length"], line["updates"], line["updates_low"], line["updates_high"], looks[label])
        band.cross(label, line.loc[line["failed"] > 0, "length"], looks[label]["color"])
    longest = points["length"].max() if len(points) else 10
    ax.plot([1, longest], [1, longest], zorder=0, **PER_STEP[1])
    ax.set_xscale("log")
    ax.set_yscale("log")
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_minor_locator(NullLocator())
        axis.set_major_formatter(ticks.plainly)
    ax.set_xlim(points["length"].min() / 1.3 if len(points) else 1, 1.3 * longest)
    fit_below(ax, 0.7, 1.5 * longest, len(failing))
    ax.set_xlabel(LENGTH)
    ax.set_ylabel("updates")
    style.legend_of_lines(fig, looks, "failed" if failing else "", [style.handle(*PER_STEP)])
    return fig, points


def _points(found: pd.DataFrame) -> pd.DataFrame:
    """One row per method and length: updates over seeds, how many failed, and the cells."""
    rows = []
    for (method, label, length), own in found.groupby(["method", "label", "length"], sort=False):
        row = {"method": method, "label": label, "length": length} | triple("updates", own["updates"].dropna(), 0.0, 1.0)
        failed = np.isinf(own["updates"]) | (own["updates"].isna() & ~own["met"])
        rows.append(row | {"failed": int(failed.sum()), "cells": " ".join(own["cell"])})
    columns = ["method", "label", "length", "updates", "updates_low", "updates_high", "failed", "cells"]
    return pd.DataFrame(rows, columns=columns).sort_values(["label", "length"], ignore_index=True)
