"""What trainings scored, run by run; one that diverged scored the worst value."""

import numpy as np
import pandas as pd

DECOMPOSED = ("sequence_loss", "local_loss", "interface_jump", "parameter_spread")


def scores(tables) -> pd.DataFrame:
    """The metrics of every cell, `cell, metric, value, higher_is_better, floor, noise`; NaN becomes the worst value.

    A diverged run that was not scored gets the worst value in every metric: leaving it out would flatter its method.
    """
    columns = ["cell", "metric", "value", "higher_is_better", "floor", "noise", "reason"]
    rows = tables["metrics"].reindex(columns=columns).astype(object)
    unscored = _unscored(tables["cells"], rows)
    rows = pd.concat([rows, unscored.reindex(columns=columns).astype(object)], ignore_index=True)
    # A quantity without a better and a worse, such as an exponent, has no worst value either.
    worst = rows["higher_is_better"].map(lambda flag: np.nan if pd.isna(flag) else -np.inf if flag else np.inf).astype(float)
    value, floor, noise = (pd.to_numeric(rows[name], errors="coerce").astype(float) for name in ("value", "floor", "noise"))
    scored = value.notna() | rows["reason"].notna()  # a metric that failed says nothing of the run
    return rows.assign(value=value.where(scored, worst), floor=floor, noise=noise).drop(columns="reason")


def _unscored(cells: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """The metrics that diverged cells lack.

    Which metrics a cell would have had is taken from its peers: the other cells of its method on its system, or else those of
    other methods on that system, or else all cells.
    """
    ranked = rows[rows["higher_is_better"].notna()].merge(cells[["cell", "method", "system"]], on="cell")
    found = []
    for _, cell in cells[cells["status"] == "diverged"].iterrows():
        system, method = ranked["system"] == cell["system"], ranked["method"] == cell["method"]
        peers = next((ranked[chosen] for chosen in (system & method, system) if chosen.any()), ranked)
        missing = peers[~peers["metric"].isin(ranked.loc[ranked["cell"] == cell["cell"], "metric"])]
        found.append(missing.drop_duplicates("metric")[["metric", "higher_is_better"]].assign(cell=cell["cell"]))
    return pd.concat(found) if found else rows.iloc[:0]


def runs(tables) -> pd.DataFrame:
    """The cells with every metric as a column: a diverged run has the worst value, one that left no score has NaN."""
    wide = scores(tables).drop_duplicates(["cell", "metric"], keep="last").pivot(index="cell", columns="metric", values="value")
    return tables["cells"].merge(wide.astype(float), on="cell", how="left")


def solving(training: pd.DataFrame) -> pd.DataFrame:
    """The logged updates, without the iterations that a solver made on weights that were not finite any more."""
    return training.assign(iterations=training["iterations"].astype(float).where(np.isfinite(training["loss"].astype(float))))


def final_losses(tables) -> pd.Series:
    """The last logged loss of each cell; NaN is a run that blew up and counts as infinite."""
    last = tables["training"].sort_values("update").groupby("cell").tail(1)
    return last.set_index("cell")["loss"].astype(float).fillna(np.inf)
