"""Speed-ups over the sequential scan, as it is usually written and at its strongest, from repetitions that were timed in turn.

On a GPU a scan written by `lax.scan` mostly waits for launches, and whatever is compared with it alone looks fast. So every
method is also compared with the fastest of `BASELINES` that was measured at its setting, and that one is named.

A disturbance of the machine usually lasts longer than one call. Two methods of one job are timed in turn, so that it meets the
repetitions of both that have one index, and cancels in their ratio. A speed-up is the median of these ratios, with their
quartiles. Calls of different jobs are no pairs, such as trainings one after the other, or cells that were measured on another
day. There the speed-up is the ratio of two medians, without quartiles, and `speedup_pairs` is 0.
"""

import pandas as pd

from bench.measure.outcome import PHASES, SOLVED
from bench.showing.frames.grouping import groups, triple
from bench.showing.frames.times import timed, times
from bench.showing.vocabulary.order import BASELINE, BASELINES, SETTINGS

PAIR = ["job", "seed", "repetition"]  # what two calls that were timed in turn have in common


def speedup(baseline: pd.DataFrame, samples: pd.DataFrame, name: str = "speedup") -> dict:
    """Seconds of `baseline` over those of `samples`, and of how many pairs; without one there is no interval."""
    if samples.index.equals(baseline.index):  # the baseline itself
        return dict.fromkeys((name, f"{name}_low", f"{name}_high"), 1.0) | {f"{name}_pairs": len(samples)}
    known = dict(zip(_pairs(baseline), baseline["seconds"], strict=True))
    calls = zip(_pairs(samples), samples["seconds"], strict=True)
    # Tables from before jobs were stored do not say what was timed in turn.
    ratios = [known[pair] / seconds for pair, seconds in calls if pair in known and isinstance(pair[0], str)]
    found = triple(name, ratios) | {f"{name}_pairs": len(ratios)}
    return found if ratios else found | {name: baseline["seconds"].median() / samples["seconds"].median()}


def _pairs(samples: pd.DataFrame):
    """What a call and the one that it was timed in turn with have in common."""
    return zip(*(samples[name] for name in PAIR), strict=True)


def compared(found: dict[str, pd.DataFrame], samples: pd.DataFrame) -> dict:
    """The speed-ups of `samples` over the sequential scan as it is usually written, and over the strongest that was measured.

    found  samples of those of `BASELINES` that were measured at this setting, by name
    """
    strongest = min(found, key=lambda name: found[name]["seconds"].median(), default=None)
    row: dict = {"strongest": strongest}
    for column, name in (("speedup", BASELINE), ("speedup_strongest", strongest)):
        known = name in found and len(samples) > 0
        row |= speedup(found[name], samples, column) if known else triple(column, []) | {f"{column}_pairs": 0}
    return row


class Baselines:
    """Finds the samples of the sequential scans at the same sizes; of several variants of one the fastest."""

    def __init__(self, cells: pd.DataFrame, samples: pd.DataFrame):
        self._exact: dict = {}
        self._any_alpha: dict = {}
        for row, members in groups(cells[cells["method"].isin(BASELINES)]):
            own = samples[samples["cell"].isin(members["cell"])]
            if len(own):
                for known, key in ((self._exact, _key(row)), (self._any_alpha, _key({**row, "alpha": None}))):
                    fastest = known.setdefault(key, {})
                    name = row["method"]
                    if name not in fastest or own["seconds"].median() < fastest[name]["seconds"].median():
                        fastest[name] = own

    def find(self, row) -> dict[str, pd.DataFrame]:
        """The samples for the sizes in `row` by the name of the scan, at the same alpha where there are some.

        What a scan costs does not depend on alpha.
        """
        return self._any_alpha.get(_key({**row, "alpha": None}), {}) | self._exact.get(_key(row), {})


def time_columns(tables, phases=PHASES) -> tuple[list[dict], list[pd.DataFrame]]:
    """The columns of time of each point, with the speed-ups in its last phase; and the cells of each point."""
    cells, samples = tables["cells"], timed(tables)
    present = [phase for phase in phases if phase in set(samples["phase"])]
    last = present[-1] if present else None
    baselines = Baselines(cells, samples[samples["phase"] == last])
    rows, members = [], []
    for row, own_cells in groups(cells):
        own = samples[samples["cell"].isin(own_cells["cell"])]
        found = baselines.find(row)
        row["method"] = row.pop("label")
        for phase in present:
            row.update(seconds(phase, own.loc[own["phase"] == phase, "seconds"], row["T"]))
        row.update(triple(f"{BASELINE}_s", found[BASELINE]["seconds"] if BASELINE in found else []))
        row.update(compared(found, own[own["phase"] == last]))
        rows.append(row)
        members.append(own_cells)
    return rows, members


def seconds(phase: str, taken, T: float) -> dict:
    """The columns of the time of a phase: by the call and, of a solve or its gradient, by the time step."""
    by_call = triple(f"{phase}_s", taken)
    return by_call | (triple(f"{phase}_step_s", taken / T) if phase in SOLVED else {})


def paces(tables, by=tuple(SETTINGS)) -> pd.DataFrame:
    """The rows of `times`, with seconds by the time step and the speed-ups in their phase."""
    cells, samples, points = tables["cells"].set_index("cell"), timed(tables), times(tables, by)
    baselines = {phase: Baselines(tables["cells"], own) for phase, own in samples.groupby("phase")}
    rows = []
    for _, point in points.iterrows():
        own = samples[samples["cell"].isin(point["cells"].split()) & (samples["phase"] == point["phase"])]
        settings = cells.loc[point["cells"].split()[0], SETTINGS].to_dict()
        found = baselines[point["phase"]].find(settings) if point["phase"] in baselines else {}
        rows.append(triple("step_s", own["seconds"] / settings["T"]) | compared(found, own))
    return points.join(pd.DataFrame(rows, index=points.index, columns=PACE))


PACE = [
    *("step_s", "step_s_low", "step_s_high", "strongest"),
    *(f"{name}{end}" for name in ("speedup", "speedup_strongest") for end in ("", "_low", "_high", "_pairs")),
]


def _key(row: dict) -> tuple:
    return tuple(None if pd.isna(row[name]) else row[name] for name in SETTINGS)
