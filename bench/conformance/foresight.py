"""The law of a forecast: it is an interval about a number for each sequence, or says that there is no telling."""

import jax.numpy as jnp
import numpy as np

from bench.conformance import PassedOver, trials
from bench.conformance.trials import T
from methods.predictability import forecast


def foresees_its_updates(name):
    """A forecast is an interval about a number for each sequence, at most T where T updates suffice, and NaN for a NaN.

    The rule `increment` makes one more, to see that nothing changes.
    """
    method = trials.method_of(name)
    params, x = trials.model(method, jnp.float64), trials.data(1, jnp.float64)
    if method.solver.looks_at == 0:
        assert method.forecast(params, x) is None
        raise PassedOver("its solver makes no updates")
    _check_forecast(method, method.forecast(params, x), 1, ())
    params, x = trials.model(method, jnp.float32), trials.data(T - 1, jnp.float32, batch=3)
    problem, guess = method.problem(params, jnp.moveaxis(x, 1, 0))
    _check_forecast(method, forecast(method.solver, problem, guess), T - 1, (3,))
    if method.solver.uses_guess:
        lost = forecast(method.solver, problem, guess.at[7, 1].set(jnp.nan)).updates
        assert np.isnan(lost).tolist() == [False, True, False], f"for a NaN in the guess of one of three: {lost}"


def _check_forecast(method, found, length, batch):
    updates, low, high = found
    where = f"T = {length}: {low} to {high} about {updates}"
    assert updates.shape == low.shape == high.shape == batch, where
    assert ((low >= 0) & (low <= updates) & (updates <= high)).all(), where
    most = length + (getattr(method.solver, "rule", "") == "increment")
    assert not method.solver.prefix_exact or (high <= most).all(), where
