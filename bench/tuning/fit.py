"""Straight-line models of time, fitted to measured times."""

import numpy as np
from scipy.optimize import nnls

from methods.layout.cost import Costs


def fitted(costs: Costs, points: dict, features) -> dict:
    """Tuples of the table that predict measured times best, none of their numbers negative.

    points    seconds by (name of the tuple, *where)
    features  `features(name, *where)`, what the numbers of the tuple are multiplied by

    Only ratios of times matter. The unit is one in which the old numbers are right on average, so that old and new compare.
    """
    names = list(dict.fromkeys(name for name, *_ in points))
    old = {key: np.dot(getattr(costs, key[0]), features(*key)) for key in points}
    unit = np.exp(np.mean([np.log(old[key] / seconds) for key, seconds in points.items()]))

    def fit(name):
        mine = {key: seconds * unit for key, seconds in points.items() if key[0] == name}
        # relative errors: a short time is to be predicted as well as a long one
        rows = np.array([np.array(features(*key)) / time for key, time in mine.items()])
        return tuple(float(f"{number:.3g}") for number in nnls(rows, np.ones(len(rows)))[0])

    return {name: fit(name) for name in names}
