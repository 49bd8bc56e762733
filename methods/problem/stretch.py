"""Which steps of a problem are at hand: all of them, or the stretch of one device where time is dealt out over several.

A solver asks three things about all of time: the state before its first step, whether a rule holds at every step, and how large a
residual is anywhere. With all steps at hand these are plain sums and maxima. On a stretch each is one exchange with the others.
"""

import dataclasses

import jax
import jax.numpy as jnp
from jax import lax

from methods.layout.devices import AXIS, Devices


@jax.tree_util.register_static
@dataclasses.dataclass(frozen=True)
class Stretch:
    """The stretch of one device, `length` of T steps; a field of `Problem`. By default all steps are at hand."""

    T: int | None = None  # steps of the whole problem, None: those at hand
    devices: Devices = Devices()

    @property
    def shared(self) -> bool:
        """Whether other devices have steps of the same problem."""
        return self.devices.count > 1

    @property
    def length(self) -> int:
        """Steps on each device: the last ones are filled up where the devices do not divide T."""
        return -(-self.T // self.devices.count)

    @property
    def filled_up(self) -> bool:
        return self.length * self.devices.count > self.T

    def deal(self, values, *, fill=None):
        """`(T, ...)` leaves as they are dealt out; after T the last row again, or `fill`."""
        missing = self.length * self.devices.count - self.T

        def one(leaf):
            if not missing:
                return leaf
            last = leaf[-1:] if fill is None else jnp.full_like(leaf[-1:], fill)
            return jnp.concatenate([leaf, jnp.broadcast_to(last, (missing, *leaf.shape[1:]))])

        return jax.tree.map(one, values)

    def joined(self, values):
        """What `deal` has filled up, `(T, ...)` again."""
        return jax.tree.map(lambda leaf: leaf[: self.T], values)

    def all(self, *flags):
        """Whether each flag, one per sequence, holds on every stretch."""
        return self.devices.all(*flags)

    def goes_on(self, open, whole):
        """Whether each sequence is `open`, not done, on some stretch, and `whole`, finite, on every one."""
        if self.shared:
            nowhere_open, whole = self.all(~open, whole)
            open = ~nowhere_open
        return open & whole

    def mean(self, sums, states):
        """The mean over all T steps, of sums over the steps at hand."""
        return self.devices.sum(sums) / (self.T or states.shape[0])

    def largest(self, values):
        """The largest of one value per sequence and stretch. NaN where one is NaN, which `max` may pass over."""
        if not self.shared:
            return values
        most = self.devices.max(jnp.where(jnp.isnan(values), jnp.inf, values))
        return jnp.where(jnp.isinf(most), jnp.nan, most)

    def from_first(self, flags):
        """Whether each step `(T, ...)` comes at or after the first of all steps that has its flag set."""
        first, time = flags.argmax(0), jnp.arange(len(flags))
        if self.shared:
            offset = lax.axis_index(AXIS) * self.length
            first, time = lax.pmin(jnp.where(flags.any(0), offset + first, self.T), AXIS), offset + time
        return time.reshape(-1, *[1] * first.ndim) >= first


ALL = Stretch()
