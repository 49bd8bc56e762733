"""A linear recurrence whose steps are dealt out over devices: local work, and one exchange.

What a stretch of steps does to the d that it starts from is one map d ↦ P d + p, whatever its length. So each device composes its
steps to that map, all gather the maps of all, and each works out from those of the devices before it the d that its own stretch
starts from. Then it goes through its steps, alone. Where the steps are composed in parallel anyway, P and p of every step are at
hand and the second pass is a product; else it is a second scan.

Step by step on one device nothing is composed. On several that has a price, since P costs M products where d costs one. Only with
two devices there is none: what comes before the first is 0, so that its P is not needed, and the second hands nothing on.
"""

from functools import partial

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Inexact

from methods.layout.devices import Devices
from methods.linear import recurrence
from methods.linear.recurrence import Chunks, Scan, apply, compose


def solve(
    form, act, elements, b: Inexact[Array, "T ... M"], scan: Scan, devices: Devices, *, transposed=False, reverse=False
) -> tuple[Inexact[Array, "T ... M"], Inexact[Array, "... M"]]:
    """d at all steps of this device's stretch, and the d that arrives at it. One all-gather of M (M + 1) numbers a device.

    form        G = form(elements), full or diagonal, for any leading axes
    act         G d = act(element, d) of one step, or Gᵀ d where the recurrence is transposed
    elements    leaves (T, ...), of the steps of this device
    """
    diagonal = jax.eval_shape(form, elements).ndim == b.ndim
    scan = recurrence.choose(scan, b, diagonal=diagonal)
    start = partial(arriving, devices, reverse=reverse)
    if scan == "sequential" and not diagonal:
        return _in_two_passes(form, act, elements, b, start, devices, transposed, reverse)
    if scan in recurrence.CHUNKED:
        return _by_chunks(Chunks.cut(form, elements, b, scan, transposed, reverse), start, devices)
    G = form(elements)
    G = G.swapaxes(-1, -2) if transposed and not diagonal else G
    composed = _composed_step_by_step if scan == "sequential" else partial(lax.associative_scan, compose)
    prefixes = composed((G, b), reverse=reverse)
    d = start(jax.tree.map(lambda leaf: leaf[0 if reverse else -1], prefixes))
    return _carried(prefixes, d, devices, reverse), d


def arriving(devices: Devices, end, *, reverse: bool = False):
    """The d that this device's stretch starts from, given the map `end` of its own stretch: P `(..., M, M)` or `(..., M)`, and p.

    The first stretch starts from 0, so that its P does not matter: it may be infinite, where the steps of a stretch expand. With
    two devices P may be None.
    """
    ends = devices.each(end)
    P, p = jax.tree.map(lambda leaf: leaf[::-1], ends) if reverse else ends

    def hand_on(d, end):
        d = apply(end[0], d) + end[1]
        return d, d

    starts = [jnp.zeros_like(p[:1]), p[:1]]
    if devices.count > 2:
        starts.append(lax.scan(hand_on, p[0], (P[1:-1], p[1:-1]))[1])
    return jnp.concatenate(starts)[devices.place(reverse=reverse)]


def sum_before(devices: Devices, own):
    """The sum of what the devices with earlier steps have of `own`."""
    sums = jnp.cumsum(devices.each(own), axis=0)
    return jnp.concatenate([jnp.zeros_like(sums[:1]), sums[:-1]])[devices.place()]


def _carried(prefixes, d, devices, reverse):
    """d at every step, given the maps from the start of the stretch to every step, and d there."""
    P, p = prefixes
    return jnp.where(devices.place(reverse=reverse) == 0, p, apply(P, jnp.broadcast_to(d, p.shape)) + p)


def _composed_step_by_step(steps, *, reverse):
    def one_more(end, step):
        end = compose(end, step)
        return end, end

    G, b = steps
    return lax.scan(one_more, (jnp.ones_like(G[0]), jnp.zeros_like(b[0])), steps, reverse=reverse)[1]


def _by_chunks(chunks: Chunks, start, devices):
    """By chunks side by side on this device, as on one, but that their maps are composed before d is known."""
    prefixes = lax.associative_scan(compose, chunks.ends(exact=True), reverse=chunks.reverse)
    d = start(jax.tree.map(lambda leaf: leaf[0 if chunks.reverse else -1], prefixes))
    return chunks.through(d, _carried(prefixes, d, devices, chunks.reverse)), d


def _in_two_passes(form, act, elements, b, start, devices, transposed, reverse):
    """Without keeping a Jacobian: the columns of P and p are carried through the steps together, then d alone."""
    columns = b.shape[-1] if devices.count > 2 else 0

    def one_more(end, element):
        P, p = end
        element, b = element
        if not columns:
            return (None, act(element, p) + b), None
        G = form(element)
        return compose(end, (G.swapaxes(-1, -2) if transposed else G, b)), None

    def step(d, element):
        d = act(element[0], d) + element[1]
        return d, d

    P = jnp.broadcast_to(jnp.eye(columns, dtype=b.dtype), (*b.shape[1:], columns)) if columns else None
    end, _ = lax.scan(one_more, (P, jnp.zeros_like(b[0])), (elements, b), reverse=reverse)
    d = start(end)
    return lax.scan(step, d, (elements, b), reverse=reverse)[1], d
