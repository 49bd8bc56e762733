"""Updates of a solver on a recurrence beside the exponent, the merit at the stop and how wrong the trajectory is all the same.

Flows that stand beside their observers get a second table, with published numbers beside ours.
"""

import numpy as np
import pandas as pd

from bench.showing.frames import contraction, observers
from bench.showing.frames.cells import of_measure
from bench.showing.frames.grouping import groups, triple
from bench.showing.frames.predictability import MEASURE, OF_PROBLEM, solves, varied
from bench.showing.frames.published import observers as published
from bench.showing.frames.turns import Turns
from bench.showing.tables.glance import NOTHING, Column, Table, quantity, settings, table, words
from bench.showing.tables.runtime import over_strongest, speedups
from bench.showing.vocabulary.numbers import is_missing, number
from bench.showing.vocabulary.order import SETTINGS

CAPTION = (
    "Updates until the stopping rule is met: median [range] over seeds, inf where it was not. forecast: updates predicted before "
    "the solve [interval]. lambda: largest Lyapunov exponent per step. log mu: of the constant of Polyak and Lojasiewicz. merit: "
    "half the squared residual per step at the stop, the largest. error: largest distance of a state from the sequential "
    "trajectory: where lambda is above 0 a small merit does not make it small. Time of a solve: median [quartiles]; speed-up: "
    "sequential / method on the same recurrence, ~: not timed in turn."
)
PROPOSITION = (
    "log rho: what no exponent of a forced model exceeds, whatever the data are, and alpha*: the strength from which on it must "
    "contract, both by Proposition 1 of arXiv:2605.12683."
)
_FORECAST = ("forecast", "forecast_low", "forecast_high")


def summarise(tables) -> pd.DataFrame:
    """One row per method and settings of the recurrence, seeds pooled."""
    tables = of_measure(tables, MEASURE)
    given, found = varied(tables["cells"]), solves(tables)
    by, turns, promised = [*SETTINGS, *given], Turns(tables, found), contraction.promised(tables)
    rows = []
    for row, members in groups(tables["cells"].join(given), by, deciding=("system", "T", *given)):
        own = found[found["cell"].isin(members["cell"])]
        row["method"] = row.pop("label")
        row["seeds"] = members["seed"].nunique()
        row |= triple("updates", own["updates"].dropna(), 0, 1)
        row |= {name: pd.to_numeric(own.get(name), errors="coerce").median() if name in own else np.nan for name in _FORECAST}
        row |= {name: own[name].median() for name in OF_PROBLEM} | {"merit": own["merit"].max()}
        row |= triple("trajectory_error", own["trajectory_error"].dropna(), 0, 1)
        rows.append(row | promised.reindex(members["cell"]).median().to_dict() | turns.of(own))
    return pd.DataFrame(rows)


def glance(frame: pd.DataFrame) -> list[Table | str]:
    """One line per method and settings; and one per flow with its observer."""
    names = [*SETTINGS, *_varied(frame)]
    columns = [
        words(frame, "status") if frame["status"].ne("ok").any() else None,
        quantity(frame, "updates"),
        quantity(frame, "forecast"),
        quantity(frame, "lyapunov", "lambda"),
        quantity(frame, "log_mu", "log mu"),
        (bound := quantity(frame, "contraction", "log rho")),
        quantity(frame, "contraction_onset", "alpha*"),
        quantity(frame, "merit"),
        quantity(frame, "trajectory_error", "error"),
        quantity(frame, "forward_s", "time"),
        speedups(frame) if frame["speedup"].notna().any() else None,
        over_strongest(frame),
    ]
    shown = [table([*settings(frame, names), words(frame, "method")], columns)]
    shown += [PROPOSITION] if bound else []
    return [*shown, *(_beside_published(frame) if "system" in frame else [])]


def _varied(frame: pd.DataFrame) -> list[str]:
    """The settings of systems: what stands before the method, and is no setting that all measures share."""
    before = frame.columns[: frame.columns.get_loc("method")]
    return [name for name in before if name not in SETTINGS and name != "measure" and frame[name].notna().any()]


def _beside_published(frame: pd.DataFrame) -> list[Table | str]:
    given = frame.assign(label=frame["method"] if "method" in frame else "", T=frame["T"] if "T" in frame else np.nan)
    found = observers.pairs(given.fillna({"T": 0}))
    if found.empty:
        return []
    columns = [
        _column(found[f"{name}{which}"], found[f"{name}{which}_published"], f"{head}\n{whose}")
        for name, head in (("lyapunov_per_time", "lambda per time"), ("updates", "updates"))
        for which, whose in (("", "system"), ("_observer", "observer"))
    ]
    paper = published()
    notes = [f"In brackets: {paper.source}, for T = {paper.T}, its counts less one, as it counts one more."]
    notes = notes if found["updates_published"].notna().any() else []
    notes += [f"Updates counted for {observers.lengths(found)}."] if "T" in frame else []
    return [table(settings(found, ["system"]), columns), *([" ".join(notes)] if notes else [])]


def _column(ours: pd.Series, theirs: pd.Series, head: str) -> Column:
    """Our numbers, each with what is published in brackets."""
    texts = [NOTHING if is_missing(value) else number(value) for value in ours]
    known = ["" if is_missing(value) else f"[{number(value)}]" for value in theirs]
    return Column(head, texts, known, latex=head.replace("\n", ", ").replace("lambda", r"$\lambda$"))
