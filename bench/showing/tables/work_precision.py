"""Which method reaches an accurate answer first, problem by problem, and where each of them loses.

See `bench.showing.frames.attempts` for what a case is, and which of its attempts stands for a method.
"""

import numpy as np
import pandas as pd

from bench.measure.outcome import SKIPPED
from bench.showing.frames.attempts import CASE, CLEAR, attempts, decided
from bench.showing.frames.grouping import triple
from bench.showing.tables.glance import NOTHING, Column, Table, quantity, table, words
from bench.showing.tables.runtime import UNPAIRED, rivals
from bench.showing.tables.where import where
from bench.showing.vocabulary.numbers import number, tidy
from bench.showing.vocabulary.order import BASELINE
from bench.showing.vocabulary.symbols import symbol

CAPTION = (
    "Time to an answer whose value and gradient agree with the sequential scan, at whichever tolerance gives one soonest. "
    "First, over all cases of a method: how many it won, came out even in (within 15 %) and lost against sequential in gradient "
    "time, and failed; of those not failed the median time per time step and memory, the median speed-up sequential / method "
    "[lowest, highest], where several sequential scans were measured the same over the fastest of each case, and updates; to "
    "best: its time / that of the fastest method of the case, median [lowest, highest], a failure being infinite. Then where it "
    "wins, loses and fails. Then every case: the time of sequential per time step, the speed-up of the others over it, or how "
    "they failed; ~: of medians, not timed in turn."
)
COUNTED = {"won": "wins", "even": "is even", "lost": "loses"}


def summarise(tables) -> pd.DataFrame:
    """The attempts, a method being called by its label."""
    return attempts(tables).drop(columns="method").rename(columns={"label": "method"})


def glance(frame: pd.DataFrame) -> list[Table | str]:
    """Methods ranked; a sentence for each that says where it wins, loses and fails; and every case with every method."""
    best = decided(frame)
    best["fares"] = best.apply(_fares, axis=1)
    varying = [name for name in CASE if name in best and best[name].nunique(dropna=False) > 1]
    best[varying] = best[varying].astype(object).where(best[varying].notna(), "none")
    ranking = pd.DataFrame([_ranked(method, own) for method, own in best.groupby("method", sort=False)])
    ranking = ranking.sort_values(["to_best", "failed"], kind="stable")
    columns = [
        *(Column(name, list(ranking[name].map(tidy))) for name in ("cases", "won", "even", "lost", "failed")),
        quantity(ranking, "forward_step_s"),
        quantity(ranking, "gradient_step_s"),
        quantity(ranking, "speedup", "speed-up", sign="x"),
        quantity(ranking, "speedup_strongest", "over\nstrongest", sign="x") if rivals(best) else None,
        quantity(ranking, "to_best", "to best"),
        quantity(ranking, "iterations", "solver\niters"),
        quantity(ranking, "temp_bytes"),
    ]
    axes = _telling(best, varying)
    sentences = "\n".join(f"{method}: {_sentence(best[best['method'] == method], axes)}" for method in ranking["method"])
    return [table([words(ranking, "method")], columns), sentences, _every_case(best, varying, list(ranking["method"]))]


def _fares(row) -> str:
    """How a method fares in a case against the sequential scan, in a word."""
    if row["status"] != "ok":
        return "is skipped" if row["status"] == SKIPPED else "fails"
    if row["method"].split(",")[0] == BASELINE:
        return "is the baseline"
    if np.isnan(row["speedup"]):
        return "has no rival"
    return "is even" if 1 / CLEAR < row["speedup"] < CLEAR else "wins" if row["speedup"] > 1 else "loses"


def _ranked(method: str, own: pd.DataFrame) -> dict:
    right = own[own["status"] == "ok"]
    counts = {head: int((own["fares"] == word).sum()) for head, word in COUNTED.items()}
    own = own[own["status"] != SKIPPED]
    row = {"method": method, "cases": len(own), **counts, "failed": len(own) - len(right)}
    row |= {name: right[name].astype(float).median() for name in ("forward_step_s", "gradient_step_s", "temp_bytes")}
    row |= triple("to_best", own["to_best"].where(own["status"] == "ok", np.inf), 0, 1)
    iterations = (right if len(right) else own)["iterations"].astype(float).replace(0, np.nan)  # 0: it does not iterate
    speedups = {name: triple(name, right[name], 0, 1) for name in ("speedup", "speedup_strongest")}
    return row | speedups["speedup"] | speedups["speedup_strongest"] | triple("iterations", iterations.dropna(), 0, 1)


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
    fares = own["fares"].str.cat(own["status"].where(own["fares"] == "fails", ""), sep="|")
    parts = []
    for each in sorted(fares.unique(), key=lambda text: (_ORDER.index(text.split("|")[0]), text)):
        word, status = each.split("|")
        chosen = [place for place, given in zip(places, fares, strict=True) if given == each]
        parts.append(f"{word} {where(chosen, places, axes)}" + (f" ({status})" if status else ""))
    return "; ".join(parts)


_ORDER = ["wins", "is even", "loses", "fails", "is the baseline", "has no rival", "is skipped"]


def _every_case(best: pd.DataFrame, axes: list[str], methods: list[str]) -> Table:
    """One column per case: microseconds by the step of sequential, the speed-up of the others, or how they failed."""
    axes, columns = sorted(axes, key=lambda name: name == "T"), []  # lengths beside each other
    for _, own in best.groupby(axes, dropna=False, sort=True) if axes else [((), best)]:
        first, own = own.iloc[0], own.set_index("method")
        head = [f"{symbol(name)} {tidy(first[name])}" for name in axes] or ["speed-up"]
        texts = [_result(own.loc[name]) if name in own.index else NOTHING for name in methods]
        columns.append(Column("\n".join(head), texts, latex=", ".join(head)))
    return table([Column("method", methods, left=True)], columns)


def _result(row) -> str:
    if row["status"] != "ok":
        return row["status"]
    compared = row["fares"] in ("wins", "is even", "loses")
    mark = "" if row["speedup_pairs"] else UNPAIRED
    return f"{mark}{number(row['speedup'], 2)}x" if compared else f"{number(1e6 * row['gradient_step_s'], 2)} µs/step"
