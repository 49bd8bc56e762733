"""How good a reconstruction is: one file per metric. Imports nothing from `bench`."""

import registry
from metrics.dstsp_bins import binned_divergence
from metrics.dstsp_gmm import state_space_divergence
from metrics.embedding import delay_embedding
from metrics.exponents import Exponents
from metrics.forecast_error import ForecastErrors, n_step_rmse, rmse
from metrics.lyapunov import largest_from_jacobians, lyapunov_exponents, lyapunov_spectrum, spectrum_from_jacobians
from metrics.metric import Metric
from metrics.power_spectrum import power_spectrum_distance

__all__ = [
    "Exponents",
    "ForecastErrors",
    "Metric",
    "binned_divergence",
    "delay_embedding",
    "floor",
    "get",
    "largest_from_jacobians",
    "lyapunov_exponents",
    "lyapunov_spectrum",
    "n_step_rmse",
    "names",
    "power_spectrum_distance",
    "rmse",
    "spectrum_from_jacobians",
    "state_space_divergence",
    "unavailable",
]

REGISTRY = registry.Registry("metric", ("metrics",), "METRICS", needs=("function",))
names = REGISTRY.names
unavailable = REGISTRY.unavailable


def get(name: str) -> Metric:
    """The metric `name`: its function, unit and direction."""
    return REGISTRY[name]


def floor(name: str, truth, other_truth, **settings) -> float:
    """The value of the metric `name` between two true orbits: no model can be expected to score better."""
    return get(name).function(truth, other_truth, **settings)
