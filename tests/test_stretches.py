"""Time spread over devices: states and gradients of one device, whatever the scan, the length, the batch and the precision."""

import dataclasses
import json

import pytest
from processes import run

import methods

SHARED = [name for name in methods.names() if "devices" in {f.name for f in dataclasses.fields(methods.get(name).solver)}]
PROGRAM = """
import dataclasses, json, sys
import jax, jax.numpy as jnp, numpy as np
jax.config.update("jax_enable_x64", True)
import methods

names, T, batch, dtype, settings = json.loads(sys.argv[1])
assert len(jax.devices()) == 8
rng = np.random.default_rng(0)
x = jnp.asarray(rng.standard_normal((*batch, T + 1, 2)), dtype)
close = 1e-8 if dtype == "float64" else 2e-4

def evaluate(method):
    params = method.init(jax.random.key(1), 2, jnp.dtype(dtype))
    def loss(params):
        solution = method.solve(params, x)
        return ((solution.states - 0.3) ** 2 * weights[..., : solution.states.shape[-1]]).sum(), solution
    (value, solution), gradient = jax.jit(jax.value_and_grad(loss, has_aux=True))(params)
    return [value, solution.states, *jax.tree.leaves(gradient)], solution

weights = jnp.asarray(rng.standard_normal((*batch, T, 16)), dtype)
wanted = {}
for name in names:
    own = {key: value for key, value in settings.items() if key in methods.get(name).parameters}
    sizes = dict(latent_dim=3 if "mamba" not in name else 8, hidden_dim=4)
    one, many = (methods.get(name, **sizes, **own, devices=count) for count in (1, 8))
    (right, aux), (got, found) = map(evaluate, (one, many))
    assert (found.code == 0).all(), (name, found)
    assert (abs(found.iterations - aux.iterations) <= SLACK.get(name, 0)).all(), (name, found.iterations, aux.iterations)
    stepwise = one.stepwise
    if stepwise not in wanted:
        wanted[stepwise] = evaluate(stepwise)[0]
    for reference in (right, wanted[stepwise]):
        for a, b in zip(got, reference, strict=True):
            np.testing.assert_allclose(a, b, atol=close * max(1, np.abs(b).max()), err_msg=name)
"""
# Each device draws probes of its own; Picard's sums of wrong states round otherwise.
SLACK = {"gtf-quasi-deer-hutchinson": 10, "picard": 3}


def equal(*names, T, batch=(), dtype="float64", **settings):
    run(f"SLACK = {SLACK}\n" + PROGRAM, json.dumps([names, T, batch, dtype, settings]), devices=8)


@pytest.mark.parametrize("name", SHARED)
def test_eight_devices_give_what_one_gives(name):
    """13 steps on eight devices: two each, and nothing at all for the last one."""
    equal(name, T=13, window=4, adjoint_window=4)


def test_batches_are_solved_alike():
    equal("gtf-deer", "gtf-quasi-deer", "lssm", T=13, batch=(3,))


@pytest.mark.parametrize("scan", ["associative", "blocked", "chunked", "sequential"])
@pytest.mark.parametrize("name", ["gtf-deer", "gtf-quasi-deer"])
def test_whatever_the_scan_on_each_device(name, scan):
    """One sequence, with chunks that do not divide a stretch."""
    equal(name, T=93, scan=scan, adjoint_scan=scan)


@pytest.mark.parametrize(("T", "dtype"), [(1, "float64"), (3, "float64"), (64, "float32")])
def test_whatever_the_length_and_the_precision(T, dtype):
    """Fewer steps than devices leave most of them without any."""
    equal("gtf-deer", "gtf-quasi-deer", "lssm", T=T, dtype=dtype)


@pytest.mark.parametrize("rule", ["absolute", "merit", "increment"])
def test_whatever_the_stopping_rule(rule):
    equal("gtf-deer", T=21, rule=rule)


def test_the_ablated_gradient_is_the_same_ablation():
    """Not that of the step-by-step scan, of course."""
    program = PROGRAM.replace("for reference in (right, wanted[stepwise])", "for reference in (right,)")
    run(f"SLACK = {SLACK}\n" + program, json.dumps([["gtf-quasi-deer"], 21, [], "float64", {"adjoint": "diagonal"}]), devices=8)
