"""Updates over a setting of the recurrence and the length of its prefix, a panel per solver, beside the exponent."""

import dataclasses

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.cm import ScalarMappable
from matplotlib.colors import ListedColormap, LogNorm
from matplotlib.patches import Patch
from matplotlib.ticker import LogLocator

from bench.showing.drawing import style, ticks
from bench.showing.drawing.band import cross_handle, crosses
from bench.showing.drawing.updates import scale_exponents
from bench.showing.frames.grouping import triple
from bench.showing.frames.predictability import by_length, crossings, stated
from bench.showing.vocabulary import appearance
from bench.showing.vocabulary.symbols import EXPONENT, MATH

COLUMNS = 5  # panels in a row, that of the exponent included
STOPPED = {"cmap": ListedColormap(["0.93"]), "hatch": "//////", "edgecolor": "0.6", "linewidth": 0}
ALONE = 0.09  # decades: how wide the one length of a solver without prefixes is drawn


@dataclasses.dataclass(frozen=True)
class Scale:
    """What all panels share: the setting with its values, the colours, and where the exponent is 0."""

    setting: str
    values: np.ndarray
    norm: LogNorm
    zero: list[float]


def plot(tables, experiment: dict):
    """Medians over seeds in colours of one logarithmic scale; hatched where half of the seeds or more were stopped at the cap.

    The first panel of a row has the exponents on the same axis; a dashed line goes through all panels where their median is 0. A
    solver whose prefixes are unknown is there at its own lengths alone, and a cross stands where a solve left no answer.
    """
    found = by_length(tables)
    setting = next(iter(found.attrs["varied"]), "seed")
    points = _points(found, setting)
    labels = [label for label in appearance.looks(points) if _iterates(points[points["label"] == label])]
    finite = points["updates"].replace(np.inf, np.nan)
    norm = LogNorm(max(finite.min(), 1) if finite.notna().any() else 1, max(finite.max(), 10) if finite.notna().any() else 10)
    values = np.sort(points[setting].unique()).astype(float) if len(points) else np.zeros(1)
    scale = Scale(setting, values, norm, crossings(found, setting))
    note = ",  ".join(filter(None, [experiment.get("note", ""), stated(found)]))
    rows = max(-(-len(labels) // (COLUMNS - 1)), 1)
    columns = min(len(labels), COLUMNS - 1) + 1
    fig, area = style.canvas(experiment | {"note": note}, found, 1.3 + 2.2 * rows, ("T", "latent_dim"))
    wide = [0.3 if rows == 1 and _lengths(points, label) == 1 else 1 for label in labels[: columns - 1]]
    space = area.add_gridspec(rows, columns + 1, width_ratios=[0.75, *wide, 0.06])
    axes = np.array([[area.add_subplot(space[i, j]) for j in range(columns)] for i in range(rows)])
    for line in axes:
        _exponents(line[0], found, scale)
    panels = axes[:, 1:].ravel()
    for ax, label in zip(panels, labels, strict=False):
        _draw(ax, label, points[points["label"] == label], scale)
    for ax in panels[len(labels) :]:
        ax.set_axis_off()
    for ax in axes.ravel():
        ax.set_ylim(*_edges(scale.values, 0.5)[[0, -1]])
        ax.tick_params(labelleft=ax in axes[:, 0])
    _bar(area.add_subplot(space[:, -1]), scale.norm)
    _legend(fig, points[points["label"].isin(labels)], scale)
    return fig, points


def _points(found, setting: str) -> pd.DataFrame:
    """One row per label, value of the setting and length: median and range over seeds, the share stopped, the cells."""
    rows = []
    for (label, value, length), own in found.groupby(["label", setting, "length"], sort=True):
        row = {"method": own["method"].iloc[0], "label": label, setting: value, "length": length}
        known = own.groupby("seed")["updates"].min()  # a solve of another length may have gone on where one was stopped
        row |= triple("updates", known.dropna(), 0, 1) | {"stopped": np.isinf(known).mean()}
        lost = own["updates"].isna() & ~own["met"]
        row |= {"seeds": own["seed"].nunique(), "lost": int(lost.sum()), "lyapunov": own["lyapunov"].median()}
        rows.append(row | {"cells": " ".join(own["cell"])})
    order = ["method", "label", setting, "length", "updates", "updates_low", "updates_high", "stopped", "seeds", "lost"]
    numbers = dict.fromkeys(("length", "updates", "updates_low", "updates_high", "stopped", "lost", "lyapunov"), float)
    return pd.DataFrame(rows, columns=[*order, "lyapunov", "cells"]).astype(numbers)


def _lengths(points, label: str) -> int:
    return points.loc[points["label"] == label, "length"].nunique()


def _iterates(own) -> bool:
    return own["updates"].notna().any() or own["lost"].gt(0).any()


def _draw(ax, label: str, own, scale: Scale) -> None:
    ax.set_title(label, fontsize=8)
    grid = own.pivot(index=scale.setting, columns="length", values="updates").reindex(scale.values)
    lengths, values = grid.columns.to_numpy(float), grid.to_numpy(float)
    x, y = _edges(np.log10(lengths), ALONE), _edges(scale.values, 0.5)
    inside = np.ma.masked_invalid(values)
    ax.pcolormesh(10.0**x, y, np.ma.maximum(inside, 1), cmap=_colors(), norm=scale.norm, rasterized=True)
    if np.isinf(values).any():
        ax.pcolor(10.0**x, y, np.ma.masked_where(~np.isinf(values), np.ones_like(values)), **STOPPED)
    lost = own[own["lost"].gt(0)]
    if len(lost):
        crosses(ax, lost["length"], lost[scale.setting], "0.3")
    for value in scale.zero:
        ax.axhline(value, color="white", linewidth=2.0)
        ax.axhline(value, color="black", linewidth=1.0, linestyle="--")
    ax.set_xscale("log")
    ax.set_xlim(10.0 ** x[0], 10.0 ** x[-1])
    ax.xaxis.set_minor_locator(LogLocator(subs=[]))
    ax.set_xlabel("prefix length $T$" if len(lengths) > 1 else "$T$")


def _exponents(ax, found, scale: Scale) -> None:
    """The exponent of each seed, a line through their medians."""
    problems = found.drop_duplicates("problem")
    ax.axvline(0, color="0.6", linewidth=0.8, zorder=0)
    for value in scale.zero:
        ax.axhline(value, color="black", linewidth=1.0, linestyle="--", zorder=0)
    ax.plot(problems["lyapunov"], problems[scale.setting], ".", color="0.5", markersize=3.5, markeredgewidth=0)
    middle = problems.groupby(scale.setting)["lyapunov"].median()
    ax.plot(middle, middle.index, color="black", linewidth=1)
    scale_exponents(ax.xaxis, problems["lyapunov"].dropna(), apart=0.3)
    ax.set_xlabel(EXPONENT.replace("exponent ", ""))
    symbol = MATH.get(scale.setting, scale.setting)
    ax.set_ylabel(f"gain {symbol}" if scale.setting == "gain" else symbol)


def _edges(centres: np.ndarray, alone: float) -> np.ndarray:
    """Borders half-way between neighbours; of one alone so far to both sides."""
    if len(centres) == 1:
        return centres[0] + np.array([-alone, alone])
    middle = (centres[1:] + centres[:-1]) / 2
    return np.concatenate([[2 * centres[0] - middle[0]], middle, [2 * centres[-1] - middle[-1]]])


def _colors():
    return sns.color_palette("mako_r", as_cmap=True)


def _bar(ax, norm: LogNorm) -> None:
    bar = ax.figure.colorbar(ScalarMappable(norm, _colors()), cax=ax)
    bar.set_label("updates")
    bar.outline.set_visible(False)
    ticks.readable_log(bar.ax.yaxis, (norm.vmin, norm.vmax))


def _legend(fig, points, scale: Scale) -> None:
    handles = []
    if points["stopped"].ge(0.5).any():
        words = "rule not met within the cap, of half of the seeds or more"
        handles.append(Patch(facecolor="0.93", hatch=STOPPED["hatch"], edgecolor="0.6", linewidth=0, label=words))
    if scale.zero:
        handles.append(style.handle("median exponent 0", {"color": "black", "linestyle": "--", "linewidth": 1.0}))
    if points["lost"].gt(0).any():
        handles.append(cross_handle("failed: no answer"))
    if handles:
        style.legend(fig, handles)
