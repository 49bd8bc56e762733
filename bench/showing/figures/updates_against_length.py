"""Updates of each solver against the length of the sequence, beside what a small merit leaves of the error of the trajectory."""

import numpy as np
import pandas as pd
from matplotlib.ticker import LogLocator, NullLocator

from bench.showing.drawing import style, ticks
from bench.showing.drawing.band import FailureBand
from bench.showing.drawing.updates import scale_updates
from bench.showing.frames.grouping import triple
from bench.showing.frames.predictability import by_length, stated
from bench.showing.vocabulary import appearance
from bench.showing.vocabulary.numbers import tidy
from bench.showing.vocabulary.symbols import LENGTH, symbol

GUIDES = {r"$\propto (\log T)^2$": (lambda T: np.log(T) ** 2, ":"), r"$\propto T$": (lambda T: T, (0, (5, 2)))}
STARTS = 100  # steps: from where the guides go


def plot(tables, experiment: dict):
    """Medians over seeds with their range, of all prefixes where they are known; beside them a point per solve.

    Grey guides grow as the square of the logarithm and as the length. A length at which some seed does not meet the rule within
    the cap, or left no answer, has a cross on top.
    """
    found = _apart(by_length(tables))
    points = _points(found)
    looks = appearance.looks(points)
    failing = [label for label in looks if (points["label"].eq(label) & points["failed"].gt(0)).any()]
    note = ",  ".join(filter(None, [experiment.get("note", ""), stated(found)]))
    fig, area = style.canvas(experiment | {"note": note}, found, 3.2, ("T", "latent_dim"), width=6.4)
    left, right = area.subplots(1, 2, width_ratios=[1.45, 1])
    band = FailureBand(left, failing, named=False)
    for place, (label, look) in enumerate(looks.items()):
        own = points[points["label"] == label].sort_values("length")
        under = len(looks) - 1 - place  # solvers that need the same updates show as stripes around each other
        _line(left, own, look | {"linewidth": 1.3 + 1.2 * under})
        lost = own.loc[own["failed"] > 0, "length"]
        band.cross(label, lost.iloc[:: max(len(lost) // 12, 1)], look["color"])
    _guides(left, points)
    _scale(left, points, len(failing))
    _errors(right, found.drop_duplicates("cell"), looks)
    style.legend_of_lines(fig, looks, "failed: rule not met, or no answer" if failing else "")
    return fig, points


def _points(found) -> pd.DataFrame:
    """One row per label and length: median and range over seeds, how many failed, errors of whole solves, the cells."""
    rows = []
    for (method, label, length), own in found.groupby(["method", "label", "length"], sort=True):
        row = {"method": method, "label": label, "length": length} | triple("updates", own["updates"].dropna(), 0, 1)
        failed = np.where(own["prefix"], ~np.isfinite(own["updates"]), ~own["met"])
        whole = own[own["length"] == own["T"]]
        row |= {"seeds": own["seed"].nunique(), "failed": int(failed.sum())}
        row |= {name: whole[name].median() for name in ("lyapunov", "merit", "trajectory_error")}
        rows.append(row | {"cells": " ".join(own["cell"])})
    order = ["method", "label", "length", "updates", "updates_low", "updates_high", "seeds", "failed"]
    numbers = dict.fromkeys(order[2:], float)
    return pd.DataFrame(rows, columns=[*order, "lyapunov", "merit", "trajectory_error", "cells"]).astype(numbers)


def _apart(found) -> pd.DataFrame:
    """Another system, or another setting of it, is another line."""
    label = found["label"].astype(object)
    for name in ["system"] * (found["system"].nunique() > 1) + found.attrs["varied"]:
        given = found[name].notna()
        label[given] += found.loc[given, name].map(lambda value, name=name: _trait(name, value))
    return found.assign(label=label)


def _trait(name: str, value) -> str:
    return f", {value}" if name == "system" else f", {symbol(name)}={tidy(value)}"


def _line(ax, own, look: dict) -> None:
    known = own[np.isfinite(own["updates"])]
    few = len(known) <= 12
    ax.plot(known["length"], known["updates"], **look | {"marker": look["marker"] if few else "", "markeredgewidth": 0})
    high = known["updates_high"].replace(np.inf, np.nan).fillna(known["updates"])
    ax.fill_between(known["length"], known["updates_low"], high, color=look["color"], alpha=0.18, linewidth=0)


def _guides(ax, points) -> None:
    """Through the least that some method needs at `STARTS` steps: what grows faster crosses them."""
    near = points[np.isfinite(points["updates"]) & points["length"].ge(STARTS)]
    if near["length"].nunique() < 2:
        return
    start, end = near["length"].min(), near["length"].max()
    least = near.loc[near["length"] == start, "updates"].min()
    T = np.geomspace(start, end, 60)
    for name, (law, line) in GUIDES.items():
        y = least * law(T) / law(start)
        shown = y <= 1.2 * near["updates_high"].replace(np.inf, np.nan).max()
        ax.plot(T[shown], y[shown], color="0.55", linewidth=0.9, linestyle=line, zorder=0)
        ax.annotate(name, (T[shown][-1], y[shown][-1]), (2, 2), textcoords="offset points", fontsize=6.5, color="0.4", ha="right")


def _scale(ax, points, failing: int) -> None:
    most = points["updates_high"].replace(np.inf, np.nan).max()
    scale_updates(ax, 1.5 * most if most > 0 else 10.0, failing)
    if points["length"].nunique() == 1:
        ax.set_xlim(points["length"].min() / 4, points["length"].max() * 4)
    ax.set_xscale("log")
    ax.xaxis.set_minor_locator(LogLocator(subs=[]))
    ax.xaxis.set_major_formatter(ticks.plainly)
    ax.set_xlabel(LENGTH)
    ax.set_ylabel("updates")


def _errors(ax, solves, looks: dict) -> None:
    """A point per solve: its error against its merit, both at the stop."""
    known = solves[np.isfinite(solves["updates"]) & solves["merit"].gt(0) & solves["trajectory_error"].gt(0)]
    for label, look in looks.items():
        own = known[known["label"] == label]
        ax.plot(own["merit"], own["trajectory_error"], **look | {"linestyle": "none", "markeredgewidth": 0, "alpha": 0.75})
    ax.set_xlabel("merit per step at the stop")
    ax.set_ylabel("largest error of a state")
    if known.empty:
        style.empty(ax, ax.xaxis, ax.yaxis)
        return
    ax.loglog()
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(LogLocator(numticks=5))
        axis.set_minor_locator(NullLocator())
