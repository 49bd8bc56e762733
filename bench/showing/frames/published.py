"""Numbers that papers print, as data in `bench/published`, to stand beside ours."""

import functools
import tomllib
from pathlib import Path
from typing import NamedTuple

import pandas as pd

PUBLISHED = Path(__file__).resolve().parents[2] / "published"
OBSERVER = "-observer"  # what follows the name of a flow in that of its observer


class Table(NamedTuple):
    """A published table: one row per system, updates counted as we count them."""

    source: str
    T: int
    rows: pd.DataFrame  # index `system`; exponent, observer_exponent (per unit of time), updates, observer_updates


@functools.cache
def observers() -> Table:
    """Flows and their observers of arXiv:2508.16817, Table 1."""
    given = tomllib.loads((PUBLISHED / "gonzalez2025.toml").read_text(encoding="utf-8"))
    rows = pd.DataFrame.from_dict(given["systems"], orient="index").rename_axis("system")
    counts = ["updates", "observer_updates"]
    return Table(given["source"], given["T"], rows.assign(**(rows[counts] - given["counts_more"])))
