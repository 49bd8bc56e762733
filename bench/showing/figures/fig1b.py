"""Newton updates against forcing strength: one panel per first guess, over the forced Lyapunov exponent that explains them."""

import numpy as np
import seaborn as sns
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from bench.showing.figures import style, vocabulary
from bench.showing.tables.convergence import points as convergence_points
from bench.showing.tables.grouping import of_measure

GUESSES = {
    "pinv": "guess from the data ($B^+x$)",
    "zero": "guess zero",
    "zeros": "guess zero",
    "normal": "guess noise",
    "noise": "guess noise",
}


RULES = {"residual": "stops on the residual", "increment": "stops on the increment"}


def plot(tables, experiment: dict):
    """Median and quartiles over sequences; a failed sequence counts as the cap, its cell has a cross above it.

    Colour and marker are the latent dimension; the line is the stopping rule, and the method where there are several.
    """
    tables = of_measure(tables, "convergence")
    points = convergence_points(tables, by=("latent_dim", "guess", "rule", "alpha"))
    points = points.assign(**{name: points[name].astype(object).fillna("") for name in ("guess", "rule")})
    cap, highest = _heights(points)
    guesses = sorted(points["guess"].unique(), key=lambda guess: _order(GUESSES, guess))
    dims = sorted(points["latent_dim"].dropna().unique())
    colors = dict(zip(dims, sns.color_palette("viridis", len(dims) + 1), strict=False))  # without its yellow end
    dim_looks = {dim: {"color": colors[dim], "marker": style.MARKERS[i % len(style.MARKERS)]} for i, dim in enumerate(dims)}
    lines = _lines(points)
    failing = [dim for dim in dims if (points.loc[points["latent_dim"] == dim, "failed"] > 0).any()]

    width = style.WIDTH if len(guesses) > 1 else 4.2
    fig, area = style.canvas(experiment, tables["cells"], 3.9, shown=("latent_dim", "alpha"), width=width)
    axes = area.subplots(2, max(len(guesses), 1), sharex=True, sharey="row", squeeze=False, height_ratios=[2.6, 1])
    for j, guess in enumerate(guesses):
        upper, lower = axes[:, j]
        upper.axhline(cap, color="0.6", linewidth=0.8, linestyle=":", zorder=0)
        lower.axhline(0, color="0.6", linewidth=0.8, zorder=0)
        upper.set_title(GUESSES.get(guess, f"guess {guess}" if guess else ""))
        rows = dict(zip(failing, style.failure_band(upper, len(failing), named=j == len(guesses) - 1), strict=True))
        for (dim, label, rule), line in points[points["guess"] == guess].groupby(["latent_dim", "label", "rule"]):
            line, look = line.sort_values("alpha"), dim_looks[dim] | lines[label, rule][1]
            middle, low, high = (line[name].clip(upper=cap) for name in ("updates", "updates_low", "updates_high"))
            style.errorbar(upper, line["alpha"], middle, low, high, look)
            failed = line[line["failed"] > 0]
            if len(failed):
                top = upper.get_xaxis_transform()
                style.crosses(upper, failed["alpha"], [rows[dim]] * len(failed), colors[dim], transform=top)
            lower.plot(line["alpha"], line["lambda_f"], markeredgewidth=0, **(look | {"linewidth": 1, "markersize": 2.5}))
    _scales(axes[0, 0], highest, len(failing))
    _exponents(axes[1, 0], points["lambda_f"])
    axes[0, 0].set_ylabel("Newton updates\nper sequence")
    axes[1, 0].set_ylabel("$\\lambda_f$\n(per step)")
    area.supxlabel("forcing strength $\\alpha$", fontsize=8.5)

    handles = [style.handle(f"$M = {dim:g}$", look) for dim, look in dim_looks.items()]
    if len(lines) > 1:
        handles += [style.handle(name, look | {"color": "0.3"}) for name, look in lines.values()]
    if cap <= highest:
        handles.append(style.handle(f"cap ({cap:g})", {"color": "0.6", "linestyle": ":"}))
    if failing:
        handles.append(style.cross_handle("failed sequences"))
    style.legend(fig, handles)
    return fig, points


def _heights(points) -> tuple[float, float]:
    """The cap of the updates, and the top of the axis: not the cap where all sequences stayed far below."""
    most = points["updates_max"].replace(np.inf, np.nan).max()
    cap = float(np.nanmax([points["cap"].max(), most, 1.0]))
    near = (points["failed"] > 0).any() or not most < cap / 3
    return cap, (1.3 * cap if near else 1.5 * most)


def _lines(points) -> dict:
    """Name and line style for each pair of label and rule; a rule alone is solid for the residual, dashed for the increment."""
    labels, rules = list(vocabulary.looks(points)), sorted(points["rule"].unique(), key=lambda rule: _order(RULES, rule))
    pairs = [(label, rule) for label in labels for rule in rules if ((points["label"] == label) & (points["rule"] == rule)).any()]
    out = {}
    for i, (label, rule) in enumerate(pairs):
        says = RULES.get(rule, f"rule {rule}" if rule else "")
        words = [label] * (len(labels) > 1 or not says) + [says] * (len(rules) > 1 and bool(says))
        out[label, rule] = (", ".join(words), {"linestyle": vocabulary.LINES[i % len(vocabulary.LINES)]})
    return out


def _order(known: dict, name: str):
    return (list(known).index(name) if name in known else len(known), name)


def _scales(ax, highest: float, failing: int) -> None:
    """Updates are logarithmic above one and linear below, as zero is a possible answer: the guess was right."""
    # The interesting strengths are the small ones: a square root gives them room without hiding alpha = 0.
    ax.set_xscale("function", functions=(lambda a: np.sign(a) * np.sqrt(np.abs(a)), lambda a: np.sign(a) * a**2))
    ax.set_xlim(-0.002, 1.08)
    ax.xaxis.set_major_locator(FixedLocator([0, 0.02, 0.1, 0.2, 0.4, 0.6, 0.8, 1]))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.set_yscale("symlog", linthresh=1, linscale=0.35)
    style.fit_below_band(ax, -0.1, highest, failing)
    ticks = [0, *(tick for power in range(6) for tick in (10**power, 2 * 10**power, 5 * 10**power) if tick <= highest)]
    ax.yaxis.set_major_locator(FixedLocator(ticks if highest <= 260 else [tick for tick in ticks if str(tick)[0] in "01"]))
    ax.yaxis.set_minor_locator(NullLocator())
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def _exponents(ax, values) -> None:
    """Linear about zero, where the sign decides, and logarithmic beyond: full forcing of all states has minus infinity."""
    finite = values[np.isfinite(values.astype(float))]
    ax.set_yscale("symlog", linthresh=0.1, linscale=0.8)
    if len(finite):
        ax.set_ylim(min(1.6 * finite.min(), -0.1), max(1.6 * finite.max(), 0.1))
    ax.yaxis.set_major_locator(FixedLocator([-100, -10, -1, -0.1, 0, 0.1, 1, 10]))
    ax.yaxis.set_minor_locator(NullLocator())
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
