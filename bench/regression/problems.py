"""The pinned problems: which methods, at which sizes, on which weights. Changing one breaks the comparison with older results.

The names are listed, not asked of the commit under test: asv finds parameters by their place in the list, so that lists which
differ between commits would compare one method with another. A commit that lacks a method passes over it.
"""

from typing import NamedTuple

TIMED = (
    *("sequential", "gtf-deer", "gtf-quasi-deer", "gtf-deer-published", "gtf-elk"),
    *("gtf-schwarz", "gtf-shooting", "gtf-parareal", "auto"),
)
TIMED_EVERYWHERE = ("sequential", "gtf-deer", "gtf-schwarz", "auto")  # the others at the first size only
TRACKED = (  # every solver under one name
    *("sequential", "gtf-deer", "gtf-quasi-deer", "gtf-deer-published", "gtf-deer-windowed", "gtf-deer-damped"),
    *("gtf-deer-clipped", "gtf-quasi-deer-clipped", "gtf-quasi-deer-hutchinson", "gtf-elk", "gtf-quasi-elk"),
    *("gtf-elk-filter", "gtf-quasi-elk-filter", "jacobi", "picard"),
    *("gtf-schwarz", "gtf-shooting", "gtf-parareal", "gtf-mgrit", "auto", "sequential-parallel-adjoint"),
    *("sequential-unrolled", "sequential-fused", "gtf-merit-descent"),
)
LINEAR = ("lssm", "mamba2")
VERSION = "1"  # raise it with any change of what is measured: asv then compares nothing across the change
ALPHA = 0.2


class Size(NamedTuple):
    M: int
    N: int
    L: int
    T: int
    batch: int


SIZES = {
    "partly observed": Size(M=16, N=1, L=64, T=8192, batch=1),
    "fully observed": Size(M=3, N=3, L=64, T=8192, batch=1),
    "batch": Size(M=16, N=1, L=64, T=512, batch=16),
}
PARTLY_OBSERVED = SIZES["partly observed"]
SHORT = Size(M=16, N=1, L=64, T=1024, batch=2)  # of what is tracked
WIDE = Size(M=16, N=5, L=128, T=512, batch=16)  # of the linear models: mamba2 has 7 409 parameters


def method(name: str):
    """The method of that name in the commit under test; where it has none, asv passes over the benchmark."""
    import methods

    if name not in methods.names():
        raise NotImplementedError(f'no method "{name}" in this commit')
    method = methods.get(name)
    return method.configure(alpha=ALPHA) if "alpha" in method.parameters else method


def model_and_data(size: Size):
    """A contracting shPLRNN and noise to force it with, float32."""
    import jax
    import jax.numpy as jnp
    import numpy as np

    jax.config.update("jax_default_matmul_precision", "highest")
    rng = np.random.default_rng(0)
    params = contracting(rng, size.M, size.N, size.L)
    return params, jnp.asarray(rng.standard_normal((size.batch, size.T + 1, size.N)), jnp.float32)


def contracting(rng, M: int, N: int, L: int):
    """A shPLRNN in float32 with |A| + |W1| |W2| < 1, so that every sound solver converges."""
    import jax.numpy as jnp
    import numpy as np

    from methods.models import ShallowPLRNN

    def matrix(*shape):
        values = rng.standard_normal(shape)
        return values / np.linalg.norm(values, 2)

    arrays = {
        "A": rng.uniform(0.2, 0.6, M),
        "W1": 0.7 * matrix(M, L),
        "W2": 0.5 * matrix(L, M),
        "h1": rng.uniform(-0.5, 0.5, M),
        "h2": rng.uniform(-1, 1, L),
        "B": matrix(N, M),
    }
    return ShallowPLRNN.from_arrays(**{name: jnp.asarray(values, jnp.float32) for name, values in arrays.items()})
