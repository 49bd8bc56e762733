"""Time of the gradient against sequence length: a row of panels per problem and forcing strength, a column per family."""

from bench.showing.drawing import against_length, families, style
from bench.showing.drawing.band import cross_handle
from bench.showing.frames.attempts import attempts, case_names, decided, varying
from bench.showing.frames.cells import of_measure
from bench.showing.vocabulary import appearance
from bench.showing.vocabulary.symbols import LENGTH


def plot(tables, experiment: dict):
    """Medians with quartiles at the loosest tolerance that is accurate, log-log; a case that a method failed is a cross."""
    tables = of_measure(tables, "work_precision")
    points = decided(attempts(tables))
    points = points.assign(problem=case_names(points), alpha=points["alpha"].astype(float).fillna(0.0))
    points = points.assign(row=families.case(points))
    looks = appearance.looks(points)
    fig, grid = families.panels(points, tables["cells"], experiment, ("T", "alpha", *varying(points)))
    count = families.most_failing(grid)
    for panel in grid:
        band = families.band(panel, count)
        for label, line, look in families.in_order(panel.points, looks):
            line = line.sort_values("T")
            style.errorbar(panel.ax, line["T"], line["gradient_s"], line["gradient_s_low"], line["gradient_s_high"], look)
            band.cross(label, line.loc[line["status"] != "ok", "T"], look["color"])
    low, high = points["gradient_s_low"].min(), points["gradient_s_high"].max()
    against_length.scale(grid[0].ax, points["T"], low, high, count)
    fig.subfigs[0].supxlabel(LENGTH, fontsize=8.5)
    fig.subfigs[0].supylabel("forward + backward, time per call", fontsize=8.5)
    families.legend(fig, points, [cross_handle("failed (see table)")] if count else [])
    return fig, points.drop(columns="row")
