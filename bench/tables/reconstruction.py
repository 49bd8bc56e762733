"""Quality over seeds is a median with the full range, an orbit that blew up counting as infinite, beside the metric's floor."""

import numpy as np
import pandas as pd

from . import runtime
from .grouping import triple

CAPTION = (
    "Over seeds: median [range], a diverged run counts as the worst value; floor: what two true orbits score. "
    "Seconds per optimiser update: median [quartiles]; speed-up: sequential / method."
)
DETAILS = ["diverged", "updates_per_second"]


def scores(tables) -> pd.DataFrame:
    """The metrics of every cell, `cell, metric, value, higher_is_better, floor`; NaN becomes the worst value.

    A diverged run that was not scored gets the worst value in every metric: leaving it out would flatter its method.
    """
    rows = tables["metrics"][["cell", "metric", "value", "higher_is_better", "floor"]]
    metrics = rows.drop_duplicates("metric")[["metric", "higher_is_better"]]
    diverged = tables["cells"].loc[tables["cells"]["status"] == "diverged", ["cell"]]
    unscored = diverged.merge(metrics[metrics["higher_is_better"].notna()], how="cross")
    unscored = unscored.merge(rows[["cell", "metric"]].drop_duplicates(), how="left", indicator="scored")
    unscored = unscored[unscored["scored"] == "left_only"].drop(columns="scored")
    rows = pd.concat([rows.astype(object), unscored.astype(object)], ignore_index=True)
    # A quantity without a better and a worse, such as an exponent, has no worst value either.
    worst = rows["higher_is_better"].map(lambda flag: np.nan if pd.isna(flag) else -np.inf if flag else np.inf).astype(float)
    value, floor = (pd.to_numeric(rows[name], errors="coerce").astype(float) for name in ("value", "floor"))
    return rows.assign(value=value.where(value.notna(), worst), floor=floor)


def final_losses(tables) -> pd.Series:
    """The last logged loss of each cell; NaN is a run that blew up and counts as infinite."""
    last = tables["training"].sort_values("update").groupby("cell").tail(1)
    return last.set_index("cell")["loss"].astype(float).fillna(np.inf)


def summarise(tables) -> pd.DataFrame:
    """One row per method and setting: seeds, failures, seconds per update, Newton iterations, loss and every metric.

    `training.seconds` is the time since training began, so that updates per second are the last update over its seconds.
    """
    rows, members = runtime.columns(tables)
    metrics, losses, training = scores(tables), final_losses(tables), tables["training"]
    names = list(dict.fromkeys(metrics["metric"]))
    for row, own in zip(rows, members, strict=True):
        logged = training[training["cell"].isin(own["cell"])]
        finite = [losses.get(cell, np.nan) for cell in own["cell"]]
        row["seeds"] = len(own)
        row["diverged"] = int((own["status"].eq("diverged") | np.isinf(finite)).sum())
        row["updates_per_second"] = _rate(logged)
        row["iterations"] = logged["iterations"].astype(float).mean()
        if "skipped" in logged:
            row["skipped"] = logged["skipped"].astype(float).mean()
        row.update(triple("loss", [loss for loss in finite if not np.isnan(loss)], 0, 1))
        for name in names:
            taken = metrics[(metrics["metric"] == name) & metrics["cell"].isin(own["cell"])]
            row.update(triple(name, taken["value"].dropna(), 0, 1))
            row[f"{name}_floor"] = taken["floor"].astype(float).median()
    return pd.DataFrame(rows)


def _rate(logged: pd.DataFrame) -> float:
    ends = logged.groupby("cell")[["update", "seconds"]].max().astype(float)
    return (ends["update"] / ends["seconds"]).median()
