"""Quality over seeds is a median with the range, an orbit that blew up counting as infinite, between floor and white noise."""

import numpy as np
import pandas as pd

from bench.measure.outcome import PHASES
from bench.showing.frames.grouping import triple
from bench.showing.frames.scores import final_losses, scores, solving
from bench.showing.frames.speedups import time_columns
from bench.showing.frames.times import costs
from bench.showing.tables.glance import Table, quantity, settings, table, words
from bench.showing.tables.runtime import speedups
from bench.showing.vocabulary.symbols import BOUNDS, SCORES

CAPTION = (
    "Time of an optimiser update: median [quartiles]. Speed-up: sequential / method, ~: of medians, not timed in turn; below 1x "
    "the method is slower. Solver iterations: mean over updates. All else over seeds: median [range], a diverged run counting as "
    "the worst value. Floor: what two true orbits score; white noise: what noise with the mean and spread of the truth scores."
)


def summarise(tables) -> pd.DataFrame:
    """One row per method and setting: seeds, failures, seconds per update, Newton iterations, loss and every metric.

    Scores, unlike other numbers such as the share of skipped updates, stand beside their bounds.
    """
    rows, members = time_columns(tables)
    metrics, losses, training = scores(tables), final_losses(tables), solving(tables["training"])
    names = list(dict.fromkeys(metrics["metric"]))
    for row, own in zip(rows, members, strict=True):
        logged = training[training["cell"].isin(own["cell"])]
        finite = [losses.get(cell, np.nan) for cell in own["cell"]]
        row["seeds"] = own["seed"].nunique()
        row["diverged"] = int((own["status"].eq("diverged") | np.isinf(finite)).sum())
        row["updates_per_second"] = _rate(logged)
        row["iterations"] = logged["iterations"].mean()
        if "skipped" in logged:
            row["skipped"] = logged["skipped"].astype(float).mean()
        row.update(triple("loss", [loss for loss in finite if not np.isnan(loss)], 0, 1))
        for name in names:
            taken = metrics[(metrics["metric"] == name) & metrics["cell"].isin(own["cell"])]
            row.update(triple(name, taken["value"].dropna(), 0, 1))
            if name in SCORES or metrics.loc[metrics["metric"] == name, "higher_is_better"].notna().any():
                row.update({f"{name}_{bound}": taken[bound].median() for bound in BOUNDS})
        row.update(costs(own))
    return pd.DataFrame(rows)


def glance(frame: pd.DataFrame) -> list[Table]:
    """One line per method and setting, and per system one with the floors and one with what white noise scores.

    Every score is there: what is well known, and what has a better and a worse.
    """
    metrics = [name.removesuffix("_floor") for name in frame if name.endswith("_floor")]
    ranked = sorted(metrics, key=lambda name: list(SCORES).index(name) if name in SCORES else len(SCORES))
    last = next((f"{phase}_s" for phase in reversed(PHASES) if f"{phase}_s" in frame), "update_s")
    frame = _with_bounds(frame, ranked)
    columns = [
        quantity(frame, last),
        speedups(frame),
        quantity(frame, "iterations", "solver\niters"),
        quantity(frame, "loss"),
        *(quantity(frame, name, SCORES[name].head if name in SCORES else "") for name in ranked),
    ]
    return [table([*settings(frame), words(frame, "method"), words(frame, "runs", "seeds")], columns)]


def _with_bounds(frame: pd.DataFrame, metrics: list[str]) -> pd.DataFrame:
    bad = frame["status"] != "ok"
    tallies = frame["status"].where(frame["seeds"] > 1, "1 " + frame["status"])
    frame = frame.assign(runs=frame["seeds"].astype(str).mask(bad, tallies))
    frame["iterations"] = frame["iterations"].replace(0, np.nan)  # of a method that does not iterate
    parts = []
    for _, rows in frame.groupby("system" if "system" in frame else lambda _: "", sort=False, dropna=False):
        for _, alike in _by_bounds(rows, metrics):
            parts.append(alike)
            for bound, word in BOUNDS.items():
                columns = {name: f"{name}_{bound}" for name in metrics}
                common = {name: alike[column].dropna() for name, column in columns.items() if column in alike}
                common = {name: values.iloc[0] for name, values in common.items() if values.nunique() == 1}
                named = {"method": f"({word})", "runs": ""} | ({"system": rows["system"].iloc[0]} if "system" in rows else {})
                parts += [pd.DataFrame([named | common])] if common else []
    return pd.concat(parts, ignore_index=True)


def _by_bounds(rows: pd.DataFrame, metrics: list[str]):
    """The rows of one system, apart where their floors differ: other variables are observed there."""
    floors = rows[[f"{name}_floor" for name in metrics]]
    return rows.groupby(list(floors), dropna=False, sort=False) if (floors.nunique() > 1).any() else [((), rows)]


def _rate(logged: pd.DataFrame) -> float:
    """Updates per second: those that were logged with a time, without the first, at which the clock was started."""
    timed = logged[logged["seconds"].notna()].groupby("cell")[["update", "seconds"]]
    spans = (timed.max() - timed.min()).astype(float)
    return (spans["update"] / spans["seconds"]).replace(np.inf, np.nan).median()
