"""One look for all figures: a method has the same colour and marker everywhere, and a failure is always a cross at the edge."""

import contextlib
import textwrap

import numpy as np
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.ticker import EngFormatter, FixedLocator, FuncFormatter, LogLocator, NullLocator

from bench.showing.tables.grouping import SETTINGS, parameter, tidy

WIDTH = 7.0  # inches, the text width of a paper
REFERENCES = {  # what a metric says of two true orbits, and of noise with the mean and spread of the truth
    "floor": ("floor: two true orbits", {"color": "0.5", "linestyle": "--", "linewidth": 0.9}),
    "noise": ("white noise", {"color": "0.5", "linestyle": ":", "linewidth": 1.1}),
}
_SYMBOLS = {"latent_dim": "M", "hidden_dim": "L", "batch": "S", "alpha": "α", "T": "T", "observed_dim": "N"}
MARKERS = ["o", "s", "^", "D", "v", "P"]  # of lines that are no methods


@contextlib.contextmanager
def context():
    """Paper-sized seaborn settings, restored afterwards; fonts are embedded as text that an editor can change."""
    fonts = {"font.family": "sans-serif", "font.sans-serif": ["DejaVu Sans"], "pdf.fonttype": 42, "axes.titlesize": 8.5}
    with sns.axes_style("ticks", fonts | {"axes.spines.top": False, "axes.spines.right": False}):
        with sns.plotting_context("paper", font_scale=0.85, rc={"lines.linewidth": 1.3, "lines.markersize": 4}):
            yield


def canvas(experiment: dict, cells, height: float, shown=(), width: float = WIDTH):
    """A figure with the experiment's title and, below it, all sizes that the axes do not show; and the part to draw in."""
    fig = Figure(figsize=(width, height), layout="constrained")
    title = experiment.get("title") or experiment.get("name") or ""
    fig.suptitle(textwrap.fill(title, int(11.5 * width)), fontsize=10)  # about as many letters as fit an inch
    inner = fig.subfigures(1, 1)
    inner.suptitle(textwrap.fill(sizes(cells, shown), int(16 * width)), fontsize=7.5, color="0.35")
    return fig, inner


def sizes(cells, shown=()) -> str:
    """`lorenz63, L = 50, S = 16, α = 0.5, float32, cpu`: what a reader needs to repeat the measurement.

    What has no value is left out, such as the observed variables where all of them are.
    """
    columns = {name: cells[name] for name in SETTINGS} | {name: parameter(cells, name) for name in ("observed", "observed_dim")}
    words = []
    for name in ("system", "observed", "observed_dim", *SETTINGS[1:]):
        values = columns[name].dropna()
        values = sorted(values[values != ""].unique(), key=lambda value: (str(type(value)), value))
        if name in shown or not values:
            continue
        text = ", ".join(map(tidy, values)) if len(values) <= 4 else f"{tidy(values[0])} … {tidy(values[-1])}"
        words.append(f"{_SYMBOLS[name]} = {text}" if name in _SYMBOLS else f"observed {text}" if name == "observed" else text)
    return ",  ".join(words)


def errorbar(ax, x, middle, low, high, look: dict) -> None:
    """A line through medians, with the interval of each."""
    ax.errorbar(x, middle, yerr=[middle - low, high - middle], elinewidth=0.9, capsize=1.5, markeredgewidth=0, **look)


def crosses(ax, x, y, color, **kwargs):
    """Failures: crosses at their place in data or (with a transform) axis coordinates, never hidden by other marks."""
    options = {"linestyle": "none", "marker": "x", "markersize": 5, "markeredgewidth": 1.4, "clip_on": False, "zorder": 5}
    return ax.plot(x, y, color=color, **(options | kwargs))


def failure_band(ax, count: int, named: bool) -> list[float]:
    """`count` heights in axis coordinates for the crosses of as many lines, in a strip at the top shaded as no place for data.

    It is named at its right end, outside of the panel, as a cross may be anywhere within.
    """
    if not count:
        return []
    share = band(count)
    ax.add_patch(Rectangle((0, 1 - share), 1, share, transform=ax.transAxes, color="0.95", zorder=-1, linewidth=0))
    if named:
        ax.text(1.015, 1 - share / 2, "failed", transform=ax.transAxes, va="center", fontsize=6.5, color="0.4")
    return [1 - share * (i + 0.5) / count for i in range(count)]


def band(count: int) -> float:
    """The share of a panel's height that the crosses of `count` lines take."""
    return min(0.28, 0.065 * count)


def fit_below_band(ax, low: float, high: float, count: int) -> None:
    """Limits, on whatever scale the axis has, such that no value up to `high` reaches the crosses of `count` lines."""
    transform = ax.yaxis.get_transform()
    bottom, top = transform.transform(np.array([low, high]))
    ax.set_ylim(low, transform.inverted().transform(np.array([bottom + (top - bottom) / (1 - band(count))]))[0])


def readable_log(axis, limits=None, formatter=None, apart: float = 0.1, letter: float = 0.0, unit: float = 1.0) -> None:
    """Three to five ticks at round numbers within the limits in plain digits, also where they span less than a decade.

    apart   least distance of two ticks, as a share of the axis, that their labels need
    letter  width of one letter of a label, as a share of the axis, where labels stand beside each other
    unit    what the round numbers are multiples of
    """
    low, high = limits or axis.get_view_interval()
    view = np.log10(axis.get_view_interval())
    powers = unit * 10.0 ** np.arange(np.floor(np.log10(low / unit)), np.ceil(np.log10(high / unit)) + 1)
    ticks: list[float] = []
    for steps in ((1,), (1, 3), (1, 2, 5), (1, 2, 3, 5), (1, 1.5, 2, 3, 4, 5, 7)):
        found: list[float] = []
        for tick in np.outer(powers, steps).ravel():
            wide = letter * (len(f"{tick:g}") + len(f"{found[-1]:g}") + 1.5) / 2 if found else 0.0
            if low <= tick <= high and (not found or np.log10(tick / found[-1]) >= max(apart, wide) * (view[1] - view[0])):
                found.append(tick)
        ticks = max(ticks, found, key=len)
        if len(ticks) >= 3:
            break
    axis.set_major_locator(FixedLocator(ticks[:: -(-len(ticks) // 5)] if ticks else []))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(formatter or FuncFormatter(lambda value, _: f"{value:g}"))


def empty(ax, *axes) -> None:
    """Says that a panel has nothing to show, rather than numbers on its axes that mean nothing."""
    for axis in axes:
        axis.set_major_locator(NullLocator())
        axis.set_minor_locator(NullLocator())
    ax.text(0.5, 0.5, "no values", transform=ax.transAxes, ha="center", va="center", color="0.6")


def references(line, points, positive: bool) -> None:
    """Floors and white noise of the points, `line` being `ax.axhline` or `ax.axvline`; on a log axis the positive ones."""
    for name, (_, look) in REFERENCES.items():
        for value in points[name].dropna().unique():
            if value > 0 or not positive:
                line(value, zorder=1, **look)


def reference_handles(points) -> list[Line2D]:
    return [handle(label, look) for name, (label, look) in REFERENCES.items() if points[name].notna().any()]


def legend(fig, handles: list) -> None:
    """One legend for all panels, below them, in as many columns as the width holds."""
    inches = 0.45 + 0.055 * np.array([len(handle.get_label()) for handle in handles])  # of a label with its line, about
    fits = inches.sum() < fig.get_figwidth() - 0.3
    columns = len(handles) if fits else max(1, int(0.8 * fig.get_figwidth() / inches.mean()))
    fig.legend(handles=handles, loc="outside lower center", ncols=columns, frameon=False, handlelength=2.2, columnspacing=1.6)


def handle(label: str, looks: dict) -> Line2D:
    return Line2D([], [], label=label, **looks)


def cross_handle(label: str) -> Line2D:
    return Line2D([], [], label=label, color="0.3", marker="x", linestyle="none", markeredgewidth=1.4)


def powers_of_two(lengths) -> bool:
    return bool(np.all(np.log2(lengths) % 1 == 0))


def time_against_length(ax, lengths, low: float, high: float, failing: int) -> None:
    """Log-log axes for times from `low` to `high` seconds of sequences of those lengths, below the band of what fails."""
    lengths = np.array(sorted(lengths.unique()), dtype=float)
    base = 2 if len(lengths) and powers_of_two(lengths) else 10
    ax.set_xscale("log", base=base)
    ax.set_yscale("log")
    ax.xaxis.set_minor_locator(LogLocator(base=base, subs=[]))
    if len(lengths):
        margin = 1.5 if len(lengths) > 1 else 4
        ax.set_xlim(lengths[0] / margin, lengths[-1] * margin)
    if np.isfinite(low):
        low, high = low / 1.6, high * 1.6
        fit_below_band(ax, low, high, failing)
        readable_log(ax.yaxis, (low, high), EngFormatter("s"))
    else:
        empty(ax, ax.yaxis)
