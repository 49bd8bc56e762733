"""Every setting of every method has a kind, checked once, whatever the order in which settings are given."""

import dataclasses
import itertools
import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import methods
from methods.adjoint import Adjoint
from methods.forcing import Forcing
from methods.forcing.sampling import ScheduledSampling
from methods.method import Method
from methods.models.mamba2.model import Mamba2Shape
from methods.solvers.newton import Newton
from methods.solvers.sequential import Sequential
from methods.solvers.windows.relaxation import Relaxation
from methods.training.loop import Training
from settings import _check, checked

NAMES = methods.names()


def wrong(value) -> list:
    """What a setting with this default cannot be."""
    if isinstance(value, bool):
        return [2, "yes", None]
    if isinstance(value, int | float):
        return ["x", "1", math.nan, -1, -0.5, [value], True]
    if isinstance(value, str):
        return ["foo", "", 1, True]
    return [["x"], [-1], -1, "x", math.nan]  # a tuple, or nothing: what the default says


@pytest.mark.parametrize("name", NAMES)
def test_no_setting_takes_a_value_out_of_range(name):
    for key, default in methods.get(name).parameters.items():
        for value in wrong(default):
            with pytest.raises(ValueError, match=f'method "{name}": {key} = '):
                methods.get(name, **{key: value})


@pytest.mark.parametrize("name", NAMES)
def test_the_published_values_are_settings(name):
    method = methods.get(name)
    assert method.configure(**method.parameters) == method
    back = {key: list(value) if isinstance(value, tuple) else value for key, value in method.parameters.items()}
    assert hash(method.configure(**back)) == hash(method)


@pytest.mark.parametrize(
    ("name", "key", "value"),
    [
        ("gtf-quasi-deer-hutchinson", "probes", 0),
        ("gtf-deer", "interval", 0),
        ("gtf-schwarz", "devices", 0),
        ("gtf-shooting", "directions", 0),
        ("gtf-deer-windowed", "window", 0),
        ("gtf-deer", "alpha", 1.01),
        ("gtf-deer", "max_iterations", 0),
        ("gtf-deer", "tolerance", math.inf),
        ("gtf-deer", "learning_rate", 0.0),
        ("gtf-deer", "updates", 2**31),
        ("gtf-deer-damped", "relaxation", 2.0),
        ("gtf-deer-clipped", "clip", 0.0),
        ("gtf-deer", "increment_tolerance", [1e-4]),
        ("lssm-scheduled", "sampling_rate", 0.0),
        ("lssm-scheduled", "sampling_max", 1.5),
        ("schwarz-shared", "windows", 0),
        ("mamba2", "conv_width", 0),
    ],
)
def test_ranges_end_where_the_method_ends(name, key, value):
    with pytest.raises(ValueError, match=f"{key} = .*but it must"):
        methods.get(name, **{key: value})


def test_settings_that_do_not_fit_each_other_are_refused():
    with pytest.raises(ValueError, match="rate_warmup = 10: must be less than updates = 10"):
        methods.get("gtf-deer", updates=10, rate_warmup=10)
    with pytest.raises(ValueError, match="head_dim = 7 does not divide"):
        methods.get("mamba2", head_dim=7)
    assert methods.get("mamba2", head_dim=7, latent_dim=7).model == Mamba2Shape(latent_dim=7, head_dim=7)


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("deer", {"forcing": "projected", "alpha": 0.1, "alpha_from": "bound"}),
        ("sequential", {"forcing": "sparse", "interval": 3, "differentiate": "full"}),
        ("mamba2", {"latent_dim": 7, "head_dim": 7, "updates": 5}),
        ("gtf-deer", {"updates": 5000, "rate_warmup": 2000, "guess": "zero"}),
    ],
)
def test_the_order_of_settings_does_not_matter(name, fields):
    assert len({methods.get(name, **dict(order)) for order in itertools.permutations(fields.items())}) == 1


@pytest.mark.parametrize("fields", [{"forcing": "none", "alpha": 0.1}, {"alpha": 0.1, "forcing": "none"}])
def test_a_setting_without_effect_is_refused(fields):
    with pytest.raises(ValueError, match="no field \"alpha\" that has an effect with forcing = 'none'"):
        methods.get("gtf-deer", **fields)


@pytest.mark.parametrize(
    "parts",
    [
        {"solver": Newton(tolerance=-1.0)},
        {"solver": Newton(max_iterations=0)},
        {"forcing": Forcing(alpha=1.7)},
        {"forcing": Forcing("sparse", interval=0)},
        {"adjoint": Adjoint(devices=0)},
        {"training": Training(learning_rate=math.nan)},
        {"forcing": ScheduledSampling(sampling_rate=2.0)},
    ],
)
@pytest.mark.parametrize("replace", [False, True])
def test_a_method_built_by_hand_is_checked_too(parts, replace):
    whole = Method(Newton())
    with pytest.raises(ValueError, match="^Method: .*, but it must be"):
        dataclasses.replace(whole, **parts) if replace else Method(**{"solver": Newton()} | parts)


@pytest.mark.parametrize("alpha", [-3, 1.7, math.nan, np.float64(2.0)])
def test_a_strength_given_to_a_solve_has_the_same_range(alpha):
    method = methods.get("gtf-deer", latent_dim=3, hidden_dim=4)
    params, x = method.init(jax.random.key(0), 3), jnp.zeros((1, 4, 3))
    with pytest.raises(ValueError, match='method "gtf-deer": alpha = .* but it must be'):
        method.solve(params, x, alpha=alpha)
    with pytest.raises(ValueError, match="alpha = "):
        method.loss(params, x, alpha=alpha)


def test_what_is_traced_is_not_looked_at():
    """A strength may be differentiated or mapped over by whoever configures inside of a transformation."""
    given = jnp.array([0.1, 1.7])
    np.testing.assert_array_equal(jax.vmap(lambda alpha: checked(Forcing, "alpha", alpha, label=""))(given), given)


@dataclasses.dataclass(frozen=True)
class Own(Sequential):
    """A plug-in's solver, with annotations that are not of this project's making."""

    gain: int = 1.5
    parts: list[int] = dataclasses.field(default_factory=list)
    function: Any = None
    matrix: np.ndarray | None = None
    bound: float = None
    later: "OnlyForCheckers" = 1.0  # noqa: F821


@pytest.mark.parametrize(
    ("key", "value"),
    [("gain", 2.5), ("gain", 2), ("parts", [1]), ("function", len), ("matrix", np.eye(2)), ("bound", 1.0), ("later", 2.0)],
)
def test_a_plug_in_may_annotate_as_it_likes(key, value):
    configured = Method(Own(), name="own").configure(**{key: value})
    assert getattr(configured.solver, key) is value


def test_checks_cost_little():
    """`dataclasses.replace` of a method checks no part twice."""
    method = methods.get("gtf-deer")
    before = _check.cache_info().misses
    for _ in range(10):
        method = dataclasses.replace(method, guess="zero")
    assert _check.cache_info().misses <= before + len(Method.PARTS)
    assert isinstance(methods.get("gtf-schwarz").solver, Relaxation)
