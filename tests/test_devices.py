"""Windows and seeds spread over two devices give what one gives. In processes of their own: devices are counted at the start."""

import pytest
from processes import run

from methods.layout.devices import Devices

PROGRAM = """
import jax, jax.numpy as jnp, numpy as np
jax.config.update("jax_enable_x64", True)
import methods
import dataclasses
from methods.layout import cost
from methods.models import ShallowPLRNN

assert len(jax.devices()) == 2
cost.CPU = dataclasses.replace(cost.CPU, block_from=32.0, block_rows=50.0, adjoint_rows=50.0)  # small blocks
rng = np.random.default_rng(0)
M, L, T = {M}, 12, {T}
params = ShallowPLRNN.from_arrays(
    A=rng.uniform(-0.5, 0.5, M), W1=rng.uniform(-0.15, 0.15, (M, L)), W2=rng.uniform(-0.4, 0.4, (L, M)),
    h1=rng.uniform(-0.5, 0.5, M), h2=rng.uniform(-1, 1, L), B=rng.standard_normal((2, M)))
x = jnp.asarray(rng.standard_normal(({batch}T + 1, 2)))
settings = dict(window={window}, adjoint_window={window}, adjoint_memory={memory}, adjoint_scan="windows", {more})
for name in {names}:
    one, two = (methods.get(name, **settings, devices=n) for n in (1, 2))
    evaluate = lambda method: jax.jit(jax.value_and_grad(method.loss, (0, 1), has_aux=True))(params, x)
    (value, aux), gradient = evaluate(two)
    (wanted_value, wanted_aux), wanted = evaluate(one)
    assert (aux.code == 0).all() and (aux.iterations == wanted_aux.iterations).all(), (name, aux, wanted_aux)
    np.testing.assert_allclose(value, wanted_value, rtol=1e-9, err_msg=name)
    for got, right in zip(jax.tree.leaves(gradient), jax.tree.leaves(wanted), strict=True):
        np.testing.assert_allclose(got, right, atol=1e-9 * np.abs(right).max(), err_msg=name)
    program = jax.jit(lambda params: two.solve(params, x).states).lower(params).compile()
    assert "collective-permute" in program.as_text(), name
"""


WINDOWED = ["gtf-schwarz", "gtf-shooting", "gtf-mgrit"]


@pytest.mark.parametrize(
    ("batch", "T", "window", "memory"),
    [
        ("", 777, 100, 10),
        ("", 777, 100, 1000),
        ("", 777, 400, 10),
        ("3, ", 137, 70, 10),
        ("3, ", 50, 50, 10),
        ("3, ", 50, 50, 1000),
    ],
)
def test_two_devices_give_what_one_gives(batch, T, window, memory):
    """Also where the windows do not divide T, where each device has one, and where there is only one for two devices."""
    run_on_two(PROGRAM.format(names=WINDOWED, batch=batch, T=T, window=window, memory=memory, M=4, more=""))


def test_many_windows_of_shooting_come_back_from_two_devices():
    """64 and more on each, with fewer directions than latent dimensions: with jax's QR they never did (0.10.2)."""
    run_on_two(PROGRAM.format(names=["gtf-shooting"], batch="", T=777, window=6, memory=10, M=24, more="directions=12"))


def run_on_two(program):
    run(program, devices=2)


TRAINING = """
import jax, numpy as np
jax.config.update("jax_enable_x64", True)
import methods

from methods.training import decomposed, loop

assert len(jax.devices()) == 2
block = (decomposed if {batch} == 1 else loop)._train_block
series = np.random.default_rng(0).standard_normal((300, 2))
method = methods.get("{name}", latent_dim=3, hidden_dim=5, updates=4, alpha=0.5, {settings})
fit = lambda seeds: method.fit(series, T=20, batch={batch}, seeds=seeds, block=2, dtype="float64")
for seeds in (2, 3):
    block.clear_cache()
    together = fit(range(seeds))
    assert getattr(method.solver, "devices", 1) > 1 or block._cache_size() == 1, "blocks of one length are compiled once"
    for seed in range(seeds):
        alone = fit([seed])
        for got, wanted in zip(jax.tree.leaves(together.params), jax.tree.leaves(alone.params), strict=True):
            np.testing.assert_allclose(got[seed], wanted[0], rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(together.log.loss[seed], alone.log.loss[0], rtol=1e-9)
"""


@pytest.mark.parametrize(
    ("name", "batch", "settings"),
    [("gtf-deer", 2, ""), ("gtf-schwarz", 2, "devices=2, window=5"), ("schwarz-shared", 1, "windows=4, overlap=4")],
)
def test_seeds_spread_over_devices_train_as_each_does_alone(name, batch, settings):
    """Also where they cannot be dealt out evenly, and where a method needs the devices for its windows."""
    run_on_two(TRAINING.format(name=name, batch=batch, settings=settings))


def test_more_devices_than_there_are_is_an_error_that_says_what_to_do():
    with pytest.raises(ValueError, match=r"devices = 1000, but jax sees \d+\. .* JAX_NUM_CPU_DEVICES=1000"):
        Devices(1000).run(None, None, None, None)
