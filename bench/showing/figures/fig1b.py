"""Newton updates against forcing strength: one panel per first guess, over the forced Lyapunov exponent that explains them."""

import dataclasses

import numpy as np
import seaborn as sns
from matplotlib.ticker import FixedLocator, NullLocator

from bench.showing.drawing import style, ticks
from bench.showing.drawing.band import FailureBand
from bench.showing.drawing.updates import scale_updates
from bench.showing.frames import newton
from bench.showing.frames.cells import of_measure
from bench.showing.vocabulary import appearance

GUESSES = {
    "pinv": "guess from the data ($B^+x$)",
    "zero": "guess zero",
    "zeros": "guess zero",
    "normal": "guess noise",
    "noise": "guess noise",
}
RULES = {"residual": "stops on the residual", "increment": "stops on the increment"}


@dataclasses.dataclass(frozen=True)
class Looks:
    """Colour and marker say the latent dimension; the line says the stopping rule, and the method where there are several."""

    dims: dict[float, dict]
    lines: dict[tuple[str, str], tuple[str, dict]]  # (label, rule) -> what it is called, and its line


def plot(tables, experiment: dict):
    """Median and quartiles over sequences; a failed sequence counts as the cap, its cell has a cross above it.

    Colour and marker are the latent dimension; the line is the stopping rule, and the method where there are several.
    """
    tables = of_measure(tables, "convergence")
    points = newton.points(tables, by=("latent_dim", "guess", "rule", "alpha"))
    points = points.assign(**{name: points[name].astype(object).fillna("") for name in ("guess", "rule")})
    cap, highest = _heights(points)
    guesses = sorted(points["guess"].unique(), key=lambda guess: _order(GUESSES, guess))
    looks = Looks(_dims(points), _lines(points))
    failing = [dim for dim in looks.dims if (points.loc[points["latent_dim"] == dim, "failed"] > 0).any()]

    width = style.WIDTH if len(guesses) > 1 else 4.2
    fig, area = style.canvas(experiment, tables["cells"], 3.9, shown=("latent_dim", "alpha"), width=width)
    axes = area.subplots(2, max(len(guesses), 1), sharex=True, sharey="row", squeeze=False, height_ratios=[2.6, 1])
    for (upper, lower), guess in zip(axes.T, guesses, strict=False):
        upper.set_title(GUESSES.get(guess, f"guess {guess}" if guess else ""))
        band = FailureBand(upper, failing, named=guess == guesses[-1])
        _draw(upper, lower, points[points["guess"] == guess], cap, looks, band)
    _scales(axes[0, 0], highest, len(failing))
    _exponents(axes[1, 0], points["lambda_f"])
    axes[0, 0].set_ylabel("Newton updates\nper sequence")
    axes[1, 0].set_ylabel("$\\lambda_f$\n(per step)")
    area.supxlabel("forcing strength $\\alpha$", fontsize=8.5)
    _legend(fig, looks, cap if cap <= highest else None, "failed sequences" if failing else "")
    return fig, points


def _draw(upper, lower, points, cap: float, looks: Looks, band: FailureBand) -> None:
    """The updates of one guess, and below them the exponents."""
    upper.axhline(cap, color="0.6", linewidth=0.8, linestyle=":", zorder=0)
    lower.axhline(0, color="0.6", linewidth=0.8, zorder=0)
    for (dim, label, rule), line in points.groupby(["latent_dim", "label", "rule"]):
        line, look = line.sort_values("alpha"), looks.dims[dim] | looks.lines[label, rule][1]
        middle, low, high = (line[name].clip(upper=cap) for name in ("updates", "updates_low", "updates_high"))
        style.errorbar(upper, line["alpha"], middle, low, high, look)
        band.cross(dim, line.loc[line["failed"] > 0, "alpha"], look["color"])
        lower.plot(line["alpha"], line["lambda_f"], markeredgewidth=0, **(look | {"linewidth": 1, "markersize": 2.5}))


def _legend(fig, looks: Looks, cap: float | None, failed: str) -> None:
    dims = {f"$M = {dim:g}$": look for dim, look in looks.dims.items()}
    extra = [style.handle(name, look | {"color": "0.3"}) for name, look in looks.lines.values() if len(looks.lines) > 1]
    if cap is not None:
        extra.append(style.handle(f"cap ({cap:g})", {"color": "0.6", "linestyle": ":"}))
    style.legend_of_lines(fig, dims, failed, extra)


def _heights(points) -> tuple[float, float]:
    """The cap of the updates, and the top of the axis: not the cap where all sequences stayed far below."""
    most = points["updates_max"].replace(np.inf, np.nan).max()
    cap = float(np.nanmax([points["cap"].max(), most, 1.0]))
    near = (points["failed"] > 0).any() or not most < cap / 3
    return cap, (1.3 * cap if near else 1.5 * most)


def _dims(points) -> dict[float, dict]:
    """Colour and marker of each latent dimension."""
    dims = sorted(points["latent_dim"].dropna().unique())
    colors = sns.color_palette("viridis", len(dims) + 1)[: len(dims)]  # without its yellow end
    markers = [style.MARKERS[i % len(style.MARKERS)] for i in range(len(dims))]
    return {dim: {"color": color, "marker": marker} for dim, color, marker in zip(dims, colors, markers, strict=True)}


def _lines(points) -> dict:
    """Name and line style for each pair of label and rule; a rule alone is solid for the residual, dashed for the increment."""
    labels, rules = list(appearance.looks(points)), sorted(points["rule"].unique(), key=lambda rule: _order(RULES, rule))
    pairs = [(label, rule) for label in labels for rule in rules if ((points["label"] == label) & (points["rule"] == rule)).any()]
    out = {}
    for i, (label, rule) in enumerate(pairs):
        says = RULES.get(rule, f"rule {rule}" if rule else "")
        words = [label] * (len(labels) > 1 or not says) + [says] * (len(rules) > 1 and bool(says))
        out[label, rule] = (", ".join(words), {"linestyle": appearance.LINES[i % len(appearance.LINES)]})
    return out


def _order(known: dict, name: str):
    return (list(known).index(name) if name in known else len(known), name)


def _scales(ax, highest: float, failing: int) -> None:
    # The interesting strengths are the small ones: a square root gives them room without hiding alpha = 0.
    ax.set_xscale("function", functions=(lambda a: np.sign(a) * np.sqrt(np.abs(a)), lambda a: np.sign(a) * a**2))
    ax.set_xlim(-0.002, 1.08)
    ax.xaxis.set_major_locator(FixedLocator([0, 0.02, 0.1, 0.2, 0.4, 0.6, 0.8, 1]))
    ax.xaxis.set_major_formatter(ticks.plainly)
    scale_updates(ax, highest, failing)


def _exponents(ax, values) -> None:
    """Linear about zero, where the sign decides, and logarithmic beyond: full forcing of all states has minus infinity."""
    finite = values[np.isfinite(values.astype(float))]
    ax.set_yscale("symlog", linthresh=0.1, linscale=0.8)
    if len(finite):
        ax.set_ylim(min(1.6 * finite.min(), -0.1), max(1.6 * finite.max(), 0.1))
    ax.yaxis.set_major_locator(FixedLocator([-100, -10, -1, -0.1, 0, 0.1, 1, 10]))
    ax.yaxis.set_minor_locator(NullLocator())
    ax.yaxis.set_major_formatter(ticks.plainly)
