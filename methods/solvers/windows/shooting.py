"""Multiple shooting: Newton's method on the states between windows of time.

As in `schwarz`, K windows run side by side. Where their corrections do not die out within a window, because a few slow directions
carry information across, the ends are not just handed on: with D_n the derivative of window n, new starts U' solve

    U'_{n+1} = Φ_n(U_n) + D_n (U'_n − U_n),      U'_0 = z_0

one window after the other, K small steps. D_n is known on r directions only: those that a perturbation before window n has not
left by the time it gets there (tangents of the window before, made orthonormal). That is exact up to what is damped by all
other directions in one window, and what it misses the next sweep corrects: the states are accepted on their residual alone.

Nievergelt 1964; Newton on all of time is DEER, arXiv:2309.12252, which is this with windows of one step.
"""

import dataclasses
from typing import ClassVar

import jax
import jax.numpy as jnp
from jax import lax

from methods.forcing import Forcing
from methods.solvers.windows.relaxation import Relaxation
from methods.solvers.windows.sweeps import At, Given
from references import Reference
from settings import Count

NIEVERGELT1964 = Reference(
    key="nievergelt1964",
    kind="article",
    author=("Jürg Nievergelt",),
    title="Parallel methods for integrating ordinary differential equations",
    journal="Communications of the ACM",
    volume="7",
    number="12",
    pages="731–733",
    year=1964,
)

# Steps in which tangents that start along single units turn into the slow directions.
TURNING = 128


@dataclasses.dataclass(frozen=True)
class Shooting(Relaxation):
    """Pushes r tangents through all windows in every sweep: work O(T r)."""

    references: ClassVar[tuple[Reference, ...]] = (NIEVERGELT1964,)

    directions: Count = 12  # r; no fewer than latent dimensions make it Newton's method proper

    def keep(self, given: Given, starts):
        """The directions before each window `(M, r, lanes)`, none known yet."""
        M, lanes = starts.shape
        return jnp.zeros((M, min(M, self.directions), lanes), starts.dtype)

    def restart(self, given: Given, at: At):
        M, r, _ = at.kept.shape
        before = jnp.concatenate([at.starts[None], at.states[:-1]])
        step, inputs = given.problem.step, given.problem.inputs
        if r == M:
            Q = jnp.broadcast_to(jnp.eye(M, dtype=before.dtype)[:, :, None], at.kept.shape)
        else:
            # found in the sweep before, or else as what the slowest single units turn into at the end of the windows
            Q = lax.cond((at.kept != 0).any(), lambda: at.kept, lambda: _slow(given, before, r))
        ends = _transport(step, before, inputs, Q)
        starts = _interfaces(given, at, Q, ends)
        starts = jnp.where(jnp.isfinite(starts), starts, at.handed_on)
        return starts, at.kept if r == M else _ahead(given, _orthonormal(ends))


def _transport(step, before, inputs, V):
    """D V for the tangents V `(M, r, lanes)` at the start of the given steps of each window."""
    fast = step.lanes()

    def push(V, now):
        return fast.push(*now, V)[1], None

    return lax.scan(push, V, (before, inputs))[0]


def _slow(given, before, r):
    """The r directions that are left at the end of the window before of what starts along the r slowest units."""
    step, last = given.problem.step, max(0, given.windows.C - TURNING)
    before, inputs = jax.tree.map(lambda leaf: leaf[last:], (before, given.problem.inputs))
    rows = jax.tree.map(lambda leaf: jnp.moveaxis(leaf[0], -1, 0), (before, inputs))
    diagonal = jnp.abs(step.jacobian_diagonal(*rows)).reshape(-1, given.windows.S, before.shape[1])
    slow = lax.top_k(given.devices.sum(diagonal.sum(0)), r)[1]  # (S, r): each sequence as if it were alone
    V = jax.nn.one_hot(slow.T, before.shape[1], axis=0, dtype=before.dtype)
    V = jnp.tile(V, before.shape[-1] // given.windows.S)
    return _ahead(given, _orthonormal(_transport(step, before, inputs, V)))


def _orthonormal(V):
    """Orthonormal directions that span V `(M, r, lanes)`; Gram and Schmidt, twice, which is enough for any V.

    Not `jnp.linalg.qr`, which in this loop, with 64 lanes on each of two devices of a CPU, never came back (jax 0.10.2).
    """
    r = V.shape[1]

    def direction(j, V):
        v = V[:, j]
        v = v / jnp.maximum(jnp.linalg.norm(v, axis=0), jnp.finfo(v.dtype).tiny)
        shares = jnp.where(jnp.arange(r)[:, None] > j, jnp.einsum("ms,mrs->rs", v, V), 0)
        return (V - v[:, None] * shares).at[:, j].set(v)

    return lax.fori_loop(0, 2 * r, lambda j, V: direction(j % r, V), V)


def _ahead(given, V):
    """What belongs to the end of each window, given to the next; the first window has nothing to correct."""
    M, r, lanes = V.shape
    first = jnp.zeros((M * r, given.windows.S), V.dtype)
    return given.devices.forwards(first, V.reshape(M * r, lanes)).reshape(V.shape)


def _interfaces(given, at, Q, ends):
    """U' `(M, lanes)`: the jumps, and what the derivatives of the windows make of the changes before them."""
    windows, devices = given.windows, given.devices
    jump, Q, ends = (windows.one_by_one(devices.gather(each)) for each in (at.handed_on - at.starts, Q, ends))

    def window(change, now):
        jump, Q, ends = now
        change = jump + change
        return jnp.einsum("mrs,rs->ms", ends, jnp.einsum("mrs,ms->rs", Q, change)), change

    _, changes = lax.scan(window, jnp.zeros_like(jump[0]), (jump, Q, ends))
    return at.starts + devices.own(windows.side_by_side(changes))


METHODS = {
    "gtf-shooting": dict(
        solver=Shooting(),
        forcing=Forcing("projected"),
        summary="windows of time side by side, started by Newton along a few directions (multiple shooting)",
    ),
}
