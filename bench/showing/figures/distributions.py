"""Quality over seeds: every run a dot, by method or against sequence length, between what the truth and white noise score."""

import numpy as np
from matplotlib.ticker import NullLocator

from bench.showing.drawing import against_length, style, ticks
from bench.showing.drawing.band import FailureBand, fit_below
from bench.showing.drawing.by_method import draw_by_method
from bench.showing.frames.cells import of_measure
from bench.showing.frames.points import labelled, lost, ranked_metrics, values
from bench.showing.frames.scores import DECOMPOSED
from bench.showing.vocabulary import appearance
from bench.showing.vocabulary.symbols import LENGTH, metric_label

COLUMNS = 4
PANEL, PAGE = 1.35, 10.0  # inches: the least width of a panel, the most height of a figure
LONG = 36  # letters: longer labels are set smaller


def plot(tables, experiment: dict):
    """A row of panels per system or observation pattern (and forcing strength, where all methods have several), one per metric.

    Where T varies within a method it is the axis, with lines through the medians; else there is a line of dots per method. What
    is more than a page has the first metrics of each row alone; all of them are among the points.
    """
    tables = of_measure(tables, experiment.get("measure") or "reconstruction")
    cells, over = labelled(tables["cells"])
    metrics = _metrics(tables)
    owners = cells[["cell", "method", "label", "problem", "T", "seed", "status"]]
    points = values(tables, owners, metrics).drop(columns="x").astype(dict.fromkeys(["value", "floor", "noise"], float))
    points = points.sort_values(["problem", "panel", "label", "T", "cell"], kind="stable", ignore_index=True)
    rows = list(dict.fromkeys(cells["problem"])) or [""]
    shown = {"T": over, "system": len(rows) > 1, "observed": len(rows) > 1, "alpha": any("α" in row for row in rows)}
    shown = [name for name, named in shown.items() if named]
    looks = appearance.looks(cells)
    draw = _against_length if over else _by_method
    fig = draw(points, looks, rows, metrics, lambda height: style.canvas(experiment, cells, height, shown))
    failed = "infinite or failed (count)" if lost(points).any() else ""
    style.legend_of_lines(fig, looks if over else {}, failed, extra=style.bound_handles(points))
    return fig, points


def _metrics(tables) -> list[str]:
    found = ranked_metrics(tables)
    hidden = {"dstsp_bins"} if "dstsp_gmm" in found else set()
    if "local_loss" in found:  # the losses, of which the claims are, next to the first score
        found = [found[0], *(name for name in DECOMPOSED if name in found), *found[1:]]
    else:
        hidden |= set(DECOMPOSED)
    return [name for name in dict.fromkeys(found) if name not in hidden] or ["dstsp_gmm"]


def _grid(rows, metrics, labels_in: float = 0.0):
    """Lines of panels `(row, metrics)`: as many metrics as fit side by side, where labels are so many inches wide."""
    fit = min(COLUMNS, max(1, int((style.WIDTH - labels_in) / PANEL)))
    count = -(-len(metrics) // -(-len(metrics) // fit))
    return [(row, metrics[i : i + count]) for row in rows for i in range(0, len(metrics), count)], count


def _by_method(points, looks, rows, metrics, canvas):
    longest = max(map(len, looks), default=0)
    small = {"fontsize": 6.8} if longest > LONG else {}
    lines, count = _grid(rows, metrics, (0.048 if small else 0.058) * longest)
    own = {
        row: {label: looks[label] for label in looks if label in set(points.loc[points["problem"] == row, "label"])}
        for row in rows
    }
    height = {row: 0.75 + (0.16 if small else 0.19) * max(len(own[row]), 1) for row in rows}
    if sum(height[row] for row, _ in lines) > PAGE:
        lines = [(row, shown) for row, shown in lines if shown[0] == metrics[0]]
    heights = [height[row] for row, _ in lines]
    fig, area = canvas(0.9 + sum(heights))
    axes = area.subplots(len(lines), count, sharey="row", squeeze=False, height_ratios=heights)
    for line, (row, shown) in zip(axes, lines, strict=True):
        for ax, metric in zip(line, shown, strict=False):
            draw_by_method(ax, points[(points["problem"] == row) & (points["panel"] == metric)], own[row])
            ax.set_xlabel(metric_label(metric))
        for ax in line[len(shown) :]:
            ax.set_axis_off()
        line[0].set_yticks(range(len(own[row])), list(own[row]), **small)
        line[0].set_ylim(len(own[row]) - 0.4, -0.6)
        if len(rows) > 1 and shown[0] == metrics[0]:
            line[0].set_title(row, loc="left")
    return fig


def _against_length(points, looks, rows, metrics, canvas):
    lines, count = _grid(rows, metrics)
    fig, area = canvas(1.2 + 1.6 * len(lines))
    axes = area.subplots(len(lines), count, sharex=True, squeeze=False)
    lengths = np.sort(points["T"].dropna().unique().astype(float))
    for line, (row, shown) in zip(axes, lines, strict=True):
        for ax, metric in zip(line, shown, strict=False):
            _draw_lengths(ax, points[(points["problem"] == row) & (points["panel"] == metric)], looks, last=ax is line[-1])
            ax.set_title(metric_label(metric) if row == rows[0] else "")
        for ax in line[len(shown) :]:
            ax.set_axis_off()
        line[0].set_ylabel(row)
    axes[0, 0].set_xscale("log", base=2)
    if len(lengths):
        axes[0, 0].set_xlim(lengths[0] / 1.5, lengths[-1] * 1.5)
    for ax in axes.flat:
        ax.xaxis.set_minor_locator(NullLocator())
        if against_length.powers_of_two(lengths):
            ax.xaxis.get_major_locator().set_params(numticks=5)
        else:
            ax.set_xticks(lengths, [f"{length:g}" for length in lengths])
    area.supxlabel(LENGTH, fontsize=8.5)
    return fig


def _draw_lengths(ax, points, looks, last: bool) -> None:
    finite = points[np.isfinite(points["value"])]
    log = finite["value"].gt(0).all()
    gone = points[lost(points)].groupby(["label", "T"])["cell"].nunique()
    failing = [label for label in looks if label in gone.index.get_level_values("label")]
    band = FailureBand(ax, failing, named=last)
    style.bounds(ax.axhline, points, positive=log)
    for place, (label, look) in enumerate(looks.items()):
        own = points[points["label"] == label]
        # Beside each other, so that the dots of methods do not hide those of others.
        beside = 1.35 ** ((place - (len(looks) - 1) / 2) / max(len(looks), 3))
        dots = own[np.isfinite(own["value"])]
        ax.plot(dots["T"] * beside, dots["value"], ".", color=look["color"], markeredgewidth=0, markersize=4.5, alpha=0.55)
        # As in the table a lost run counts: where half of them are lost there is no median.
        median = own["value"].where(~lost(own), np.inf).groupby(own["T"]).median().replace(np.inf, np.nan)
        ax.plot(median.index * beside, median, markeredgewidth=0, **look)
        for T, count in gone[label].items() if label in failing else ():
            band.cross(label, [T * beside], look["color"])
            where = {"xycoords": ax.get_xaxis_transform(), "textcoords": "offset points"}
            words = {"va": "center", "fontsize": 6.5, "color": look["color"]}
            ax.annotate(f"{count}", (T * beside, band.heights[label]), (4.5, -0.5), **where, **words)
    _scale(ax, finite, log, len(failing))


def _scale(ax, points, log: bool, failing: int) -> None:
    seen = points[["value", "floor", "noise"]].to_numpy(float).ravel()
    seen = seen[np.isfinite(seen) & ((seen > 0) | (not log))]
    if not len(points):
        style.empty(ax, ax.yaxis)
        return
    if log:
        low, high = seen.min() / 1.3, seen.max() * 1.3
        low, high = low / max(1, (3 * low / high)) ** 0.5, high * max(1, (3 * low / high)) ** 0.5  # half a decade at least
        ax.set_yscale("log")
        fit_below(ax, low, high, failing)
        ticks.readable_log(ax.yaxis, (low, high), apart=0.12)
    else:
        margin = 0.08 * (np.ptp(seen) or 1)
        fit_below(ax, seen.min() - margin, seen.max() + margin, failing)
