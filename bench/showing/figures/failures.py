"""Where each method fails: one row per method, one column per case, coloured by what came of it."""

import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.patches import Patch

from bench.showing.drawing import families, style
from bench.showing.frames.attempts import attempts, case_names, decided, varying
from bench.showing.frames.cells import of_measure
from bench.showing.vocabulary.numbers import number
from bench.showing.vocabulary.statuses import SIGNS
from bench.showing.vocabulary.symbols import LENGTH

COLORS = {status: sign.color for status, sign in SIGNS.items()}
SHOWS_SKIPPED = True
OTHER = "several"  # seeds that ended differently
MISSING = "not asked"


def plot(tables, experiment: dict):
    """The number in a case that a method solved is its speed-up, sequential / method: below 1 it is slower."""
    tables = of_measure(tables, "work_precision")
    points = decided(attempts(tables))
    points = points.assign(problem=case_names(points), alpha=points["alpha"].astype(float).fillna(0.0))
    points = points.sort_values(["problem", "alpha", "T"], kind="stable")
    points["outcome"] = points["status"].where(points["status"].isin(list(COLORS)), OTHER)
    labels = _by_family(points) or [""]
    cases = list(dict.fromkeys(points[["problem", "alpha", "T"]].itertuples(index=False, name=None)))
    colors = COLORS | {OTHER: "#999999", MISSING: "white"}
    names = list(colors)
    fig, area = style.canvas(experiment, tables["cells"], 1.75 + 0.19 * len(labels), ("T", "alpha", *varying(points)))
    ax = area.subplots()
    grid = np.full((len(labels), max(len(cases), 1)), names.index(MISSING))
    for row in points.itertuples():
        at = labels.index(row.label), cases.index((row.problem, row.alpha, row.T))
        grid[at] = names.index(row.outcome)
        if row.outcome == "ok" and not np.isnan(row.speedup):
            ax.text(at[1], at[0], number(row.speedup, 2), ha="center", va="center", fontsize=5.8, color="0.25")
    ax.imshow(grid, cmap=ListedColormap(list(colors.values())), vmin=0, vmax=len(names) - 1, aspect="auto")
    _axes(ax, labels, cases)
    present = [names[i] for i in sorted(set(grid.ravel().tolist()))]
    words = {"ok": "ok (speed-up)"}
    handles = [Patch(facecolor=colors[name], edgecolor="0.7", label=words.get(name, name.replace("_", " "))) for name in present]
    style.legend(fig, handles)
    return fig, points


def _by_family(points) -> list[str]:
    """The labels in the order of the legends of the other figures."""
    columns = families.families(points).values()
    return list(dict.fromkeys(label for labels in columns for label in labels))


def _axes(ax, labels: list[str], cases: list[tuple]) -> None:
    """Rows by method; columns by length, with the strengths and problems below, a white line between their cells."""
    ax.set_yticks(range(len(labels)), labels, fontsize=6.8)
    ax.set_xticks(range(len(cases)), [f"{T:g}" for _, _, T in cases], fontsize=6.2)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    for at in np.arange(0.5, len(cases) - 0.5):
        ax.axvline(at, color="white", linewidth=0.8)
    for at in np.arange(0.5, len(labels) - 0.5):
        ax.axhline(at, color="white", linewidth=0.8)
    _brackets(ax, [f"α = {alpha:g}" for _, alpha, _ in cases], [problem for problem, _, _ in cases])
    ax.set_xlabel(LENGTH)


def _brackets(ax, strengths: list[str], problems: list[str]) -> None:
    """The strength over each run of lengths, and the problem over each run of strengths; dark lines between problems."""
    for above, names in {3: list(zip(problems, strengths, strict=True)), 13: [(problem,) for problem in problems]}.items():
        starts = [i for i, name in enumerate(names) if i == 0 or name != names[i - 1]]
        for start, end in zip(starts, [*starts[1:], len(names)], strict=False):
            where = {"xycoords": ax.get_xaxis_transform(), "textcoords": "offset points", "annotation_clip": False}
            middle = ((start + end - 1) / 2, 1.0)
            ax.annotate(names[start][-1], middle, (0, above), ha="center", va="bottom", fontsize=7, **where)
            if start:
                ax.axvline(start - 0.5, color="0.6" if len(names[0]) > 1 else "0.2", linewidth=1.0)
