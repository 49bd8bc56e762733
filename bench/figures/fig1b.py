"""Newton updates against forcing strength: one panel per first guess, over the forced Lyapunov exponent that explains them."""

import numpy as np
import seaborn as sns
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from bench.tables.convergence import points as convergence_points
from bench.tables.grouping import of_measure

from . import style

GUESSES = {
    "pinv": "guess from the data ($B^+x$)",
    "zero": "guess zero",
    "zeros": "guess zero",
    "normal": "guess noise",
    "noise": "guess noise",
}


def plot(tables, experiment: dict):
    """Median and quartiles over sequences; a failed sequence counts as the cap, its cell has a cross above it.

    Colour and marker are the latent dimension; where there are several methods, the line tells them apart.
    """
    tables = of_measure(tables, "convergence")
    points = convergence_points(tables, by=("latent_dim", "guess", "alpha"), hidden=("guess",))
    points["guess"] = points["guess"].fillna("")
    cap = points["cap"].max()
    finite = points["updates_max"].replace(np.inf, np.nan).max()
    cap = float(np.nanmax([cap, finite, 1.0]))
    order = list(GUESSES)
    guesses = sorted(points["guess"].unique(), key=lambda guess: order.index(guess) if guess in order else len(order))
    dims = sorted(points["latent_dim"].dropna().unique())
    colors = dict(zip(dims, sns.color_palette("viridis", len(dims) + 1), strict=False))  # without its yellow end
    dim_looks = {dim: {"color": colors[dim], "marker": style.MARKERS[i % len(style.MARKERS)]} for i, dim in enumerate(dims)}
    lines = {label: {"linestyle": style.LINES[i % len(style.LINES)]} for i, label in enumerate(style.looks(points))}
    failing = [dim for dim in dims if (points.loc[points["latent_dim"] == dim, "failed"] > 0).any()]

    width = style.WIDTH if len(guesses) > 1 else 4.2
    fig, area = style.canvas(experiment, tables["cells"], 3.9, shown=("latent_dim", "alpha"), width=width)
    axes = area.subplots(2, max(len(guesses), 1), sharex=True, sharey="row", squeeze=False, height_ratios=[2.6, 1])
    for j, guess in enumerate(guesses):
        upper, lower = axes[:, j]
        upper.axhline(cap, color="0.6", linewidth=0.8, linestyle=":", zorder=0)
        lower.axhline(0, color="0.6", linewidth=0.8, zorder=0)
        upper.set_title(GUESSES.get(guess, f"guess {guess}" if guess else ""))
        rows = dict(zip(failing, style.failure_rows(upper, cap * 1.8, len(failing), step=1.35), strict=True))
        for (dim, label), line in points[points["guess"] == guess].groupby(["latent_dim", "label"]):
            line, look = line.sort_values("alpha"), dim_looks[dim] | lines[label]
            middle, low, high = (line[name].clip(upper=cap) for name in ("updates", "updates_low", "updates_high"))
            style.errorbar(upper, line["alpha"], middle, low, high, look)
            failed = line[line["failed"] > 0]
            if len(failed):
                style.crosses(upper, failed["alpha"], [rows[dim]] * len(failed), colors[dim])
            lower.plot(line["alpha"], line["lambda_f"], markeredgewidth=0, **(look | {"linewidth": 1, "markersize": 2.5}))
    _scales(axes[0, 0], cap, cap * 1.8 * 1.35 ** len(failing) if failing else cap * 1.6)
    axes[0, 0].set_ylabel("Newton updates\nper sequence")
    axes[1, 0].set_ylabel("$\\lambda_f$\n(per step)")
    area.supxlabel("forcing strength $\\alpha$", fontsize=8.5)

    handles = [style.handle(f"$M = {dim:g}$", look) for dim, look in dim_looks.items()]
    if len(lines) > 1:
        handles += [style.handle(label, look | {"color": "0.3"}) for label, look in lines.items()]
    handles.append(style.handle(f"cap ({cap:g})", {"color": "0.6", "linestyle": ":"}))
    if failing:
        handles.append(style.cross_handle("failed sequences"))
    style.legend(fig, handles)
    return fig, points


def _scales(ax, cap: float, top: float) -> None:
    """Updates are logarithmic above one and linear below, as zero is a possible answer: the guess was right."""
    # The interesting strengths are the small ones: a square root gives them room without hiding alpha = 0.
    ax.set_xscale("function", functions=(lambda a: np.sign(a) * np.sqrt(np.abs(a)), lambda a: np.sign(a) * a**2))
    ax.set_xlim(-0.002, 1.08)
    ax.xaxis.set_major_locator(FixedLocator([0, 0.02, 0.1, 0.2, 0.4, 0.6, 0.8, 1]))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.set_yscale("symlog", linthresh=1, linscale=0.35)
    ax.set_ylim(-0.1, top)
    ticks = [0, *(tick for power in range(6) for tick in (10**power, 2 * 10**power, 5 * 10**power) if tick <= cap)]
    ax.yaxis.set_major_locator(FixedLocator(ticks if cap <= 200 else [tick for tick in ticks if str(tick)[0] in "01"]))
    ax.yaxis.set_minor_locator(NullLocator())
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
