"""Time of the gradient per time step against length: a row of panels per problem and forcing strength, a column per family."""

from bench.showing.drawing import against_length, families, style
from bench.showing.drawing.band import cross_handle
from bench.showing.frames.attempts import attempts, case_names, decided, varying
from bench.showing.frames.cells import of_measure
from bench.showing.vocabulary import appearance
from bench.showing.vocabulary.numbers import number
from bench.showing.vocabulary.order import BASELINE
from bench.showing.vocabulary.symbols import LENGTH

ROOM = 2.0  # below the times, for what is written in the corner


def plot(tables, experiment: dict):
    """Medians with quartiles at the loosest tolerance that is accurate, log-log; a case that a method failed is a cross.

    In the corner of a panel stands the largest speed-up in it over the sequential scan and, where several were measured, what
    that answer gains over the fastest of them.
    """
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
            style.errorbar(panel.ax, line["T"], *(line[f"gradient_step_s{end}"] for end in ("", "_low", "_high")), look)
            band.cross(label, line.loc[line["status"] != "ok", "T"], look["color"])
        _best(panel)
    low, high = points["gradient_step_s_low"].min() / ROOM, points["gradient_step_s_high"].max()
    against_length.scale(grid[0].ax, points["T"], low, high, count)
    fig.subfigs[0].supxlabel(LENGTH, fontsize=8.5)
    fig.subfigs[0].supylabel("forward + backward, time per step (best: largest speed-up over sequential)", fontsize=8.5)
    families.legend(fig, points, [cross_handle("failed (see table)")] if count else [])
    return fig, points.drop(columns="row")


def _best(panel: families.Panel) -> None:
    """Of the family that the panel is about: the step-by-step methods are in every panel."""
    stepwise = panel.points["method"].map(appearance.family) == appearance.STEPWISE.title
    own = panel.points[~stepwise & panel.points["speedup"].notna()]
    if own.empty:
        return
    best = own.loc[own["speedup"].idxmax()]
    text = f"best {number(best['speedup'], 2)}x"
    if best["strongest"] != BASELINE:
        text += f", {number(best['speedup_strongest'], 2)}x over {best['strongest'].removeprefix(f'{BASELINE}-')}"
    panel.ax.text(0.03, 0.03, text, transform=panel.ax.transAxes, fontsize=5.5, color="0.3")
