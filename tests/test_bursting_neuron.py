"""The bursting neuron: its equations, the period of its bursts, their spikes and the gap between them."""

import json

import jax.numpy as jnp
import numpy as np
import pytest

import systems
from systems.integrate import integrate

NEURON = systems.get("bursting-neuron", noise=0.0, standardise="none", observed="all")


@pytest.fixture(scope="module")
def case(reference):
    return json.loads((reference / "systems.json").read_text())["bursting_neuron"]


def upward_crossings(V, threshold=-25.0):
    """Times, in steps, by linear interpolation."""
    below = (V[:-1] < threshold) & (V[1:] >= threshold)
    at = np.flatnonzero(below)
    return at + (threshold - V[at]) / (V[at + 1] - V[at])


def test_the_field_is_that_of_the_reference(case):
    for check in case["rhs_check"]:
        np.testing.assert_allclose(NEURON.field(jnp.zeros(()), jnp.asarray(check["u"])), check["du"], rtol=1e-12)


def test_it_agrees_with_the_reference_digest(case):
    digest = case["digest"]
    states = integrate(NEURON, np.array(digest["u0"]), 5001)
    for t, state, difference in zip(digest["t"], digest["state"], digest["rk45_rtol1e10_difference"], strict=True):
        tolerance = 100 * max(1e-6, 20 * difference)  # stated for an adaptive integrator at rtol 1e-8
        np.testing.assert_allclose(states[round(t / 0.1)], state, rtol=0, atol=tolerance)


@pytest.mark.parametrize("split", ["train", "test"])
def test_bursts_come_as_they_should(case, split):
    periodic = case["periodic"]
    values = NEURON.sample(20_000, split=split).values
    crossings = upward_crossings(values[:, 0])
    gaps = np.diff(crossings)
    ends = np.flatnonzero(gaps > 400)
    assert set(np.diff(ends)) == {periodic["spikes_per_burst"]}
    np.testing.assert_allclose(gaps[ends] * 0.1, periodic["interval_last_to_first_upcrossing_ms"], atol=0.05)
    period = (crossings[ends[-1]] - crossings[ends[0]]) / (len(ends) - 1) * 0.1
    assert period == pytest.approx(periodic["burst_period_ms"], abs=0.02)
    for column, name in enumerate("Vnh"):
        span = periodic[f"{name}_max"] - periodic[f"{name}_min"]
        assert values[:, column].min() == pytest.approx(periodic[f"{name}_min"], abs=0.02 * span)
        assert values[:, column].max() == pytest.approx(periodic[f"{name}_max"], abs=0.02 * span)


def test_the_slow_gate_is_hidden_unless_asked_for():
    assert systems.get("bursting-neuron").sample(10).values.shape == (10, 2)
    assert systems.get("bursting-neuron", observed="V").sample(10).values.shape == (10, 1)
    assert systems.get("bursting-neuron", observed="all").sample(10).values.shape == (10, 3)


def test_a_little_less_current_ends_the_bursts():
    V = systems.get("bursting-neuron", noise=0.0, standardise="none", nmda=10.1).sample(10_000).values[:, 0]
    assert np.diff(upward_crossings(V)).max() < 100
