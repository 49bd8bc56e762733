"""Linear recurrences `d[t] = G[t] d[t-1] + b[t]`, `d[0] = 0`, solved for all t at once, forwards or backwards in time.

Newton's method and the adjoint come down to such a recurrence, and it can be solved in parallel: two steps d ↦ G d + b compose
to one map of that form, whatever d is. So steps can be composed before the d that they start from is known. G is full
`(T, ..., M, M)` or diagonal `(T, ..., M)`. Four ways, equal up to rounding:

    associative  compose neighbouring maps in a tree    depth O(log T), work O(T M³), several copies of G in memory
    chunked      K chunks side by side, each step by    depth O(T/K + K), work O(T M³), one copy of G
                 step, then joined through K end maps
    blocked      short chunks side by side, their end    depth O(log T), work O(T M³), one copy of G
                 maps joined in a tree
    sequential   step by step                           depth T, work O(T M²); composes nothing, and so cannot
                                                        overflow where the solution is finite

That is for full G. A diagonal one costs M in place of M² and M³. Blelloch 1990; for DEER: Lim et al. 2024, arXiv:2309.12252.
"""

from typing import Literal, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Inexact

from methods.layout import cost

Scan = Literal["auto", "associative", "chunked", "blocked", "sequential"]
CHUNKED = ("chunked", "blocked")


def solve(
    G: Inexact[Array, "T ... M M"] | Inexact[Array, "T ... M"],
    b: Inexact[Array, "T ... M"],
    *,
    scan: Scan = "auto",
    reverse: bool = False,
) -> Inexact[Array, "T ... M"]:
    """d_1 … d_T of `d[t] = G[t] d[t-1] + b[t]` from d_0 = 0, or of `d[t] = G[t] d[t+1] + b[t]` from d_{T+1} = 0."""
    scan = choose(scan, b, diagonal=G.ndim == b.ndim)
    if scan in CHUNKED:
        return chunked(lambda G: G, G, b, scan, reverse=reverse)
    return {"associative": _associative, "sequential": _sequential}[scan](G, b, reverse)


def choose(scan: Scan, b: Inexact[Array, "T ... M"], *, diagonal: bool) -> Scan:
    """The scan that `auto` stands for on the device at hand, for a recurrence of the size of b; any other choice is kept."""
    if scan != "auto":
        return scan
    if not cost.here().scans:
        return "sequential"
    few = b.size * b.shape[-1] * b.dtype.itemsize <= cost.here().associative_bytes
    return "associative" if diagonal or few else "blocked"


def apply(G, d):
    """G d for full or diagonal G."""
    return G * d if G.ndim == d.ndim else jnp.einsum("...ij,...j->...i", G, d)


def compose(first, second):
    """Compose two affine maps `d -> G d + b`; `first` acts first."""
    G1, b1 = first
    G2, b2 = second
    return (G2 * G1 if G1.ndim == b1.ndim else G2 @ G1), apply(G2, b1) + b2


def _associative(G, b, reverse):
    return lax.associative_scan(compose, (G, b), reverse=reverse)[1]


def _sequential(G, b, reverse):
    def step(d, element):
        d = apply(element[0], d) + element[1]
        return d, d

    return lax.scan(step, jnp.zeros_like(b[0]), (G, b), reverse=reverse)[1]


def chunked(form, elements, b, scan: Scan, *, transposed: bool = False, reverse: bool = False):
    """`solve` by chunks, for a G that is not given but made from smaller `elements`, as Jacobians are from patterns.

    Chunks need G in an order of their own. Making it in that order saves a second copy in memory.

    form        G = form(elements), both with two leading axes: steps of a chunk, and chunks
    elements    leaves (T, ...)
    b           (T, ..., M)
    transposed  the recurrence is that of Gᵀ
    """
    chunks = Chunks.cut(form, elements, b, scan, transposed, reverse)
    joined = _sequential if scan == "chunked" else _associative
    reached = joined(*chunks.ends(), reverse)  # d at the last step of each chunk
    return chunks.through(jnp.zeros_like(reached[0]), reached)


class Chunks(NamedTuple):
    """A recurrence cut into chunks of equal length that go side by side: leaves `(length, chunks, ...)`."""

    G: Array
    b: Array
    T: int
    transposed: bool
    reverse: bool

    @classmethod
    def cut(cls, form, elements, b, scan: Scan, transposed: bool, reverse: bool) -> "Chunks":
        T = b.shape[0]
        length = -(-T // max(1, round(T**0.5))) if scan == "chunked" else cost.size(cost.here().scan_block, T)
        chunks = -(-T // length)
        # Steps that fill up the last chunk come at the end of the recurrence, so that no other step reads their results.
        padding = (length * chunks - T, 0) if reverse else (0, length * chunks - T)

        def cut(leaf):
            leaf = jnp.pad(leaf, (padding, *[(0, 0)] * (leaf.ndim - 1)))
            return leaf.reshape(chunks, length, *leaf.shape[1:]).swapaxes(0, 1)

        elements, b = jax.tree.map(cut, (elements, b))
        return cls(form(elements), b, T, transposed, reverse)

    def turned(self, element):
        G, b = element
        return (G.swapaxes(-1, -2) if self.transposed else G), b

    def ends(self, *, exact: bool = False):
        """The map of each whole chunk, `(chunks, ...)`.

        exact  without the steps that fill up the last chunk, for those who go on from there
        """
        length, chunks = self.b.shape[:2]
        filled = length * chunks - self.T
        own = jnp.arange(length * chunks).reshape(chunks, length).T
        own = own >= filled if self.reverse else own < self.T

        def one_more(end, element):
            *element, own = element
            after = compose(end, self.turned(element))
            if exact and filled:
                after = jax.tree.map(lambda new, old: jnp.where(own.reshape(-1, *[1] * (new.ndim - 1)), new, old), after, end)
            return after, None

        G, b = self.G, self.b
        identity = jnp.broadcast_to(jnp.eye(b.shape[-1], dtype=G.dtype), G.shape[1:]) if G.ndim > b.ndim else jnp.ones_like(G[0])
        steps = (G, b, own if exact and filled else None)
        return lax.scan(one_more, (identity, jnp.zeros_like(b[0])), steps, reverse=self.reverse, unroll=cost.unroll())[0]

    def through(self, start, reached):
        """d at all steps `(T, ..., M)`.

        start    d before the first chunk
        reached  (chunks, ..., M), d at the last step of each chunk
        """
        before = start[None]
        starts = jnp.concatenate([reached[1:], before] if self.reverse else [before, reached[:-1]])

        def step(d, element):
            G, b = self.turned(element)
            d = apply(G, d) + b
            return d, d

        _, d = lax.scan(step, starts, (self.G, self.b), reverse=self.reverse, unroll=cost.unroll())
        d = d.swapaxes(0, 1).reshape(-1, *self.b.shape[2:])
        return d[-self.T :] if self.reverse else d[: self.T]
