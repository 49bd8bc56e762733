"""Long sequences in blocks of consecutive steps, so that what is computed for all t at once stays in a CPU's cache."""

import math

import jax
import jax.numpy as jnp
from jax import lax

from methods.layout import cost


def length(states) -> int:
    """Steps per block for states `(T, ..., M)`: all T where blocks do not pay."""
    T, rows = states.shape[0], math.prod(states.shape[:-1])
    if rows <= cost.here().block_from:
        return T
    return of_rows(T, rows, cost.here().block_rows)


def of_rows(T: int, rows: int, most: cost.Number) -> int:
    """Steps per block for T steps of `rows` rows in all, of which a block should have no more than `most`."""
    return -(-T // cost.size(math.ceil(rows / max(most, 1)), T))


def cut(values, B: int):
    """`(T, ...)` leaves as `(T/B, B, ...)`, filled up by repeating the last row."""

    def one(leaf):
        missing = -leaf.shape[0] % B
        if missing:
            leaf = jnp.concatenate([leaf, jnp.broadcast_to(leaf[-1:], (missing, *leaf.shape[1:]))])
        return leaf.reshape(-1, B, *leaf.shape[1:])

    return jax.tree.map(one, values)


def join(values, T: int):
    """`(T/B, B, ...)` leaves as `(T, ...)`."""
    return jax.tree.map(lambda leaf: leaf.reshape(-1, *leaf.shape[2:])[:T], values)


def over(function, given):
    """`function(*given)` of `(T, ..., ·)` leaves, the first of them states, block by block."""
    T, B = given[0].shape[0], length(given[0])
    if B == T:
        return function(*given)
    return join(lax.map(lambda block: function(*block), cut(given, B)), T)


def pull(step, previous, inputs, w, of_inputs: bool):
    """Cotangents of a map, summed over time, for cotangents w `(T, ..., M)` of its values; those of its inputs where wanted."""
    T, B = w.shape[0], length(w)
    if B == T:
        return pull_one(step, previous, inputs, w, of_inputs)

    def add(total, block):
        d_step, d_inputs = pull_one(step, *block, of_inputs)
        return jax.tree.map(jnp.add, total, d_step), d_inputs

    d_step, d_inputs = lax.scan(add, jax.tree.map(jnp.zeros_like, step), cut((previous, inputs, without_more(w, B)), B))
    return d_step, join(d_inputs, T)


def pull_one(step, previous, inputs, w, of_inputs: bool):
    """The same of one block."""
    if not of_inputs:
        return *jax.vjp(lambda step: step(previous, inputs), step)[1](w), None
    return jax.vjp(lambda step, inputs: step(previous, inputs), step, inputs)[1](w)


def without_more(w, B: int):
    """w `(T, ...)`, such as cotangents, with zeros after T, where the last block of B steps is filled up."""
    missing = -w.shape[0] % B
    return jnp.concatenate([w, jnp.zeros_like(w, shape=(missing, *w.shape[1:]))]) if missing else w
