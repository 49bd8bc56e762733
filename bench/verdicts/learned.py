"""Models that score no better than white noise have learned too little for their differences to mean anything."""

import dataclasses

import numpy as np

from bench.verdicts import Verdict

METRIC = "dstsp_gmm"


def unless_untrained(verdicts: list[Verdict], tables, cells, best: float) -> list[Verdict]:
    """The verdicts on `cells`, all undecided where the `best` median D_stsp among them is no lower than that of white noise."""
    rows = tables["metrics"]
    known = rows.loc[rows["cell"].isin(cells) & (rows["metric"] == METRIC), "failure"].astype(float)
    failure = known.median()
    if np.isnan(failure) or best < failure:
        return verdicts
    reason = f"trained too little to tell: the best median D_stsp is {best:.3g}, white noise scores {failure:.3g}"
    return [dataclasses.replace(each, verdict="undecided", evidence=f"{reason}; {each.evidence}") for each in verdicts]
