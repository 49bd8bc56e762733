"""Time and scratch memory of one gradient against sequence length, side by side, for one size of model."""

from bench.showing.drawing import against_length, style, ticks
from bench.showing.frames.cells import of_measure
from bench.showing.frames.times import memory, times
from bench.showing.vocabulary import appearance
from bench.showing.vocabulary.numbers import UNITS
from bench.showing.vocabulary.symbols import LENGTH, PHASES


def plot(tables, experiment: dict):
    """A panel per phase, then the memory that the compiled gradient needs beside its arguments and results; log-log.

    A failed cell is a cross above the times; its memory is drawn all the same where it was compiled.
    """
    tables = of_measure(tables, "runtime")
    points = times(tables, by=("latent_dim", "T")).merge(memory(tables, by=("latent_dim", "T")), how="left")
    looks = appearance.looks(points)
    phases = list(dict.fromkeys(points["phase"])) or ["gradient"]
    failing = against_length.failing(points, looks)
    fig, area = style.canvas(experiment, tables["cells"], 2.9, ("T",))
    *axes, last = area.subplots(1, len(phases) + 1, sharex=True)
    for ax in axes[1:]:
        ax.sharey(axes[0])
        ax.tick_params(labelleft=False)
    for ax, phase in zip(axes, phases, strict=True):
        against_length.draw(ax, points[points["phase"] == phase], looks, failing, named=ax is axes[-1])
        ax.set_title(PHASES[phase])
    against_length.scale(axes[0], points["T"], points["seconds_low"].min(), points["seconds_high"].max(), len(failing))
    axes[0].set_ylabel("time per call")
    _draw_memory(last, points[points["phase"] == phases[-1]], looks)
    area.supxlabel(LENGTH, fontsize=8.5)
    style.legend_of_lines(fig, looks, "failed (see table)" if failing else "")
    return fig, points


def _draw_memory(ax, points, looks) -> None:
    ax.set_title("scratch memory, gradient")
    known = points[points["temp_bytes"] > 0]
    for place, (label, look) in enumerate(looks.items()):
        own = known[known["label"] == label].sort_values("T")
        under = len(looks) - 1 - place  # methods that need the same memory show as stripes around each other
        ax.plot(own["T"], own["temp_bytes"], markeredgewidth=0, linewidth=1.2 + 0.5 * under, markersize=4 + 0.9 * under, **look)
    if known.empty:
        style.empty(ax, ax.yaxis)
        return
    low, high = known["temp_bytes"].min() / 1.6, known["temp_bytes"].max() * 1.6
    units = UNITS["_bytes"]
    unit, size = next((each for each in units if each[1] <= high / 8), units[-1])
    ax.set_yscale("log")
    ax.set_ylim(low, high)
    ax.set_ylabel(unit)
    ticks.readable_log(ax.yaxis, (low, high), lambda value, _: ticks.plainly(value / size, _), unit=size)
