"""B⁺ by Cholesky is that of the decomposition, whatever the shape, the rank and the condition of B."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from methods.linear.pseudoinverse import pinv


def with_singular_values(N, M, values, rng):
    left, right = (np.linalg.qr(rng.standard_normal((size, size)))[0] for size in (N, M))
    k = min(N, M)
    return left[:, :k] * np.asarray(values, float)[:k] @ right[:k]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("N", "M"), [(1, 1), (1, 7), (3, 3), (3, 25), (25, 50), (7, 2)])
@pytest.mark.parametrize("smallest", [1.0, 1e-2, 1e-4])
def test_equals_the_decomposition(N, M, smallest, dtype):
    B = with_singular_values(N, M, np.geomspace(1, smallest, min(N, M)), np.random.default_rng(0))
    wanted = np.linalg.pinv(B)
    got = np.asarray(jax.jit(pinv)(jnp.asarray(B, dtype)), float)
    eps = float(jnp.finfo(dtype).eps)
    # the inverse of what was given is only known up to rounding times the condition
    assert np.abs(got - wanted).max() <= 30 * max(N, M) * eps / smallest * np.abs(wanted).max()


@pytest.mark.parametrize("B", [np.zeros((2, 5)), np.ones((3, 8)), np.diag([1.0, 0.0, 2.0]), np.ones((5, 2))], ids=str)
def test_dependent_rows_are_left_out(B):
    np.testing.assert_allclose(jax.jit(pinv)(jnp.asarray(B)), np.linalg.pinv(B), atol=1e-12)


@pytest.mark.parametrize("shape", [(1, 4), (4, 1)])
@pytest.mark.parametrize("size", [0.0, 1e-30, 1e30, np.nan])
def test_a_row_or_a_column_of_any_size(shape, size):
    got = jax.jit(pinv)(size * jnp.arange(4, dtype="float32").reshape(shape))
    wanted = np.linalg.pinv(np.arange(4.0).reshape(shape)) / size if size else np.zeros(shape[::-1])
    np.testing.assert_allclose(got, wanted, rtol=1e-6)


def test_the_read_out_that_training_starts_from_is_inverted_exactly():
    np.testing.assert_array_equal(pinv(jnp.eye(3, 10)), np.eye(10, 3))


def test_several_seeds_get_what_each_gets_alone():
    rng = np.random.default_rng(1)
    B = jnp.asarray(np.stack([rng.standard_normal((2, 6)), np.ones((2, 6))]))
    np.testing.assert_allclose(jax.vmap(pinv)(B), np.linalg.pinv(np.asarray(B)), atol=1e-12)
