"""What Proposition 1 promises of a trained model under its forcing, as rows of the table `metrics`.

The proposition knows the weights and no trajectory. So beside the forced exponent, which is measured along one, it says two
things that no data can turn round: a number that the exponent never exceeds, and the strength from which on the model contracts.
"""

import numpy as np

from methods.predictability import contraction

PARTLY = (
    "data determine a part of the state only: no strength is promised to make the model contract, as forcing leaves the other "
    "directions as they are"
)


def contraction_rows(method, params) -> list[dict]:
    """Rows `contraction`, log ρ per step, and `contraction_onset`, α*; NaN, with the reason, where nothing is promised.

    method  its forcing and strength are those that the model is solved under
    params  of the trained model
    """
    try:
        found = contraction(method.forcing, params)
    except ValueError as error:  # of a forcing or a model that the proposition is not about
        return [_row("contraction", "1/step", np.nan, str(error)), _row("contraction_onset", "", np.nan, str(error))]
    reason = PARTLY if np.isnan(found.onset) else None
    return [_row("contraction", "1/step", found.exponent), _row("contraction_onset", "", found.onset, reason)]


def _row(metric: str, unit: str, value: float, reason: str | None = None) -> dict:
    return {"metric": metric, "value": value, "unit": unit, "reason": reason}
