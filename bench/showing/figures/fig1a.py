"""Time per time step, and speed-up, against sequence length: one panel per latent dimension, failures as crosses at the top."""

from typing import NamedTuple

import numpy as np

from bench.showing.drawing import against_length, style
from bench.showing.frames.cells import of_measure
from bench.showing.frames.speedups import paces
from bench.showing.vocabulary import appearance
from bench.showing.vocabulary.order import BASELINE
from bench.showing.vocabulary.symbols import LENGTH, PHASES

SPEEDUPS = ("speedup", "speedup_strongest")


class Row(NamedTuple):
    """What a row of panels shows: a column of the points in one phase."""

    column: str
    phase: str
    label: str

    def within(self, points, dim: float):
        """The points of one panel. A method that could not even be loaded has no dimension: it failed in every panel."""
        return points[(points["phase"] == self.phase) & (points["latent_dim"].eq(dim) | points["latent_dim"].isna())]


def plot(tables, experiment: dict):
    """Medians with quartiles of right answers, log-log; rows are times of a phase and speed-ups, columns latent dimensions.

    Speed-ups are those of the last phase, over the sequential scan as it is usually written and, where several were measured,
    over the fastest of them. A point with a failed cell has a cross at the top edge. It stands for no time: a time-out of minutes
    would press milliseconds into a corner.
    """
    tables = of_measure(tables, "runtime")
    points = paces(tables, by=("latent_dim", "T"))
    looks = appearance.looks(points)
    failing = against_length.failing(points, looks)
    dims = sorted(points["latent_dim"].dropna().unique()) or [np.nan]
    rows = _rows(points)
    # of one dimension the rows stand side by side, and the dimension is named with the other sizes
    one = len(dims) == 1
    shown = ("T",) if one else ("T", "latent_dim")
    fig, area = style.canvas(experiment, tables["cells"], 1.4 + 1.45 * (1 if one else len(rows)), shown)
    shape = (1, len(rows)) if one else (len(rows), len(dims))
    axes = area.subplots(*shape, sharex=True, squeeze=False).reshape(len(rows), len(dims))
    for row, line in zip(rows, axes, strict=True):
        for dim, ax in zip(dims, line, strict=True):
            last = line is axes[-1] if one else ax is line[-1]
            against_length.draw(ax, row.within(points, dim), looks, failing, named=last, column=row.column)
    _scale(axes, rows, points, len(failing))
    _name(axes, rows, dims)
    area.supxlabel(LENGTH, fontsize=8.5)
    style.legend_of_lines(fig, looks, "failed (see table)" if failing else "")
    return fig, points


def _rows(points) -> list[Row]:
    phases = list(dict.fromkeys(points["phase"])) or ["gradient"]
    rows = [Row("step_s", phase, f"{PHASES[phase]}\ntime per step") for phase in phases]
    rivals = list(points["strongest"].dropna().unique())
    if points["speedup"].notna().any():
        rows.append(Row("speedup", phases[-1], f"speed-up over\n{BASELINE}"))
    if set(rivals) - {BASELINE}:
        rows.append(
            Row("speedup_strongest", phases[-1], f"speed-up over\n{rivals[0] if len(rivals) == 1 else 'the fastest scan'}")
        )
    return rows


def _scale(axes, rows: list[Row], points, failing: int) -> None:
    """One axis for all times and one for each kind of speed-up, on which a line says where nothing is gained."""
    for row, line in zip(rows, axes, strict=True):
        first = axes[0, 0] if row.column == "step_s" else line[0]
        for ax in line.flat:
            if ax is not first:
                ax.sharey(first)
            ax.tick_params(labelleft=ax is line[0])
            if row.column in SPEEDUPS:
                ax.axhline(1, color="0.6", linewidth=0.8, zorder=0)
        if line[0] is first:
            known = points if row.column == "step_s" else points[points["phase"] == row.phase]
            low, high = (known[[row.column, f"{row.column}_{end}"]] for end in ("low", "high"))  # one ratio has no quartiles
            formatter = None if row.column == "step_s" else lambda value, _: f"{value:g}x"
            against_length.scale(first, points["T"], low.min().min(), high.max().max(), failing, formatter)


def _name(axes, rows: list[Row], dims: list[float]) -> None:
    """What rows show above them where they stand side by side; or else beside them, with dimensions above the columns."""
    for row, line in zip(rows, axes, strict=True):
        if len(dims) == 1:
            line[0].set_title(row.label)
        else:
            line[0].set_ylabel(row.label)
    if len(dims) > 1:
        for ax, dim in zip(axes[0], dims, strict=True):
            ax.set_title(f"$M = {dim:g}$")
