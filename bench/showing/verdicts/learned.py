"""Models that score no better than white noise have learned too little for their differences to mean anything."""

import dataclasses

import numpy as np

from bench.showing.verdicts import Verdict

METRIC = "dstsp_gmm"


def unless_untrained(verdicts: list[Verdict], tables, cells, median: float, whose: str) -> list[Verdict]:
    """The verdicts on `cells`, all undecided where the `median` D_stsp of those that matter is no lower than white noise's."""
    noise = white_noise(tables, cells)
    if np.isnan(noise) or np.isnan(median) or median < noise:
        return verdicts
    reason = f"trained too little to tell: the median D_stsp {whose} is {median:.3g}, white noise scores {noise:.3g}"
    return [dataclasses.replace(each, verdict="undecided", evidence=f"{reason}; {each.evidence}") for each in verdicts]


def white_noise(tables, cells) -> float:
    """The median D_stsp of white noise beside `cells`; NaN where it was not scored."""
    rows = tables["metrics"]
    return rows.loc[rows["cell"].isin(cells) & (rows["metric"] == METRIC), "noise"].astype(float).median()
