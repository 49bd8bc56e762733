"""Time, or seeds, spread over devices: the same code for one device and for many.

Time is dealt out in order, so that each device owns consecutive steps, or consecutive windows of them. Little crosses from one
device to the next: one state per sequence and sweep, and for a linear recurrence the map of a whole stretch. Seeds have nothing
to say to each other.
"""

import dataclasses

import jax
import jax.numpy as jnp
from jax import lax
from jax.flatten_util import ravel_pytree
from jax.sharding import AxisType, NamedSharding, PartitionSpec

AXIS = "time"
SAME = PartitionSpec()  # of an output that is the same on every device
DEALT = PartitionSpec(AXIS)  # of one whose first axis is dealt out


def each_seed(method, function, states, *everywhere):
    """`function(state, *everywhere)` of every seed, the first axis of `states`.

    Seeds have nothing to say to each other, so they are dealt out over all devices that jax knows, unless the method spreads its
    windows over devices. Every device is given as many: where seeds do not go round, the first ones are answered once more,
    beside the others and therefore in no more time, and the second answers are dropped.
    """
    of_some = jax.vmap(function, in_axes=(0, *[None] * len(everywhere)))
    mesh, seeds = _mesh_of_seeds(method, states), _seeds_of(states)
    if mesh is None:
        return of_some(states, *everywhere)
    all_round = seeds + -seeds % mesh.size
    filled = jax.tree.map(lambda leaf: jnp.concatenate([leaf, leaf[: mesh.size]])[:all_round], states)
    dealt = PartitionSpec("seeds")
    specs = dealt, *[SAME] * len(everywhere)
    answers = jax.shard_map(of_some, mesh=mesh, in_specs=specs, out_specs=dealt, check_vma=False)(filled, *everywhere)
    answers = jax.tree.map(lambda leaf: leaf[:seeds], answers)
    return lax.with_sharding_constraint(answers, NamedSharding(mesh, SAME))


def where_seeds_are(method, states):
    """`states` as `each_seed` leaves them: where the first ones lay elsewhere the second call would be compiled again."""
    mesh = _mesh_of_seeds(method, states)
    # not `device_put`, which refuses the devices of other processes
    return states if mesh is None else jax.jit(lambda states: states, out_shardings=NamedSharding(mesh, SAME))(states)


def _mesh_of_seeds(method, states):
    """The devices that seeds are dealt out over; None: they stay together on one."""
    count = min(len(jax.devices()), _seeds_of(states)) if getattr(method.solver, "devices", 1) == 1 else 1
    count -= count % jax.process_count()
    return _mesh("seeds", count) if count > 1 else None


def _seeds_of(states) -> int:
    return jax.tree.leaves(states)[0].shape[0]


def _mesh(axis: str, count: int):
    """`count` devices in a row: the first ones of each process, all of which take part in a program that several share."""
    each = count // jax.process_count()
    chosen = [device for process in range(jax.process_count()) for device in jax.local_devices(process)[:each]]
    return jax.make_mesh((count,), (axis,), axis_types=(AxisType.Auto,), devices=chosen)


def _available(count: int) -> None:
    """Refuses a number of devices that cannot be had, and says what to do."""
    known, processes = len(jax.devices()), jax.process_count()
    together = f" in {processes} processes" if processes > 1 else ""
    if count > known:
        each = f"JAX_NUM_CPU_DEVICES={-(-count // processes)}" + (" for each process" if processes > 1 else "")
        raise ValueError(
            f"devices = {count}, but jax sees {known}{together}. Set devices to {known} at most; "
            f"on a CPU set {each} before jax starts, on a cluster start more processes by jax.distributed.initialize."
        )
    if count % processes:
        fit = ", ".join(map(str, range(processes, known + 1, processes)))
        raise ValueError(
            f"devices = {count}, but {processes} processes take part, and each gives as many devices as the others. "
            f"Set devices to one of: {fit}."
        )


@dataclasses.dataclass(frozen=True)
class Devices:
    """`count` devices, of each process the first ones that jax knows; with one, all of this is plain computation."""

    count: int = 1

    def run(self, body, everywhere, shares, results):
        """`body(everywhere, shares)` on every device with its own part of `shares`, along their first axes.

        `results` says of each output whether it is `DEALT` or the `SAME`.
        """
        if self.count == 1:
            return body(everywhere, shares)
        _available(self.count)
        mesh, specs = _mesh(AXIS, self.count), (SAME, DEALT)
        return jax.shard_map(body, mesh=mesh, in_specs=specs, out_specs=results, check_vma=False)(everywhere, shares)

    def forwards(self, first, ends):
        """What every lane starts from: `first` `(M, S)` in the very first window, elsewhere the end of the window before."""
        S = first.shape[-1]
        return jnp.concatenate([self.before(first, ends[:, -S:]), ends[:, :-S]], axis=-1)

    def before(self, first, last):
        """`last` of the device before this one; `first` on the very first."""
        if self.count == 1:
            return first
        handed_on = lax.ppermute(last, AXIS, [(i, i + 1) for i in range(self.count - 1)])
        return jnp.where(lax.axis_index(AXIS) == 0, first, handed_on)

    def backwards(self, starts, S: int):
        """What arrives at the end of every lane: the value at the start of the next window, 0 after the very last one."""
        handed_back = jnp.zeros_like(starts[:, :S])
        if self.count > 1:
            handed_back = lax.ppermute(starts[:, :S], AXIS, [(i + 1, i) for i in range(self.count - 1)])
        return jnp.concatenate([starts[:, S:], handed_back], axis=-1)

    def of_the_first(self, starts, S: int):
        """The first S lanes of all, on every device."""
        own = starts[:, :S]
        if self.count == 1:
            return own
        return lax.psum(jnp.where(lax.axis_index(AXIS) == 0, own, 0), AXIS)

    def sum(self, tree):
        """The sum over devices, all leaves in one exchange."""
        if self.count == 1:
            return tree
        flat, unravel = ravel_pytree(tree)
        return unravel(lax.psum(flat, AXIS))

    def max(self, tree):
        return lax.pmax(tree, AXIS) if self.count > 1 else tree

    def any(self, flag):
        return lax.pmax(flag.astype(jnp.int32), AXIS) > 0 if self.count > 1 else flag

    def all(self, *flags):
        """Whether each flag is true on every device, all flags in one exchange."""
        if self.count == 1:
            return flags
        return tuple(lax.pmin(jnp.stack(flags).astype(jnp.int32), AXIS) > 0)

    def place(self, *, reverse: bool = False):
        """How many devices have earlier steps than this one, with `reverse` later ones."""
        index = lax.axis_index(AXIS)
        return self.count - 1 - index if reverse else index

    def each(self, tree):
        """The leaves of every device `(devices, ...)`, on every device, in one exchange."""
        flat, unravel = ravel_pytree(tree)
        return jax.vmap(unravel)(lax.all_gather(flat, AXIS))

    def gather(self, values):
        """All lanes, on every device."""
        return lax.all_gather(values, AXIS, axis=values.ndim - 1, tiled=True) if self.count > 1 else values

    def own(self, values):
        """This device's share of all lanes."""
        if self.count == 1:
            return values
        share = values.shape[-1] // self.count
        return lax.dynamic_slice_in_dim(values, lax.axis_index(AXIS) * share, share, values.ndim - 1)
