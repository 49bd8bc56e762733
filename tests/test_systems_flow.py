"""Flows: the integrator, the starts, partial observation, and Lorenz-63 against independent numbers."""

import dataclasses
import json
import os
import subprocess
import sys
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from beartype import beartype
from jaxtyping import jaxtyped

import systems
from systems.flow import REFERENCE, Flow
from systems.integrate import integrate

FLOWS = [name for name in systems.names() if issubclass(systems.REGISTRY[name], Flow)]
LORENZ = systems.get("lorenz63")


@pytest.fixture(scope="module")
def lorenz63(reference):
    return json.loads((reference / "systems.json").read_text())["lorenz63"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Toy(Flow):
    """`y' = rate(y)` in one variable, for the corner cases."""

    name: ClassVar[str] = "toy"
    variables: ClassVar[tuple[str, ...]] = ("y",)
    start: ClassVar[tuple[float, ...]] = (1.0,)
    dt: float = 0.1
    transient: int = 0
    rate: str = "decay"

    def field(self, t, y):
        return {
            "decay": -y,
            "explode": y**2,
            "clock": jnp.cos(t)[None],
            "leave": 1 + 0 * jnp.sqrt(2 - y),  # not a number beyond y = 2
        }[self.rate]


def test_the_field_is_that_of_lorenz():
    state = jnp.array([1.0, 2.0, 3.0])
    np.testing.assert_allclose(LORENZ.field(jnp.zeros(()), state), [10.0, 28 - 3 - 2, 2 - 8], rtol=1e-15)


def test_lorenz63_agrees_with_the_reference_digest(lorenz63):
    digest = lorenz63["digest"]
    states = integrate(LORENZ, np.array(digest["u0"]), 501)
    for t, state, difference in zip(digest["t"], digest["state"], digest["rk45_rtol1e10_difference"], strict=True):
        tolerance = 100 * max(1e-6, 20 * difference)  # stated for an adaptive integrator at rtol 1e-8
        np.testing.assert_allclose(states[round(t / 0.01)], state, rtol=0, atol=tolerance)


def test_an_orbit_of_lorenz63_has_the_statistics_of_the_ensemble(lorenz63):
    long_run, scatter = lorenz63["long_run"], lorenz63["long_run"]["scatter_of_one_orbit_of_1e5_steps"]
    raw = systems.get("lorenz63", standardise="none").sample(100_000).values
    assert (np.abs(raw.mean(0) - long_run["mean"]) <= 4 * np.array(scatter["mean_sd"])).all()
    assert (np.abs(raw.std(0) - scatter["std_mean"]) <= 4 * np.array(scatter["std_sd"])).all()


def test_time_reaches_the_field_across_blocks():
    values = integrate(Toy(rate="clock"), np.array([0.0]), 25_000)
    np.testing.assert_allclose(values[:, 0], np.sin(0.1 * np.arange(25_000)), atol=1e-5)


@pytest.mark.parametrize("length", [1, 2, 10_000, 10_001, 10_002])
def test_orbits_of_all_lengths_agree(length):
    whole = integrate(Toy(), np.array([1.0]), 10_500)
    np.testing.assert_array_equal(integrate(Toy(), np.array([1.0]), length), whole[:length])


@pytest.mark.parametrize("rate", ["explode", "leave"])
def test_an_orbit_that_stops_being_finite_is_never_handed_out(rate):
    with pytest.raises(ValueError, match='"toy": not finite after (9|10|11) steps'):
        integrate(Toy(rate=rate), np.array([1.0]), 100)


def test_a_variable_at_rest_cannot_be_standardised():
    with pytest.raises(ValueError, match='"x" is .* in all 100000 rows'):
        systems.get("lorenz63", rho=0.5, transient=10_000).sample(10)
    with pytest.raises(ValueError, match='"x" is 8.4.* in all 100000 rows'):  # the fixed point (√(β(ρ-1)), ...)
        systems.get("lorenz63", sigma=1.0, transient=100_000).sample(10)


@pytest.mark.parametrize("name", FLOWS)
def test_the_training_orbit_is_standardised(name):
    values = systems.get(name, noise=0.0).sample(REFERENCE).values
    np.testing.assert_allclose(values.mean(0), 0, atol=1e-10)
    np.testing.assert_allclose(values.std(0), 1, atol=1e-10)


@pytest.mark.parametrize("name", FLOWS)
def test_the_declared_shapes_hold(name):
    flow = systems.get(name)
    start = jaxtyped(typechecker=beartype)(flow.initial_state)(0, "train")
    assert start.dtype == np.float64 and len(start) == len(flow.variables)
    slope = jaxtyped(typechecker=beartype)(flow.field)(jnp.zeros(()), jnp.asarray(start))
    assert slope.shape == start.shape
    assert jaxtyped(typechecker=beartype)(integrate)(flow, start, 3).shape == (3, len(start))


@pytest.mark.parametrize("name", FLOWS)
def test_seeds_have_their_own_orbits(name):
    starts = [systems.get(name).sample(1, seed=seed, split=split).values for seed in (0, 1, 2) for split in ("train", "test")]
    assert len(np.unique(np.concatenate(starts), axis=0)) == 6


@pytest.mark.parametrize("observed, columns", [("", [0, 1, 2]), ("all", [0, 1, 2]), ("x", [0]), ("xz", [0, 2]), ("z, x", [2, 0])])
def test_what_is_observed_is_selected_after_standardising_and_noise(observed, columns):
    whole = systems.get("lorenz63", noise=0.1).sample(40)
    part = systems.get("lorenz63", noise=0.1, observed=observed).sample(40)
    np.testing.assert_array_equal(part.values, whole.values[:, columns])
    np.testing.assert_array_equal(part.standardisation.std, whole.standardisation.std[columns])


@pytest.mark.parametrize("observed", ["w", "xw", "x,w", "xx"])
def test_an_unknown_or_repeated_variable_is_named(observed):
    with pytest.raises(ValueError, match='"lorenz63": observed.*"[wx]"'):
        systems.get("lorenz63", observed=observed)


def test_the_sample_does_not_depend_on_the_precision_flag():
    command = "import systems; print(systems.get('lorenz63').sample(5000).values.tobytes().hex()[-64:])"
    environment = os.environ | {"JAX_ENABLE_X64": "0"}
    single = subprocess.run([sys.executable, "-c", command], env=environment, capture_output=True, text=True, check=True)
    assert jax.config.jax_enable_x64
    assert single.stdout.strip() == LORENZ.sample(5000).values.tobytes().hex()[-64:]


def test_the_published_series_comes_from_the_same_attractor(published_series):
    theirs = np.load(published_series / "lorenz63_test.npy")
    ours = LORENZ.sample(len(theirs), split="test").values
    quantiles = np.linspace(0.05, 0.95, 19)
    np.testing.assert_allclose(np.quantile(ours, quantiles, axis=0), np.quantile(theirs, quantiles, axis=0), atol=0.12)
