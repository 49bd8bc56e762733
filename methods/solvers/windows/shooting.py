"""Multiple shooting: Newton's method on the states between windows of time.

As in `schwarz`, K windows run side by side. There, a correction crosses one window per sweep; where a few slow directions keep
it from dying out within a window, that takes many sweeps. Newton's method takes a correction across all windows at once. With U_n
the state at the start of window n, Φ_n(U_n) where the window ends, and D_n the derivative of Φ_n, new starts U' solve

    U'_{n+1} = Φ_n(U_n) + D_n (U'_n − U_n),      U'_0 = z_0

one window after the other, which is K small steps.

The whole D_n would be M×M. It is only needed on the r directions in which corrections survive: if all but r directions die out
within a window, then whatever reaches window n lies in the directions that window n − 1 has turned its own r directions into.
So tangents along r directions are pushed through window n − 1, made orthonormal, and serve as the r directions of window n in the
next sweep. What this misses the next sweep corrects, as states are accepted on their residual alone.

Nievergelt 1964; Newton on all of time is DEER, arXiv:2309.12252, which is this with windows of one step.
"""

import dataclasses
from typing import ClassVar

import jax
import jax.numpy as jnp
from jax import lax

from methods.forcing import Forcing
from methods.layout import cost
from methods.linear import recurrence
from methods.predictability import laws
from methods.predictability.outlook import Outlook
from methods.solvers.newton import Newton
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

# Before there are directions from an earlier sweep, tangents start along single units, this many steps before the end of a
# window: in these steps they turn into the slow directions.
TURNING = 128


@dataclasses.dataclass(frozen=True)
class Shooting(Relaxation):
    """Newton's method on window starts, along r directions. It pushes r tangents through all windows per sweep: work O(T r)."""

    references: ClassVar[tuple[Reference, ...]] = (NIEVERGELT1964,)
    looks_at: ClassVar[float] = 0.5  # a sweep pushes tangents too

    directions: Count = 12  # r; with M or more of them this is Newton's method in full

    def expected(self, outlook: Outlook, accuracy) -> laws.Forecast:
        """Those of Newton after the first sweep, if these are fewer than sweeps without corrections."""
        sweeps = super().expected(outlook, accuracy)
        newton = laws.quadratic(outlook, outlook.left(Newton(scan="sequential").update), accuracy)
        return laws.Forecast(*(jnp.minimum(one, 1 + other) for one, other in zip(sweeps, newton, strict=True)))

    def keep(self, given: Given, starts):
        """The directions at the start of each window `(M, r, lanes)`: 0, as none are known yet."""
        M, lanes = starts.shape
        return jnp.zeros((M, min(M, self.directions), lanes), starts.dtype)

    def restart(self, given: Given, at: At):
        M, r, _ = at.kept.shape
        before = jnp.concatenate([at.starts[None], at.states[:-1]])
        step, inputs = given.problem.step, given.problem.inputs
        if r == M:
            Q = jnp.broadcast_to(jnp.eye(M, dtype=before.dtype)[:, :, None], at.kept.shape)
        else:
            # from the sweep before; in the first one, what tangents along the slowest units turn into towards the end of a window
            Q = lax.cond((at.kept != 0).any(), lambda: at.kept, lambda: _slow(given, before, r))
        ends = _transport(step, before, inputs, Q)
        starts = _interfaces(given, at, Q, ends)
        starts = jnp.where(jnp.isfinite(starts), starts, at.handed_on)
        return starts, at.kept if r == M else _ahead(given, _orthonormal(ends))


def _transport(step, before, inputs, V):
    """The tangents V `(M, r, lanes)`, pushed through steps of each window from the states `before` them `(steps, M, lanes)`."""
    fast = step.lanes()

    def push(V, point):
        return fast.push(*point, V)[1], None

    return lax.scan(push, V, (before, inputs), unroll=cost.unroll())[0]


def _slow(given, before, r):
    """Directions for the first sweep `(M, r, lanes)`: what tangents along the r slowest units turn into in the window before.

    The slowest units are those with the largest entries on the diagonals of the Jacobians.
    """
    step, last = given.problem.step, max(0, given.windows.C - TURNING)
    before, inputs = jax.tree.map(lambda leaf: leaf[last:], (before, given.problem.inputs))
    rows = jax.tree.map(lambda leaf: jnp.moveaxis(leaf[0], -1, 0), (before, inputs))
    diagonal = jnp.abs(step.jacobian_diagonal(*rows)).reshape(-1, given.windows.S, before.shape[1])
    slow = lax.top_k(given.devices.sum(diagonal.sum(0)), r)[1]  # (S, r): each sequence as if it were alone
    V = jax.nn.one_hot(slow.T, before.shape[1], axis=0, dtype=before.dtype)
    V = jnp.tile(V, before.shape[-1] // given.windows.S)
    return _ahead(given, _orthonormal(_transport(step, before, inputs, V)))


def _orthonormal(V):
    """Orthonormal directions that span V `(M, r, lanes)`, by Gram and Schmidt, done twice, which is enough for any V.

    Not by `jnp.linalg.qr`, which in this loop, with 64 lanes on each of two devices of a CPU, never came back (jax 0.10.2).
    """
    r = V.shape[1]

    def direction(j, V):
        v = V[:, j]
        v = v / jnp.maximum(jnp.linalg.norm(v, axis=0), jnp.finfo(v.dtype).tiny)
        shares = jnp.where(jnp.arange(r)[:, None] > j, jnp.einsum("ms,mrs->rs", v, V), 0)
        return (V - v[:, None] * shares).at[:, j].set(v)

    return lax.fori_loop(0, 2 * r, lambda j, V: direction(j % r, V), V)


def _ahead(given, V):
    """V `(M, r, lanes)` at the end of each window as the V at the start of the next; 0 at z_0, which is never corrected."""
    M, r, lanes = V.shape
    first = jnp.zeros((M * r, given.windows.S), V.dtype)
    return given.devices.forwards(first, V.reshape(M * r, lanes)).reshape(V.shape)


def _interfaces(given, at, Q, ends):
    """New starts U' `(M, lanes)`, by one pass over the windows in order.

    The change U' − U of a start is the jump between it and the end of the window before, plus D of the change before that.

    Q     (M, r, lanes), directions at the start of each window
    ends  (M, r, lanes), what the window turns them into: D Q
    """
    windows, devices = given.windows, given.devices
    jump, Q, ends = (windows.one_by_one(devices.gather(each)) for each in (at.handed_on - at.starts, Q, ends))

    changes = (_in_a_tree if cost.here().scans else _one_by_one)(jump, Q, ends)
    return at.starts + devices.own(windows.side_by_side(changes))


def _one_by_one(jump, Q, ends):
    """The changes `(K, M, S)` of the starts, without a product D Q Qᵀ of any window."""

    def window(change, one):
        jump, Q, ends = one
        change = jump + change
        return jnp.einsum("mrs,rs->ms", ends, jnp.einsum("mrs,ms->rs", Q, change)), change

    return lax.scan(window, jnp.zeros_like(jump[0]), (jump, Q, ends))[1]


def _in_a_tree(jump, Q, ends):
    """The same by a parallel scan, where every step of a loop is a launch."""
    across = jnp.einsum("kmrs,knrs->ksmn", ends, Q)  # of each window; what crosses it arrives in the next
    across = jnp.concatenate([jnp.zeros_like(across[:1]), across[:-1]])
    return recurrence.solve(across, jump.swapaxes(1, 2)).swapaxes(1, 2)


METHODS = {
    "gtf-shooting": dict(
        solver=Shooting(),
        forcing=Forcing("projected"),
        summary="windows of time side by side, started by Newton along a few directions (multiple shooting)",
    ),
}
