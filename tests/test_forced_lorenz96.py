"""Forced Lorenz-96: its equation, its period, its statistics, and the switching between chaos and cycles."""

import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import systems
from systems.integrate import integrate

SYSTEM = systems.get("forced-lorenz96", noise=0.0)


@pytest.fixture(scope="module")
def case(reference):
    return json.loads((reference / "systems.json").read_text())["forced_lorenz96"]


def test_the_field_is_that_of_the_reference(case):
    check = case["rhs_check"]
    np.testing.assert_allclose(SYSTEM.field(jnp.asarray(check["t"]), jnp.asarray(check["u"])), check["value"], rtol=1e-13)
    assert SYSTEM.omega == pytest.approx(case["params"]["omega"], rel=1e-14)


def test_it_agrees_with_the_reference_digest(case):
    digest = case["digest"]
    states = integrate(SYSTEM, np.array(digest["u0"]), 101)
    for t, state, difference in zip(digest["t"], digest["state"], digest["rk45_rtol1e10_difference"], strict=True):
        tolerance = 100 * max(1e-6, 20 * difference)  # stated for an adaptive integrator at rtol 1e-8
        np.testing.assert_allclose(states[round(t / 0.05)], state, rtol=0, atol=tolerance)


def test_an_orbit_has_the_statistics_of_the_ensemble(case):
    run = case["long_run"]
    raw = systems.get("forced-lorenz96", noise=0.0, standardise="none").sample(100_000).values
    assert abs(raw.mean() - run["mean_all"]) <= 4 * run["scatter_mean_one_run_50_periods"]
    assert abs(raw.std() - run["std_all"]) <= 4 * run["scatter_std_one_run_50_periods"]
    assert run["min"] - 0.5 < raw.min() and raw.max() < run["max"] + 0.5


def test_the_drive_has_its_period_and_goes_on_through_the_orbit():
    drive = SYSTEM.drive(3000)
    np.testing.assert_allclose(drive[1000:2000], drive[:1000], atol=1e-9)
    assert not np.allclose(drive[500:1500], drive[:1000], atol=1)
    assert (drive.min(), drive.max()) == pytest.approx((4, 12), abs=1e-4)


def test_the_drive_of_a_sample_is_the_one_in_its_equation():
    """The residual of the equation, by central differences of a finely sampled test orbit, whose drive has its own phase."""
    fine = systems.get("forced-lorenz96", noise=0.0, standardise="none", dt=1e-3, period=50_000, transient=100)
    x = fine.sample(2000, split="test").values
    slope = (x[2:] - x[:-2]) / 2e-3
    advection = (np.roll(x, -1, 1) - np.roll(x, 2, 1)) * np.roll(x, 1, 1)
    drive = (slope - advection[1:-1] + x[1:-1]).mean(1)
    np.testing.assert_allclose(drive, fine.drive(2000, split="test")[1:-1], atol=2e-2)
    assert abs(fine.initial_time(0, "test") - fine.initial_time(0, "train")) > 1e-3


def test_chaos_and_cycles_take_turns():
    """Local exponents over 20 parts of a period are positive in the first half and near zero or below in the last third."""
    with jax.enable_x64(True):
        exponents = np.asarray(_local_exponents(60))
    profile = exponents.reshape(-1, 20).mean(0)
    assert profile[2:8].min() > 0.8 and profile[13:16].max() < 0.1
    assert profile.mean() == pytest.approx(0.58, abs=0.08)


@jax.jit
def _step(carry, n):
    """Two Runge-Kutta steps of 0.025 of the state and of a tangent, from row n on."""
    u, v = carry

    def rk4(u, t):
        h, f = 0.025, SYSTEM.field
        k1 = f(t, u)
        k2 = f(t + h / 2, u + h / 2 * k1)
        k3 = f(t + h / 2, u + h / 2 * k2)
        k4 = f(t + h, u + h * k3)
        return u + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)

    t = n * 0.05
    u, v = jax.jvp(lambda u: rk4(rk4(u, t), t + 0.025), (u,), (v,))
    size = jnp.linalg.norm(v)
    return (u, v / size), jnp.log(size)


def _local_exponents(periods):
    """Growth per unit time in each twentieth of a period; the first two periods are dropped."""
    start = jnp.asarray(SYSTEM.initial_state(0, "train")), jnp.ones(5) / 5**0.5
    _, growth = jax.lax.scan(_step, start, jnp.arange(1000 * periods))
    return growth[2000:].reshape(-1, 50).mean(1) / 0.05
