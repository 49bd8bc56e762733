"""Speed-ups over the sequential scan, from repetitions that were timed in turn.

A disturbance of the machine usually lasts longer than one call. Two methods of one job are timed in turn, so that it meets the
repetitions of both that have one index, and cancels in their ratio. A speed-up is the median of these ratios, with their
quartiles. Calls of different jobs are no pairs, such as trainings one after the other, or cells that were measured on another
day. There the speed-up is the ratio of two medians, without quartiles, and `speedup_pairs` is 0.
"""

import pandas as pd

from bench.measure.outcome import PHASES
from bench.showing.frames.grouping import groups, triple
from bench.showing.frames.times import timed
from bench.showing.vocabulary.order import BASELINE, SETTINGS

PAIR = ["job", "seed", "repetition"]  # what two calls that were timed in turn have in common


def speedup(baseline: pd.DataFrame, samples: pd.DataFrame) -> dict:
    """Seconds of `baseline` over those of `samples`, and of how many pairs; without one there is no interval."""
    if samples.index.equals(baseline.index):  # the baseline itself
        return dict.fromkeys(("speedup", "speedup_low", "speedup_high"), 1.0) | {"speedup_pairs": len(samples)}
    known = dict(zip(_pairs(baseline), baseline["seconds"], strict=True))
    calls = zip(_pairs(samples), samples["seconds"], strict=True)
    # Tables from before jobs were stored do not say what was timed in turn.
    ratios = [known[pair] / seconds for pair, seconds in calls if pair in known and isinstance(pair[0], str)]
    found = triple("speedup", ratios) | {"speedup_pairs": len(ratios)}
    return found if ratios else found | {"speedup": baseline["seconds"].median() / samples["seconds"].median()}


def _pairs(samples: pd.DataFrame):
    """What a call and the one that it was timed in turn with have in common."""
    return zip(*(samples[name] for name in PAIR), strict=True)


def no_speedup() -> dict:
    """The columns of a speed-up where one of the two has no time."""
    return triple("speedup", []) | {"speedup_pairs": 0}


class Baselines:
    """Finds the sequential samples at the same sizes; of several sequential variants the fastest: a baseline must be strong."""

    def __init__(self, cells: pd.DataFrame, samples: pd.DataFrame):
        self._exact: dict = {}
        self._any_alpha: dict = {}
        for row, members in groups(cells[cells["method"] == BASELINE]):
            own = samples[samples["cell"].isin(members["cell"])]
            if len(own):
                for known, key in ((self._exact, _key(row)), (self._any_alpha, _key({**row, "alpha": None}))):
                    if key not in known or own["seconds"].median() < known[key]["seconds"].median():
                        known[key] = own

    def find(self, row: dict) -> pd.DataFrame | None:
        """The samples for the sizes in `row`, if possible at the same alpha: the cost of a scan does not depend on alpha."""
        found = self._exact.get(_key(row))
        return found if found is not None else self._any_alpha.get(_key({**row, "alpha": None}))


def time_columns(tables, phases=PHASES) -> tuple[list[dict], list[pd.DataFrame]]:
    """The columns of time of each point, with the speed-up in its last phase; and the cells of each point."""
    cells, samples = tables["cells"], timed(tables)
    present = [phase for phase in phases if phase in set(samples["phase"])]
    last = present[-1] if present else None
    baselines = Baselines(cells, samples[samples["phase"] == last])
    rows, members = [], []
    for row, own_cells in groups(cells):
        own = samples[samples["cell"].isin(own_cells["cell"])]
        baseline, mine = baselines.find(row), own[own["phase"] == last]
        row["method"] = row.pop("label")
        for phase in present:
            row.update(triple(f"{phase}_s", own.loc[own["phase"] == phase, "seconds"]))
        row.update(triple(f"{BASELINE}_s", [] if baseline is None else baseline["seconds"]))
        row.update(no_speedup() if baseline is None or mine.empty else speedup(baseline, mine))
        rows.append(row)
        members.append(own_cells)
    return rows, members


def _key(row: dict) -> tuple:
    return tuple(None if pd.isna(row[name]) else row[name] for name in SETTINGS)
