"""Which method reaches an accurate answer first, problem by problem, and where each of them loses.

A case is a problem: sizes, forcing strength and what is observed. In it a method has one attempt per tolerance; those with an
accurate value and gradient (`ok`) compete, and the fastest of them stands for the method. Without one the method fails there.
"""

import collections

import numpy as np
import pandas as pd

from bench.showing.tables.glance import NOTHING, Column, Table, quantity, table, words
from bench.showing.tables.grouping import BASELINE, SETTINGS, labels, parameter, parameters, rank, tally, tidy, triple
from bench.showing.tables.rendering import number
from bench.showing.tables.runtime import UNPAIRED, costs, no_speedup, speedup, timed
from bench.showing.tables.symbols import SYMBOLS
from bench.showing.tables.where import where

CASE = ["observed", *SETTINGS]
PHASES = ("forward", "gradient")
DEFAULT_TOLERANCE = {"float32": 1e-6, "float64": 1e-10}  # of a solver that is given none, see methods.solvers.base
CAPTION = (
    "Time to an answer whose value and gradient agree with the sequential scan, at whichever tolerance gives one soonest. "
    "First, over all cases of a method: how many it won, came out even in (within 15 %) and lost against sequential in gradient "
    "time, and failed; of those not failed the median seconds and memory, the median speed-up sequential / method [lowest, "
    "highest] and updates; to best: its time / that of the fastest method of the case, median [lowest, highest], a failure being "
    "infinite. Then where it wins, loses and fails. Then every case: the time of sequential, the speed-up of the others, or how "
    "they failed; ~: of medians, not timed in turn."
)


def attempts(tables) -> pd.DataFrame:
    """One row per case, method and tolerance, seeds pooled.

    Seconds, `speedup` (sequential / method, in the gradient) and `to_best` (method / fastest) are those of accurate answers.
    """
    cells, samples = _described(tables["cells"]), timed(tables)
    if cells.empty:
        return pd.DataFrame(columns=_COLUMNS)
    nothing = samples.iloc[:0]
    by_cell = collections.defaultdict(lambda: nothing, iter(samples.groupby("cell")))
    frames = []
    for case, members in cells.groupby(CASE, dropna=False, sort=True):
        rows, own = [], []
        for (_, method, label, tolerance), group in members.groupby(["_rank", "method", "label", "tolerance"], dropna=False):
            right = (group["status"] == "ok").all()
            taken = pd.concat([by_cell[cell] for cell in group["cell"]]) if right else samples.iloc[:0]
            rows.append(dict(zip(CASE, case, strict=True)) | {"method": method, "label": label, "tolerance": tolerance})
            rows[-1] |= _summary(group, taken)
            own.append(taken[taken["phase"] == "gradient"])
        frames.append(pd.DataFrame(_compared(rows, own), columns=_COLUMNS))
    return pd.concat(frames, ignore_index=True)


def curves(tables) -> pd.DataFrame:
    """The attempts with `seconds` of the gradient, median and quartiles, those of inaccurate answers too.

    How inaccurate is in `gradient_error`.
    """
    attempted, samples = attempts(tables), tables["runtime"]
    samples = samples[samples["phase"] == "gradient"]
    found = [triple("seconds", samples.loc[samples["cell"].isin(cells.split()), "seconds"]) for cells in attempted["cells"]]
    return attempted.join(pd.DataFrame(found, index=attempted.index, columns=["seconds", "seconds_low", "seconds_high"]))


# What a speed-up must differ from 1 by: windows of which one suffices are the sequential scan itself, and were measured at 1.1.
CLEAR = 1.15
COUNTED = {"won": "wins", "even": "is even", "lost": "loses"}


def problems(frame: pd.DataFrame) -> pd.Series:
    """What tells the rows' cases apart beside T and alpha, in words: `observed x, M=16`."""
    varying = [name for name in CASE if name not in ("T", "alpha") and frame[name].nunique(dropna=False) > 1]
    words = frame[varying].apply(lambda row: ", ".join(_setting(*item) for item in row.items()), axis=1)
    return words if varying else pd.Series("", index=frame.index)


def decided(attempted: pd.DataFrame) -> pd.DataFrame:
    """One row per case and method: its fastest accurate attempt, or else the one with the smallest tolerance.

    `cells` are those of all its attempts.
    """
    case = [name for name in CASE if name in attempted]
    names = [name for name in ("method", "label") if name in attempted]
    rows = []
    for _, tried in attempted.groupby([*case, *names], dropna=False, sort=False):
        right = tried["gradient_s"].notna()
        best = tried["gradient_s"].idxmin() if right.any() else tried["tolerance"].fillna(0).idxmin()
        rows.append({**tried.loc[best], "cells": " ".join(tried["cells"])})
    return pd.DataFrame(rows, columns=attempted.columns)


def summarise(tables) -> pd.DataFrame:
    """The attempts, a method being called by its label."""
    return attempts(tables).drop(columns="method").rename(columns={"label": "method"})


def glance(frame: pd.DataFrame) -> list[Table | str]:
    """Methods ranked; a sentence for each that says where it wins, loses and fails; and every case with every method."""
    best = decided(frame)
    best["verdict"] = best.apply(_verdict, axis=1)
    varying = [name for name in CASE if name in best and best[name].nunique(dropna=False) > 1]
    best[varying] = best[varying].astype(object).where(best[varying].notna(), "none")
    ranking = pd.DataFrame([_ranked(method, own) for method, own in best.groupby("method", sort=False)])
    ranking = ranking.sort_values(["to_best", "failed"], kind="stable")
    columns = [
        *(Column(name, list(ranking[name].map(tidy))) for name in ("cases", "won", "even", "lost", "failed")),
        quantity(ranking, "forward_s", alike=["gradient_s"]),
        quantity(ranking, "gradient_s", alike=["forward_s"]),
        quantity(ranking, "speedup", "speed-up", sign="x"),
        quantity(ranking, "to_best", "to best"),
        quantity(ranking, "iterations", "solver\niters"),
        quantity(ranking, "temp_bytes"),
    ]
    axes = _telling(best, varying)
    sentences = "\n".join(f"{method}: {_sentence(best[best['method'] == method], axes)}" for method in ranking["method"])
    return [table([words(ranking, "method")], columns), sentences, _every_case(best, varying, list(ranking["method"]))]


_COLUMNS = [
    *(*CASE, "method", "label", "tolerance", "status", "failed", "cells"),
    *(f"{phase}_s{end}" for phase in PHASES for end in ("", "_low", "_high")),
    *(f"{BASELINE}_s", "speedup", "speedup_low", "speedup_high", "speedup_pairs", "to_best"),
    *("iterations", "temp_bytes", "value_error", "gradient_error"),
]


def _described(cells: pd.DataFrame) -> pd.DataFrame:
    """The cells with what is observed, the tolerance of those methods that have one, and the label under which they compete."""
    observed = parameter(cells, "observed").fillna("").replace("", "all")
    iterative = cells["method_parameters"].map(lambda text: "tolerance" in parameters(text)).astype(bool)
    given = pd.to_numeric(parameter(cells, "tolerance"))
    tolerance = given.fillna(cells["dtype"].map(DEFAULT_TOLERANCE)).where(iterative)
    label = labels(cells, shown=(*CASE, "tolerance"))
    return cells.assign(observed=observed, tolerance=tolerance, label=label, _rank=cells["method"].map(rank))


def _summary(cells: pd.DataFrame, samples: pd.DataFrame) -> dict:
    row = {"status": tally(cells["status"]), "failed": int((cells["status"] != "ok").sum()), "cells": " ".join(cells["cell"])}
    for phase in PHASES:
        row |= triple(f"{phase}_s", samples.loc[samples["phase"] == phase, "seconds"])
    return row | costs(cells) | {"iterations": cells["iterations"].astype(float).median()}


def _compared(rows: list[dict], samples: list[pd.DataFrame]) -> list[dict]:
    """The rows of one case beside its fastest sequential variant and its fastest method."""
    seconds = np.array([row["gradient_s"] for row in rows])
    stepwise = [i for i, row in enumerate(rows) if row["method"] == BASELINE and np.isfinite(seconds[i])]
    baseline = min(stepwise, key=lambda i: seconds[i], default=None)
    fastest = np.nanmin(seconds) if np.isfinite(seconds).any() else np.nan
    for row, own in zip(rows, samples, strict=True):
        row[f"{BASELINE}_s"] = np.nan if baseline is None else seconds[baseline]
        row["to_best"] = row["gradient_s"] / fastest
        row |= no_speedup() if baseline is None or own.empty else speedup(samples[baseline], own)
    return rows


def _verdict(row) -> str:
    if row["status"] != "ok":
        return "fails"
    if row["method"].split(",")[0] == BASELINE:
        return "is the baseline"
    if np.isnan(row["speedup"]):
        return "has no rival"
    return "is even" if 1 / CLEAR < row["speedup"] < CLEAR else "wins" if row["speedup"] > 1 else "loses"


def _ranked(method: str, own: pd.DataFrame) -> dict:
    right = own[own["status"] == "ok"]
    counts = {head: int((own["verdict"] == verdict).sum()) for head, verdict in COUNTED.items()}
    row = {"method": method, "cases": len(own), **counts, "failed": len(own) - len(right)}
    row |= {name: right[name].astype(float).median() for name in ("forward_s", "gradient_s", "temp_bytes")}
    row |= triple("to_best", own["to_best"].where(own["status"] == "ok", np.inf), 0, 1)
    iterations = (right if len(right) else own)["iterations"].astype(float).replace(0, np.nan)  # 0: it does not iterate
    return row | triple("speedup", right["speedup"], 0, 1) | triple("iterations", iterations.dropna(), 0, 1)


def _telling(best: pd.DataFrame, varying: list[str]) -> list[str]:
    """Those settings that tell the cases apart: where M goes with what is observed, one of the two says it."""
    axes: list[str] = []
    for name in varying:
        if len(best[[*axes, name]].drop_duplicates()) > (len(best[axes].drop_duplicates()) if axes else 1):
            axes.append(name)
    return axes


def _sentence(own: pd.DataFrame, axes: list[str]) -> str:
    """`wins for T >= 4096; loses for T <= 512; fails for alpha = 0.05 (not_converged)`."""
    places = list(own[axes].astype(object).itertuples(index=False, name=None))
    verdicts = own["verdict"].str.cat(own["status"].where(own["verdict"] == "fails", ""), sep="|")
    parts = []
    for verdict in sorted(verdicts.unique(), key=lambda text: (_ORDER.index(text.split("|")[0]), text)):
        word, status = verdict.split("|")
        chosen = [place for place, given in zip(places, verdicts, strict=True) if given == verdict]
        parts.append(f"{word} {where(chosen, places, axes)}" + (f" ({status})" if status else ""))
    return "; ".join(parts)


def _setting(name: str, value) -> str:
    value = "none" if pd.isna(value) else tidy(value)
    return f"{name} {value}" if value.isalpha() else f"{SYMBOLS.get(name, name)}={value}"


_ORDER = ["wins", "is even", "loses", "fails", "is the baseline", "has no rival"]


def _every_case(best: pd.DataFrame, axes: list[str], methods: list[str]) -> Table:
    """One column per case: milliseconds of sequential, the speed-up of the others, or how they failed."""
    axes, columns = sorted(axes, key=lambda name: name == "T"), []  # lengths beside each other
    for _, own in best.groupby(axes, dropna=False, sort=True) if axes else [((), best)]:
        first, own = own.iloc[0], own.set_index("method")
        head = [f"{SYMBOLS.get(name, name)} {tidy(first[name])}" for name in axes] or ["speed-up"]
        texts = [_result(own.loc[name]) if name in own.index else NOTHING for name in methods]
        columns.append(Column("\n".join(head), texts, latex=", ".join(head)))
    return table([Column("method", methods, left=True)], columns)


def _result(row) -> str:
    if row["status"] != "ok":
        return row["status"]
    compared = row["verdict"] in ("wins", "is even", "loses")
    mark = "" if row["speedup_pairs"] else UNPAIRED
    return f"{mark}{number(row['speedup'], 2)}x" if compared else f"{number(1e3 * row['gradient_s'], 2)} ms"
