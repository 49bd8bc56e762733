"""Solves of recurrences: updates until the stopping rule was met, the exponent beside them, and how wrong the answer is.

A solve that was stopped before counts as infinitely many updates, as no number is known. One that left no answer, as at a
timeout, has none, and neither has a method that does not iterate.
"""

import numpy as np
import pandas as pd

from bench.measure.outcome import SKIPPED
from bench.showing.frames.cells import of_measure, parameter, parameters
from bench.showing.frames.labels import labels
from bench.showing.vocabulary.numbers import tidy
from bench.showing.vocabulary.order import SETTINGS, rank
from bench.showing.vocabulary.symbols import PLAIN

MEASURE = "predictability"
MET = ("ok", "wrong_answer")  # the rule was met: a small merit says little about the trajectory where errors grow
STOPPED = ("not_converged", "diverged")
# Of the table `metrics`: what all methods share that were asked the same, an exponent per step, with its error, and per unit of
# time, and the constant of Polyak and Łojasiewicz with its lower bound; and what each leaves at its stop.
OF_PROBLEM = ("lyapunov", "lyapunov_error", "lyapunov_per_time", "log_mu", "log_mu_bound")
METRICS = (*OF_PROBLEM, "merit", "trajectory_error")


def varied(cells: pd.DataFrame) -> pd.DataFrame:
    """The settings of systems with several values within one system, such as a gain, a column each."""
    flat = pd.DataFrame([parameters(text) for text in cells["system_parameters"]], index=cells.index, dtype=object)
    flat = flat[[name for name in flat if name not in cells]]
    within = [own.nunique(dropna=False) > 1 for _, own in flat.groupby(cells["system"])]
    return flat[[name for name in flat if any(own[name] for own in within)]].infer_objects()


def solves(tables) -> pd.DataFrame:
    """One row per cell: what was asked, `label`, `met`, `updates`, `cap`, `seconds` (median), `METRICS`, `problem`.

    met says whether the stopping rule was. Cells of one problem, a number, differ in their method alone. What was skipped is left
    out. `attrs["varied"]` names the settings of systems that vary.
    """
    tables = of_measure(tables, MEASURE)
    cells = tables["cells"]
    cells = cells[cells["status"] != SKIPPED].reset_index(drop=True)
    given = varied(cells)
    asked = ["system", *given]
    cells = cells.join(given)
    cells["label"] = labels(cells, shown=asked, within=[*asked, "T"])
    cells["cap"] = pd.to_numeric(parameter(cells, "max_iterations")).astype(float)
    cells["met"] = cells["status"].isin(MET)
    cells["updates"] = _updates(cells)
    cells["problem"] = cells.groupby([*asked, "T", "seed", "alpha", "latent_dim"], dropna=False).ngroup()
    seconds = tables["runtime"].groupby("cell")["seconds"].median()
    cells["seconds"] = cells["cell"].map(seconds).astype(float)
    for name, values in _metrics(tables, cells).items():
        cells[name] = values
    cells["_rank"] = cells["method"].map(rank)
    found = cells.sort_values([*asked, "T", "_rank", "label", "seed"], kind="stable", ignore_index=True)
    found.attrs["varied"] = list(given)
    return found


def _updates(cells: pd.DataFrame) -> pd.Series:
    counted = cells["iterations"].astype(float)
    iterates = cells["cap"].notna() | counted.gt(0)
    return counted.where(cells["status"].isin(MET)).mask(cells["status"].isin(STOPPED), np.inf).where(iterates)


def _metrics(tables, cells: pd.DataFrame) -> dict[str, pd.Series]:
    """A column per metric. An exponent belongs to the problem: a cell that failed before it has that of its neighbours."""
    rows = tables["metrics"].drop_duplicates(["cell", "metric"], keep="last").set_index(["metric", "cell"])["value"].astype(float)
    found = {name: cells["cell"].map(rows.xs(name)) if name in rows.index else pd.Series(np.nan, cells.index) for name in METRICS}
    for name in OF_PROBLEM:
        shared = found[name].groupby(cells["problem"]).transform("median")
        found[name] = found[name].fillna(shared)
    return {name: values.astype(float) for name, values in found.items()}


def by_length(tables, points: int = 49) -> pd.DataFrame:
    """One row per cell and length: the `updates` that a prefix of so many steps takes; of `solves` otherwise.

    points  lengths in all, evenly spaced in their logarithm from 10 on; a cell has those below its T, and its T: without prefixes
            that alone
    """
    found = solves(tables)
    shared = np.geomspace(10, max(found["T"].max(), 10), points).round().astype(int) if len(found) else np.array([], int)
    stored = dict(iter(of_measure(tables, MEASURE).get("prefixes", pd.DataFrame(columns=["cell"])).groupby("cell")))
    parts = []
    for _, row in found.iterrows():
        own = stored.get(row["cell"])
        lengths = np.array([row["T"]]) if own is None else np.unique([*shared[shared < row["T"]], row["T"]])
        updates = [row["updates"]] if own is None else _prefix_updates(own, lengths)
        parts.append(pd.DataFrame({"cell": row["cell"], "length": lengths, "updates": updates, "prefix": own is not None}))
    nothing = found[["cell", "T", "updates", "met"]].set_axis(["cell", "length", "updates", "prefix"], axis=1)
    out = found.drop(columns="updates").merge(pd.concat(parts) if parts else nothing, on="cell")
    out["updates"] = out["updates"].astype(float)
    out.attrs["varied"] = found.attrs["varied"]
    return out


def _prefix_updates(rows: pd.DataFrame, lengths: np.ndarray) -> np.ndarray:
    """Updates at each length, of several sequences the most: a row holds from its length on, to that of the next."""
    most = np.zeros(len(lengths))
    for _, own in rows.sort_values("length").groupby("sequence"):
        counts = own["updates"].astype(float).fillna(np.inf).to_numpy()
        places = np.searchsorted(own["length"].to_numpy(float), lengths, side="right") - 1
        most = np.maximum(most, np.where(places < 0, np.nan, counts[places]))
    return most


def crossings(found: pd.DataFrame, setting: str) -> list[float]:
    """Where the median exponent over seeds is 0 along a setting, most often between two of its values."""
    middle = found.groupby(setting)["lyapunov"].median().dropna()
    x, y = middle.index.to_numpy(float), middle.to_numpy()
    at = np.flatnonzero(np.sign(y[:-1]) * np.sign(y[1:]) < 0)
    between = x[at] - y[at] * (x[at + 1] - x[at]) / (y[at + 1] - y[at])
    return sorted([*between.tolist(), *x[y == 0].tolist()])


def stated(found: pd.DataFrame) -> str:
    """`D = 100, stops at a merit of 1e-10 per step, 3 seeds`: what a reader needs beside the sizes that all figures state."""
    flat = pd.DataFrame([parameters(text) for text in found["system_parameters"]], dtype=object)
    words = [f"{PLAIN.get(name, name)} = {tidy(flat[name].iloc[0])}" for name in flat if flat[name].nunique(dropna=False) == 1]
    rules = {rule: parameter(found, rule).dropna().unique() for rule in ("rule", "tolerance")}
    if all(len(values) == 1 for values in rules.values()):
        what = {"merit": "a merit per step"}.get(rules["rule"][0], f"a {rules['rule'][0]}")
        words.append(f"stops at {what} of {tidy(rules['tolerance'][0])}")
    seeds = found["seed"].nunique()
    return ",  ".join([*words, f"{seeds} seeds" if seeds > 1 else ""]).removesuffix(",  ")


def problem_columns(found: pd.DataFrame) -> list[str]:
    """What tells problems apart, seeds aside: the settings that have a column of their own, and those of systems that vary."""
    return [name for name in SETTINGS if name in found] + found.attrs.get("varied", [])
