"""Products of a small matrix with many lanes, in the form that takes the fewest launches.

On a GPU a product of matrices is a kernel of its own, and what is done to its factors and to its result are more of them. A sum
of a few columns times rows is arithmetic like any other, which XLA puts into one kernel with its neighbours: a step of a shPLRNN
then takes two kernels in place of four. Kernels for products are faster at the arithmetic itself: much of it is left to them.
"""

import jax.numpy as jnp

from methods.layout import cost

# Terms of one sum, and up to how many are not divided. XLA writes sums that are so short out, inside a kernel; of longer ones it
# makes kernels of their own, and so it does of sums of 16 where several are added up (jax 0.10.2, M = 3 to 32, L = 50 and 64).
TERMS, UNDIVIDED = 8, 16


def of_lanes(W, z):
    """W z for W `(m, n)` and z `(n, ..., lanes)`."""
    n = W.shape[1]
    if W.size * (z.size // n) > cost.here().summed_product:
        return jnp.tensordot(W, z, 1)
    W = W.reshape(*W.shape, *[1] * (z.ndim - 1))
    terms = n if n <= UNDIVIDED else TERMS
    first, *rest = ((W[:, at : at + terms] * z[at : at + terms]).sum(1) for at in range(0, n, terms))
    return sum(rest, first)
