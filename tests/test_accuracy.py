"""When an answer that is timed is right: sequence by sequence, step by step, and never by comparison with a bad scan."""

import jax
import numpy as np
import pytest

import methods
from bench.measure import accuracy
from bench.measure.accuracy import Errors, Reference


def against(states, gradient=(1.0,), own=(1e-7, 1e-7)):
    return Reference(np.asarray(states, float), [np.asarray(gradient, float)], Errors(*own))


def test_one_large_sequence_hides_no_other():
    """The second sequence is off by a tenth, which is little beside the first."""
    wanted = np.ones((2, 5, 3)) * np.array([1e6, 1.0])[:, None, None]
    off = wanted + np.array([0, 0.1])[:, None, None]
    errors = against(wanted).errors(off, [np.ones(1)])
    assert errors.value == pytest.approx(0.1) and not against(wanted).accepts(errors, "float32")


def test_one_large_step_hides_no_other():
    wanted = np.ones((1, 9, 2))
    wanted[0, 4] = 1e6
    off = wanted.copy()
    off[0, 7] += 0.01
    assert against(wanted).errors(off, [np.ones(1)]).value == pytest.approx(0.01)


@pytest.mark.parametrize(
    ("error", "own", "right"),
    [
        (2e-5, 1e-7, False),  # the scan reaches 1e-5
        (5e-6, 1e-7, True),
        (5e-5, 1e-5, True),  # it does not
        (2e-4, 1e-5, False),
        (0.05, 0.05, False),  # nor is it right itself
        (np.nan, 1e-7, False),
        (np.inf, 1e-7, False),
    ],
)
def test_what_is_right_in_single_precision(error, own, right):
    reference = against(np.ones((1, 2, 1)), own=(own, own))
    for errors in (Errors(error, 0.0), Errors(0.0, error)):
        assert reference.accepts(errors, "float32") == right


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_scan_itself_is_right(dtype):
    method = methods.get("sequential", latent_dim=5, hidden_dim=8)
    params = method.init(jax.random.key(0), 2, dtype)
    x = jax.numpy.asarray(np.random.default_rng(0).standard_normal((3, 101, 2)), dtype)
    states, gradient = method.solve(params, x).states, jax.grad(method.loss, has_aux=True)(params, x)[0]
    for limit in (accuracy.DOUBLE_PRECISION_LIMIT, 0):  # with and without a reference in double precision
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(accuracy, "DOUBLE_PRECISION_LIMIT", limit)
            exact = accuracy.reference(method, params, x)
        assert exact.accepts(exact.errors(states, gradient), dtype)
