"""Updates that were forecast before each solve against those that were counted, one mark for each solver."""

from bench.showing.drawing import style
from bench.showing.drawing.band import cross_handle
from bench.showing.frames.foresight import forecasts
from bench.showing.frames.predictability import stated
from bench.showing.vocabulary import appearance

LEAST = 0.5  # where no update is drawn on a logarithmic axis


def plot(tables, experiment: dict):
    """A mark with its interval per solve, both axes logarithmic; on the diagonal a forecast is right.

    A solve that was stopped has a cross at its cap, to the right of which it belongs. A forecast far above all counts, as of
    descent where errors grow, is drawn at the upper edge.
    """
    points = forecasts(tables)
    points["label"] = points["method"]  # one mark per solver, whatever its other settings
    looks = appearance.looks(points)
    told = points[points["told"]]
    note = ",  ".join(filter(None, [experiment.get("note", ""), stated(points), _held(points)]))
    fig, area = style.canvas(experiment | {"note": note}, points, 4.6, ("T", "latent_dim", "system"), width=5.2)
    ax = area.subplots()
    most = 5 * max(told["count"].max(), 10) if len(told) else 10
    ax.plot([LEAST, most], [LEAST, most], color="0.6", linewidth=0.8, zorder=0)
    for label, look in looks.items():
        own = told[told["label"] == label]
        own = own.assign(**{name: own[name].clip(LEAST, most) for name in ("count", "forecast", "forecast_low", "forecast_high")})
        dots = {**look, "linestyle": "none", "markersize": 4, "alpha": 0.6}
        right = own[~own["failed"]]
        style.errorbar(ax, right["count"], right["forecast"], right["forecast_low"], right["forecast_high"], dots)
        stopped = own[own["failed"]]
        ax.plot(stopped["count"], stopped["forecast"], linestyle="none", marker="x", markersize=4, color=look["color"])
    ax.set(xscale="log", yscale="log", xlim=(0.8 * LEAST, most), ylim=(0.8 * LEAST, 1.15 * most))
    ax.set(xlabel="updates that were needed", ylabel="updates that were forecast")
    dots = {label: {**look, "linestyle": "none"} for label, look in looks.items()}
    failed = points["failed"].any()
    extra = [cross_handle("failed: stopped at its cap, or no answer")] if failed else []
    style.legend_of_lines(fig, dots, extra=extra)
    columns = ["system", *points.attrs["varied"], "T", "alpha", "seed", "method", "label", "status", "failed"]
    asked = ["count", "forecast", "forecast_low", "forecast_high", "told", "held", "cell"]
    return fig, points[[*columns, *asked]].assign(cells=points["cell"])


def _held(points) -> str:
    told = points[points["told"]]
    return f"the interval holds {told['held'].sum()} of {len(told)} counts" if len(told) else ""
