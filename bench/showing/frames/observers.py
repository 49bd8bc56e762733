"""Flows beside their observers, and published numbers beside both."""

import pandas as pd

from bench.showing.frames.published import OBSERVER, observers

QUANTITIES = {"updates": "updates", "lyapunov_per_time": "exponent"}  # ours: as the published table calls it


def is_observer(system: pd.Series) -> pd.Series:
    return system.str.endswith(OBSERVER)


def pairs(frame: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """One row per flow that has an observer in the `frame`, and per values of `by`: each of `QUANTITIES` of both, and published.

    Columns are `updates`, `updates_observer`, `updates_published`, `updates_observer_published`; and so on. Where a flow is in
    no paper, what is published is missing.
    """
    system = frame["system"].astype(str)
    own, keys = frame[["system", *by, *QUANTITIES]].assign(system=system.str.removesuffix(OBSERVER)), ["system", *by]
    flows, watching = own[~is_observer(system)], own[is_observer(system)]
    out = flows.merge(watching, on=keys, suffixes=("", "_observer"))
    published = observers().rows
    for ours, theirs in QUANTITIES.items():
        out[f"{ours}_published"] = out["system"].map(published[theirs]).astype(float)
        out[f"{ours}_observer_published"] = out["system"].map(published[f"observer_{theirs}"]).astype(float)
    return out
