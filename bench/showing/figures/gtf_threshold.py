"""Updates and forced exponent against forcing strength: where the model contracts (line), and where it must (dashes)."""

import numpy as np
import pandas as pd
from matplotlib.ticker import FixedLocator, NullLocator

from bench.showing.drawing import style, ticks
from bench.showing.drawing.band import FailureBand
from bench.showing.drawing.updates import scale_updates
from bench.showing.frames import contraction
from bench.showing.frames.grouping import triple
from bench.showing.vocabulary import appearance

BEGINS = ("contraction begins", {"color": "0.25", "linestyle": "-", "linewidth": 1.0})
MUST = ("it must, by Proposition 1", {"color": "0.25", "linestyle": (0, (5, 2)), "linewidth": 1.0})
PROMISED = ("bound of Proposition 1", {"color": "0.55", "linestyle": (0, (1, 1.2)), "linewidth": 1.2})
EXPONENT = ("forced exponent, of each seed", {"color": "0.1", "linewidth": 0.9, "marker": "o", "markersize": 2})
NO_PROMISE = "Proposition 1 promises\nno strength here"
LOWEST = -3.0  # per step: at full strength of all states the exponent is minus infinity, up to rounding
STRENGTHS = [0, 0.02, 0.1, 0.2, 0.4, 0.6, 0.8, 1]


def plot(tables, experiment: dict):
    """Medians with range over seeds; a column for each choice of what is observed, exponents below the updates.

    Both marks are medians over seeds. A strength at which a solve failed has a cross above it, and counts with the updates made.
    """
    found = contraction.forced(tables)
    points, marks = _points(found), contraction.models(found)
    looks = appearance.looks(points)
    failing = [label for label in looks if (points.loc[points["label"] == label, "failed"] > 0).any()]
    panels = list(points[["observed", "latent_dim"]].drop_duplicates().itertuples(index=False, name=None)) or [("", np.nan)]
    fig, area = style.canvas(experiment, tables["cells"], 4.4, ("latent_dim", "alpha", "observed", "observed_dim"))
    axes = area.subplots(2, len(panels), sharex=True, sharey="row", squeeze=False, height_ratios=[1.7, 1.3])
    for (upper, lower), panel in zip(axes.T, panels, strict=True):
        upper.set_title(_title(*panel))
        band = FailureBand(upper, failing, named=upper is axes[0, -1])
        own = _of(points, panel)
        for label, line in own.groupby("label"):
            style.errorbar(upper, line["alpha"], line["updates"], line["updates_low"], line["updates_high"], looks[label])
            band.cross(label, line.loc[line["failed"] > 0, "alpha"], looks[label]["color"])
        _exponents(lower, _of(found, panel))
        _marks((upper, lower), _of(marks, panel))
    _scales(axes, points, found, len(failing))
    axes[0, 0].set_ylabel("updates")
    axes[1, 0].set_ylabel("exponent $\\lambda_f$\n(per step)")
    area.supxlabel("forcing strength $\\alpha$", fontsize=8.5)
    extra = [style.handle(*each) for each in (BEGINS, MUST, EXPONENT, PROMISED)]
    style.legend_of_lines(fig, looks, "failed" if failing else "", extra)
    return fig, points


def _points(found: pd.DataFrame) -> pd.DataFrame:
    """One row per method, strength and what is observed: updates over seeds, exponent, both marks, cells."""
    marked = found.merge(contraction.models(found)[[*contraction.MODEL, "begins"]], on=contraction.MODEL, how="left")
    rows = []
    for key, own in marked.groupby(["observed", "latent_dim", "method", "alpha"], dropna=False):
        row = dict(zip(("observed", "latent_dim", "method", "alpha"), key, strict=True))
        row |= {"label": row["method"], "failed": int(own["status"].ne("ok").sum()), "cap": own["cap"].max()}
        row |= triple("updates", own["updates"], 0.0, 1.0)
        row |= {name: own[name].median() for name in ("exponent", "promised", "begins", "onset")}
        rows.append(row | {"cells": " ".join(own["cell"])})
    columns = ["observed", "latent_dim", "method", "alpha", "label", "failed", "cap", "updates", "updates_low", "updates_high"]
    return pd.DataFrame(rows, columns=[*columns, "exponent", "promised", "begins", "onset", "cells"])


def _of(rows: pd.DataFrame, panel: tuple[str, float]) -> pd.DataFrame:
    observed, M = panel
    return rows[rows["observed"].eq(observed) & (rows["latent_dim"].eq(M) | rows["latent_dim"].isna())]


def _title(observed: str, M: float) -> str:
    seen = f"{observed} observed" if observed else "every variable observed"
    return seen if np.isnan(M) else f"{seen}, $M = {M:g}$"


def _exponents(ax, own: pd.DataFrame) -> None:
    ax.axhline(0, color="0.7", linewidth=0.8, zorder=0)
    for _, seed in own.groupby("seed"):
        curve = seed.groupby("alpha")[["exponent", "promised"]].median()
        ax.plot(*_promised(curve["promised"], seed["onset"].median()), **PROMISED[1])
        ax.plot(curve.index, curve["exponent"], markeredgewidth=0, **EXPONENT[1])


def _promised(bound: pd.Series, onset: float):
    """log ρ along the strengths: where they change it, it is log (1 − α) + log σ̃, which many points draw as a curve."""
    if not onset > 0:
        return bound.index, bound
    alpha = np.linspace(bound.index.min(), min(bound.index.max(), 0.999), 400)
    return alpha, np.log(1 - alpha) - np.log(1 - onset)


def _marks(axes, marks: pd.DataFrame) -> None:
    """A vertical line through both panels for each mark, where it is finite."""
    for name, (_, look) in {"begins": BEGINS, "onset": MUST}.items():
        at = marks[name].median()
        for ax in axes if np.isfinite(at) else ():
            ax.axvline(at, zorder=0.5, **look)
    if len(marks) and marks["onset"].isna().all():
        place = {"transform": axes[1].transAxes, "ha": "right", "va": "bottom"}
        axes[1].text(0.97, 0.06, NO_PROMISE, fontsize=6.5, color="0.4", **place)


def _scales(axes, points: pd.DataFrame, found: pd.DataFrame, failing: int) -> None:
    upper, lower = axes[0, 0], axes[1, 0]
    # The interesting strengths are the small ones: a square root gives them room without hiding alpha = 0.
    upper.set_xscale("function", functions=(lambda a: np.sign(a) * np.sqrt(np.abs(a)), lambda a: np.sign(a) * a**2))
    upper.set_xlim(-0.002, 1.08)
    upper.xaxis.set_major_locator(FixedLocator(STRENGTHS))
    upper.xaxis.set_major_formatter(ticks.plainly)
    highest = points["updates_high"].replace(np.inf, np.nan).max()
    scale_updates(upper, 1.3 * highest if highest > 0 else 10, failing)
    values = np.concatenate([found["exponent"], found["promised"]]) if len(found) else np.zeros(0)
    values = values[np.isfinite(values)]
    lower.set_yscale("symlog", linthresh=0.01, linscale=0.5)
    if len(values):
        lower.set_ylim(min(1.6 * max(values.min(), LOWEST), -0.01), max(1.6 * values.max(), 0.01))
    lower.yaxis.set_major_locator(FixedLocator([-100, -10, -1, -0.1, -0.01, 0, 0.01, 0.1, 1, 10]))
    lower.yaxis.set_minor_locator(NullLocator())
    lower.yaxis.set_major_formatter(ticks.plainly)
