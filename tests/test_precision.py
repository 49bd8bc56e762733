"""From Python, without the runner: every product has full precision, in value, gradient, update and free run."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.lax import Precision

import methods

DTYPE = jnp.float32


def products(jaxpr):
    """The precision of every product of a program, inner programs included."""
    for equation in jaxpr.eqns:
        if equation.primitive.name == "dot_general":
            yield equation.params["precision"]
        for value in jax.tree.leaves(equation.params, is_leaf=lambda leaf: hasattr(leaf, "eqns") or hasattr(leaf, "jaxpr")):
            inner = getattr(value, "jaxpr", value)
            if hasattr(inner, "eqns"):
                yield from products(inner)


def all_products(function, *arguments):
    with jax.default_matmul_precision(None):  # as where nobody has said anything
        return set(products(jax.make_jaxpr(function)(*arguments).jaxpr))


def subject(name):
    sizes = {"latent_dim": 4, "hidden_dim": 8} | ({"head_dim": 4} if "mamba2" in name else {})
    method = methods.get(name, **sizes)
    return method, method.init(jax.random.key(0), 2, DTYPE), jnp.ones((3, 22, 2), DTYPE)


@pytest.mark.parametrize("name", methods.names())
def test_every_product_has_full_precision(name):
    method, params, x = subject(name)
    if not all(callable(phase) and type(phase).__name__ != "Foreign" for phase in method.phases.values()):
        pytest.skip("computes outside of jax")
    programs = {
        "solve": (method.solve, params, x),
        "loss and gradient": (jax.value_and_grad(method.loss, has_aux=True), params, x),
        "update": (method.update, method.start(params, jax.random.key(0)), x),
        "generate": (lambda params, x: method.generate(params, x, 5), params, x[0]),
    }
    for what, (function, *arguments) in programs.items():
        found = all_products(function, *arguments)
        assert found <= {(Precision.HIGHEST, Precision.HIGHEST)}, f"{what}: {found}"


def test_a_precision_that_the_user_sets_is_kept():
    method, params, x = subject("gtf-deer")
    with jax.default_matmul_precision("high"):
        found = set(products(jax.make_jaxpr(method.solve)(params, x).jaxpr))
    # jax factorises in full precision whatever is asked for
    assert found - {(Precision.HIGHEST, Precision.HIGHEST)} == {(Precision.HIGH, Precision.HIGH)}


def test_decomposed_training_too():
    from methods.training import decomposed, loop

    method, x = methods.get("schwarz-shared", latent_dim=4, hidden_dim=8, windows=3, overlap=2), jnp.ones((24, 2), DTYPE)
    begun = loop.begin(method, 2, np.dtype("float32"), jnp.arange(1))
    states = decomposed.ExchangeState(decomposed._begin(method, begun.weights, x), begun.key, begun.done)
    found = all_products(lambda states, x: decomposed._train_block(method, states, x, 2), states, x)
    assert found == {(Precision.HIGHEST, Precision.HIGHEST)}
