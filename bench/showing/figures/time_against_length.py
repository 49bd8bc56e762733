"""Time of the gradient against sequence length: a row of panels per problem and forcing strength, a column per family."""

from bench.showing.figures import families, style, vocabulary
from bench.showing.tables.grouping import of_measure
from bench.showing.tables.work_precision import CASE, attempts, decided, problems


def plot(tables, experiment: dict):
    """Medians with quartiles at the loosest tolerance that is accurate, log-log; a case that a method failed is a cross."""
    tables = of_measure(tables, "work_precision")
    points = decided(attempts(tables))
    points = points.assign(problem=problems(points), alpha=points["alpha"].astype(float).fillna(0.0))
    points = points.assign(row=families.case(points))
    looks = vocabulary.looks(points)
    fig, grid = families.panels(points, tables["cells"], experiment, ("T", "alpha", *varying(points)))
    count = families.most_failing(grid)
    for panel in grid:
        heights, ax = families.heights(panel, count), panel.ax
        for label, line, look in families.in_order(panel.points, looks):
            line = line.sort_values("T")
            style.errorbar(ax, line["T"], line["gradient_s"], line["gradient_s_low"], line["gradient_s_high"], look)
            failed = line.loc[line["status"] != "ok", "T"]
            if len(failed):
                transform = ax.get_xaxis_transform()
                style.crosses(ax, failed, [heights[label]] * len(failed), look["color"], transform=transform)
    low, high = points["gradient_s_low"].min(), points["gradient_s_high"].max()
    style.time_against_length(grid[0].ax, points["T"], low, high, count)
    fig.subfigs[0].supxlabel("sequence length $T$ (time steps)", fontsize=8.5)
    fig.subfigs[0].supylabel("forward + backward, time per call", fontsize=8.5)
    families.legend(fig, points, [style.cross_handle("failed (see table)")] if count else [])
    return fig, points.drop(columns="row")


def varying(points) -> list[str]:
    """The settings that `problems` names, so that the line of sizes need not."""
    names = [name for name in CASE if name not in ("T", "alpha") and points[name].nunique(dropna=False) > 1]
    return [*names, "observed_dim"] if "observed" in names else names
