"""Time of a solve against a setting of the recurrence, the step-by-step scan being the line to beat; below it the exponent."""

import numpy as np
import pandas as pd
from matplotlib.ticker import EngFormatter

from bench.showing.drawing import style, ticks
from bench.showing.drawing.band import FailureBand, fit_below
from bench.showing.drawing.updates import scale_exponents
from bench.showing.frames.predictability import crossings, solves, stated
from bench.showing.frames.turns import Turns
from bench.showing.vocabulary import appearance
from bench.showing.vocabulary.order import BASELINE, BASELINES
from bench.showing.vocabulary.symbols import EXPONENT, MATH


def plot(tables, experiment: dict):
    """Medians with quartiles over repetitions and seeds; a dashed line stands where the median exponent is 0.

    A time counts where the rule was met; what the trajectory is off by stands in the table. A setting at which some solve did not
    meet it within the cap, or left no answer, has a cross on top.
    """
    found = solves(tables)
    setting = next(iter(found.attrs["varied"]), "T")
    points = _points(found, Turns(tables, found), setting)
    looks = {label: look | _scan(points, label) for label, look in appearance.looks(points).items()}
    failing = [label for label in looks if (points["label"].eq(label) & points["failed"].gt(0)).any()]
    note = ",  ".join(filter(None, [experiment.get("note", ""), stated(found)]))
    fig, area = style.canvas(experiment | {"note": note}, found, 4.4, ("latent_dim",), width=5.2)
    upper, lower = area.subplots(2, 1, sharex=True, height_ratios=[2.2, 1])
    band = FailureBand(upper, failing, named=True)
    for label, look in looks.items():
        own = points[points["label"] == label].sort_values(setting)
        style.errorbar(upper, own[setting], own["seconds"], own["seconds_low"], own["seconds_high"], look)
        band.cross(label, own.loc[own["failed"] > 0, setting], look["color"])
    _exponents(lower, found.drop_duplicates("problem"), setting)
    zero = {"color": "black", "linestyle": "--", "linewidth": 1.0}
    for ax, value in ((ax, value) for ax in (upper, lower) for value in crossings(found, setting)):
        ax.axvline(value, zorder=0, **zero)
    _scale(upper, points, len(failing))
    lower.set_xlabel(f"gain {MATH[setting]}" if setting == "gain" else MATH.get(setting, setting))
    extra = [style.handle("median exponent 0", zero)] if crossings(found, setting) else []
    style.legend_of_lines(fig, looks, "failed: rule not met, or no answer" if failing else "", extra)
    return fig, points


def _scan(points, label: str) -> dict:
    """How a sequential scan is set apart: the line to beat is broad, and stronger forms of it are broken."""
    method = points.loc[points["label"] == label, "method"].iloc[0]
    if method not in BASELINES:
        return {}
    return {"linewidth": 2.2, "zorder": 3, "linestyle": "-" if method == BASELINE else appearance.LINES[1]}


def _points(found, turns: Turns, setting: str) -> pd.DataFrame:
    """One row per label and value of the setting: seconds, speed-up, updates, how many failed, the exponent, the cells."""
    rows = []
    for (method, label, value), own in found.groupby(["method", "label", setting], sort=True):
        timed = turns.of(own)
        row = {"method": method, "label": label, setting: value}
        row |= {f"seconds{end}": timed[f"forward_s{end}"] for end in ("", "_low", "_high")}
        row |= {name: timed[name] for name in ("speedup", "speedup_low", "speedup_high", "speedup_pairs", "strongest")}
        row |= {"updates": own["updates"].median(), "seeds": own["seed"].nunique(), "failed": int((~own["met"]).sum())}
        row |= {name: own[name].median() for name in ("lyapunov", "merit", "trajectory_error")}
        rows.append(row | {"cells": " ".join(own["cell"])})
    order = ["method", "label", setting, "seconds", "seconds_low", "seconds_high", "speedup", "speedup_low", "speedup_high"]
    order += ["speedup_pairs", "strongest", "updates", "seeds", "failed", "lyapunov", "merit", "trajectory_error", "cells"]
    return pd.DataFrame(rows, columns=order)


def _exponents(ax, problems, setting: str) -> None:
    ax.axhline(0, color="0.6", linewidth=0.8, zorder=0)
    ax.plot(problems[setting], problems["lyapunov"], ".", color="0.5", markersize=3.5, markeredgewidth=0)
    middle = problems.groupby(setting)["lyapunov"].median()
    ax.plot(middle.index, middle, color="black", linewidth=1)
    scale_exponents(ax.yaxis, problems["lyapunov"].dropna(), apart=0.2)
    ax.set_ylabel(EXPONENT.replace(" (", "\n("))


def _scale(ax, points, failing: int) -> None:
    ax.set_ylabel("time of a solve")
    low, high = points["seconds_low"].min(), points["seconds_high"].max()
    if not np.isfinite([low, high]).all():
        style.empty(ax, ax.yaxis)
        return
    ax.set_yscale("log")
    fit_below(ax, low / 1.6, 1.6 * high, failing)
    ticks.readable_log(ax.yaxis, (low / 1.6, 1.6 * high), EngFormatter("s"))
