"""Time of the gradient against sequence length: a row of panels per problem, a column per forcing strength."""

import numpy as np

from bench.tables.grouping import of_measure
from bench.tables.work_precision import CASE, attempts, decided, problems

from . import style


def plot(tables, experiment: dict):
    """Medians with quartiles at the loosest tolerance that is accurate, log-log; a case that a method failed is a cross."""
    tables = of_measure(tables, "work_precision")
    points = decided(attempts(tables))
    points = points.assign(problem=problems(points), alpha=points["alpha"].astype(float).fillna(0.0))
    looks = told_apart(style.looks(points))
    failing = [label for label in looks if (points.loc[points["label"] == label, "status"] != "ok").any()]
    fig, grid = panels(points, tables["cells"], experiment, ("T", "alpha"))
    for at, ax, panel in grid:
        rows = dict(zip(failing, style.failure_band(ax, len(failing), named=at == grid[-1][0]), strict=True))
        for label, line in panel.groupby("label"):
            line = line.sort_values("T")
            style.errorbar(ax, line["T"], line["gradient_s"], line["gradient_s_low"], line["gradient_s_high"], looks[label])
            failed = line.loc[line["status"] != "ok", "T"]
            if len(failed):
                style.crosses(ax, failed, [rows[label]] * len(failed), looks[label]["color"], transform=ax.get_xaxis_transform())
    low, high = points["gradient_s_low"].min(), points["gradient_s_high"].max()
    style.time_against_length(grid[0][1], points["T"], low, high, len(failing))
    fig.subfigs[0].supxlabel("sequence length $T$ (time steps)", fontsize=8.5)
    fig.subfigs[0].supylabel("forward + backward, time per call", fontsize=8.5)
    handles = [style.handle(label, look) for label, look in looks.items()]
    style.legend(fig, handles + ([style.cross_handle("failed (see table)")] if failing else []))
    return fig, points


def panels(points, cells, experiment: dict, shown: tuple):
    """A figure, and `((row, column), axes, points)` of each panel: rows are problems, columns forcing strengths."""
    rows, columns = list(dict.fromkeys(points["problem"])) or [""], sorted(points["alpha"].unique()) or [np.nan]
    legend_lines = -(-points["label"].nunique() // 4)
    fig, area = style.canvas(experiment, cells, 1.2 + 1.9 * len(rows) + 0.17 * legend_lines, (*shown, *varying(points)))
    axes = area.subplots(len(rows), len(columns), sharex=True, sharey=True, squeeze=False)
    grid = []
    for i, problem in enumerate(rows):
        for j, alpha in enumerate(columns):
            if i == 0 and not np.isnan(alpha):
                axes[i, j].set_title(f"α = {alpha:g}")
            if j == 0:
                axes[i, j].set_ylabel(problem)
            grid.append(((i, j), axes[i, j], points[(points["problem"] == problem) & (points["alpha"] == alpha)]))
    return fig, grid


def varying(points) -> list[str]:
    """The settings that `problems` names, so that the line of sizes need not."""
    names = [name for name in CASE if name not in ("T", "alpha") and points[name].nunique(dropna=False) > 1]
    return [*names, "observed_dim"] if "observed" in names else names


def told_apart(looks: dict[str, dict]) -> dict[str, dict]:
    """The looks, lines of one colour in different strokes: there are more solvers than colours."""
    colors = [look["color"] for look in looks.values()]
    nth = [colors[:i].count(color) for i, color in enumerate(colors)]
    strokes = [style.LINES[n % len(style.LINES)] for n in nth]
    return {label: look | {"linestyle": stroke} for (label, look), stroke in zip(looks.items(), strokes, strict=True)}
