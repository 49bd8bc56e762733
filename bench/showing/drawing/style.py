"""One look for all figures: a method has the same colour and marker everywhere, and a failure is always a cross at the edge."""

import contextlib
import textwrap

import numpy as np
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator

from bench.showing.drawing.band import cross_handle
from bench.showing.frames.cells import parameter
from bench.showing.vocabulary.numbers import tidy
from bench.showing.vocabulary.order import SETTINGS
from bench.showing.vocabulary.symbols import BOUNDS, PLAIN

WIDTH = 7.0  # inches, the text width of a paper
BOUND_LINES = {  # what a metric says of two true orbits, and of noise with the mean and spread of the truth
    "floor": (f"{BOUNDS['floor']}: two true orbits", {"color": "0.5", "linestyle": "--", "linewidth": 0.9}),
    "noise": (BOUNDS["noise"], {"color": "0.5", "linestyle": ":", "linewidth": 1.1}),
}
MARKERS = ["o", "s", "^", "D", "v", "P"]  # of lines that are no methods


@contextlib.contextmanager
def context():
    """Paper-sized seaborn settings, restored afterwards; fonts are embedded as text that an editor can change."""
    fonts = {"font.family": "sans-serif", "font.sans-serif": ["DejaVu Sans"], "pdf.fonttype": 42, "axes.titlesize": 8.5}
    with sns.axes_style("ticks", fonts | {"axes.spines.top": False, "axes.spines.right": False}):
        with sns.plotting_context("paper", font_scale=0.85, rc={"lines.linewidth": 1.3, "lines.markersize": 4}):
            yield


def canvas(experiment: dict, cells, height: float, shown=(), width: float = WIDTH):
    """A figure with the experiment's title and, below it, all sizes that the axes do not show; and the part to draw in.

    A `note` in the experiment stands below the sizes.
    """
    fig = Figure(figsize=(width, height), layout="constrained")
    title = experiment.get("title") or experiment.get("name") or ""
    fig.suptitle(textwrap.fill(title, int(11.5 * width)), fontsize=10)  # about as many letters as fit an inch
    inner = fig.subfigures(1, 1)
    lines = [textwrap.fill(text, int(16 * width)) for text in (sizes(cells, shown), experiment.get("note", "")) if text]
    inner.suptitle("\n".join(lines), fontsize=7.5, color="0.35")
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
        words.append(f"{PLAIN[name]} = {text}" if name in PLAIN else f"observed {text}" if name == "observed" else text)
    return ",  ".join(words)


def errorbar(ax, x, middle, low, high, look: dict) -> None:
    """A line through medians, with the interval of each."""
    ax.errorbar(x, middle, yerr=[middle - low, high - middle], elinewidth=0.9, capsize=1.5, markeredgewidth=0, **look)


def empty(ax, *axes) -> None:
    """Says that a panel has nothing to show, rather than numbers on its axes that mean nothing."""
    for axis in axes:
        axis.set_major_locator(NullLocator())
        axis.set_minor_locator(NullLocator())
    ax.text(0.5, 0.5, "no values", transform=ax.transAxes, ha="center", va="center", color="0.6")


def bounds(line, points, positive: bool) -> None:
    """Floors and white noise of the points, `line` being `ax.axhline` or `ax.axvline`; on a log axis the positive ones."""
    for name, (_, look) in BOUND_LINES.items():
        for value in points[name].dropna().unique():
            if value > 0 or not positive:
                line(value, zorder=1, **look)


def bound_handles(points) -> list[Line2D]:
    return [handle(label, look) for name, (label, look) in BOUND_LINES.items() if points[name].notna().any()]


def legend(fig, handles: list) -> None:
    """One legend for all panels, below them, in as many columns as the width holds."""
    inches = 0.45 + 0.055 * np.array([len(handle.get_label()) for handle in handles])  # of a label with its line, about
    fits = inches.sum() < fig.get_figwidth() - 0.3
    columns = len(handles) if fits else max(1, int(0.8 * fig.get_figwidth() / inches.mean()))
    fig.legend(handles=handles, loc="outside lower center", ncols=columns, frameon=False, handlelength=2.2, columnspacing=1.6)


def legend_of_lines(fig, looks: dict, failed: str = "", extra=()) -> None:
    """A legend of the lines `label -> look`, of `extra` handles and, where something `failed`, of what a cross means."""
    handles = [*(handle(label, look) for label, look in looks.items()), *extra]
    legend(fig, handles + ([cross_handle(failed)] if failed else []))


def handle(label: str, looks: dict) -> Line2D:
    return Line2D([], [], label=label, **looks)
