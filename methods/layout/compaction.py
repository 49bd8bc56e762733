"""A batch whose sequences stop at different times: those that have stopped are left behind, so that none pays for the slowest.

Shapes are fixed inside a compiled loop. So there is a ladder of loops, for S, S/4, S/16, … and 1 sequences; each ends when those
that still run fit into the next, which gathers them, goes on, and scatters them back. Of n sequences on a rung more than n/4
still run: the work is less than 4 times what the sequences cost one by one. Where all stop together nothing is moved. The last
one runs without a batch axis, as if it were alone.

Compile time grows with the number of rungs, 1 + ⌈log₄ S⌉. Where sequences side by side cost no more than one, there is one rung.
"""

from functools import partial

import jax
import jax.numpy as jnp
from jax import lax

from methods.layout import cost


def loop(going, advance, fixed, carry, axes):
    """Repeat `carry = advance(fixed, carry)` while `going(carry)`, on fewer and fewer sequences; the last carry, of all of them.

    going    whether to go on at all: false where nothing of `carry.running` is true
    advance  must treat each sequence by itself, and work with one batch axis and with none
    fixed    pytree of what does not change
    carry    a NamedTuple with `running`, (S,) where there is a batch; any other shape is one plain loop
    axes     of (fixed, carry): the batch axis of the leaves, None where they have none; a prefix, like `in_axes` of `jax.vmap`
    """
    if carry.running.ndim != 1 or not cost.here().compacts:
        return lax.while_loop(going, partial(advance, fixed), carry)
    S = carry.running.shape[0]
    fewer = -(-S // cost.size(cost.here().compaction_ratio, S, least=2))

    def on_the_next_rung(carry):
        """The sequences that still run, at most `fewer`, taken out, run to their end, and put back."""
        which = jnp.argsort(~carry.running)[:fewer] if fewer > 1 else carry.running.argmax()
        few = loop(going, advance, *_take(axes, (fixed, carry), which), axes)
        return _put(axes[1], carry, few, which)

    if S == 1:  # the next rung is the last: one sequence without its batch axis
        return on_the_next_rung(carry)
    too_many = lambda carry: carry.running.sum() > fewer  # noqa: E731
    carry = lax.while_loop(lambda carry: going(carry) & too_many(carry), partial(advance, fixed), carry)
    # A loop that goes round once at most: unlike `cond` it costs nothing under `vmap` while nobody needs it.
    return lax.while_loop(going, on_the_next_rung, carry)


def _take(axes, tree, which):
    """Some sequences of a batch; one, without its batch axis, where `which` is a number."""
    return _each(lambda axis, leaf: jnp.take(leaf, which, axis, mode="clip"), axes, tree)


def _put(axes, tree, part, which):
    """`tree` with the sequences of `part` in their places."""

    def put(axis, leaf, part):
        there = [slice(None)] * leaf.ndim
        there[axis] = which
        return leaf.at[tuple(there)].set(part)

    return _each(put, axes, tree, part)


def _each(function, axes, tree, *rest):
    """`function(axis, leaf, ...)` of every leaf that has a batch axis; the others as they are in `tree`."""

    def under(axis, tree, *rest):
        return tree if axis is None else jax.tree.map(partial(function, axis), tree, *rest)

    return jax.tree.map(under, axes, tree, *rest, is_leaf=lambda axis: axis is None)
